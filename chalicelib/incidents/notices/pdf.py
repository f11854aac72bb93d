"""Headings and paragraphs as a PDF (ISO 32000): real text on A4 pages, with a footer on each.

The fonts are two that every reader has, so none is embedded. They know the characters of Windows
1252; any other is written as its escape (`\\u4e2d`), so nothing is lost unseen. The same content
always gives the same bytes.
"""

import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from io import BytesIO
from pathlib import Path

import pydyf

_WIDTH, _HEIGHT, _MARGIN = 595, 842, 62  # A4 in points
_SPACE = _WIDTH - 2 * _MARGIN
_TOP, _BOTTOM = _HEIGHT - _MARGIN, _MARGIN + 18
_ASCII = range(32, 127)
_UNKNOWN_WIDTH = 1000
"""No character of these fonts is wider, but one: a line may end early, never late."""


@dataclass(frozen=True, slots=True)
class Flow:
    """What begins on a page of its own. `footer` is handed the number of a page, and of all."""

    title: str
    sections: Sequence[tuple[str, Sequence[str]]]
    footer: Callable[[int, int], str]


@dataclass(frozen=True, slots=True)
class _Style:
    """A font, its size, and the room above its first line, in points. What `stays` with the next
    line never ends a page."""

    name: str
    font: str
    size: float
    above: float
    stays: bool = False

    @property
    def leading(self) -> float:
        return self.size * 1.4


_TITLE = _Style("Bold", "Helvetica-Bold", 17, 0, stays=True)
_HEADING = _Style("Bold", "Helvetica-Bold", 12, 12, stays=True)
_BODY = _Style("Text", "Helvetica", 10.5, 3)
_FOOTER = _Style("Text", "Helvetica", 8, 0)
_FONTS = {each.name: each.font for each in (_TITLE, _BODY)}


@dataclass(frozen=True, slots=True)
class _Line:
    style: _Style
    text: str


type _Page = list[tuple[float, _Line]]
"""Lines, and how high above the page's lower edge each stands."""


def pdf(flows: Sequence[Flow], title: str) -> bytes:
    """A document called `title` of all `flows`, one after the other."""
    laid = [(flow, page) for flow in flows for page in _pages(list(_lines(flow)))]
    document = pydyf.PDF()
    document.info["Title"] = pydyf.String(title)
    fonts = pydyf.Dictionary({name: _font(document, font) for name, font in _FONTS.items()})
    for number, (flow, lines) in enumerate(laid, start=1):
        content = pydyf.Stream(compress=True)
        for y, line in lines:
            _write(content, line, y)
        _write(content, _Line(_FOOTER, flow.footer(number, len(laid))), _MARGIN / 2)
        document.add_object(content)
        document.add_page(_page(document, content, fonts))
    out = BytesIO()
    document.write(out)
    return out.getvalue()


def _lines(flow: Flow) -> Iterator[_Line]:
    yield from _wrapped(_TITLE, flow.title)
    for heading, paragraphs in flow.sections:
        if heading:
            yield from _wrapped(_HEADING, heading)
        for paragraph in paragraphs:
            yield from _wrapped(_BODY, paragraph)


def _wrapped(style: _Style, text: str) -> Iterator[_Line]:
    """Lines that fit between the margins; only the first has room above it."""
    line, here = "", style
    for word in _broken(style, _known(text).split(" ")):
        longer = f"{line} {word}" if line else word
        if line and _width(style, longer) > _SPACE:
            yield _Line(here, line)
            line, here = word, replace(style, above=0)
        else:
            line = longer
    yield _Line(here, line)


def _broken(style: _Style, words: Sequence[str]) -> Iterator[str]:
    """The words; of one that is longer than a line, pieces."""
    for word in words:
        piece = ""
        for char in word:
            if piece and _width(style, piece + char) > _SPACE:
                yield piece
                piece = ""
            piece += char
        yield piece


def _pages(lines: Sequence[_Line]) -> list[_Page]:
    pages: list[_Page] = [[]]
    y: float = _TOP
    for place, line in enumerate(lines):
        needed = line.style.above + line.style.leading
        if line.style.stays:  # and what follows goes along
            needed += sum(each.style.above + each.style.leading for each in lines[place + 1 :][:2])
        if pages[-1] and y - needed < _BOTTOM:
            pages.append([])
            y = _TOP
        y -= line.style.above + line.style.leading
        pages[-1].append((y, line))
    return pages


def _write(content: pydyf.Stream, line: _Line, y: float) -> None:
    content.begin_text()
    content.set_font_size(line.style.name, line.style.size)
    content.set_text_matrix(1, 0, 0, 1, _MARGIN, round(y, 2))
    content.show_text_string(line.text.encode("cp1252"))
    content.end_text()


def _page(document: pydyf.PDF, content: pydyf.Stream, fonts: pydyf.Dictionary) -> pydyf.Dictionary:
    return pydyf.Dictionary(
        {
            "Type": "/Page",
            "Parent": document.pages.reference,
            "MediaBox": pydyf.Array([0, 0, _WIDTH, _HEIGHT]),
            "Contents": content.reference,
            "Resources": pydyf.Dictionary({"Font": fonts}),
        }
    )


def _font(document: pydyf.PDF, name: str) -> bytes:
    font = pydyf.Dictionary(
        {
            "Type": "/Font",
            "Subtype": "/Type1",
            "BaseFont": f"/{name}",
            "Encoding": "/WinAnsiEncoding",
        }
    )
    document.add_object(font)
    reference: bytes = font.reference
    return reference


def _known(text: str) -> str:
    """`text` in the characters of Windows 1252, others as escapes."""
    composed = unicodedata.normalize("NFC", text)
    return composed.encode("cp1252", "backslashreplace").decode("cp1252")


def _width(style: _Style, text: str) -> float:
    widths = _widths()[style.font]
    return sum(widths.get(_base(char), _UNKNOWN_WIDTH) for char in text) * style.size / 1000


def _base(char: str) -> str:
    """The letter under an accent: it is as wide as the letter with it."""
    return char if char.isascii() else unicodedata.normalize("NFD", char)[0]


@cache
def _widths() -> dict[str, dict[str, int]]:
    said = tomllib.loads((Path(__file__).parent / "widths.toml").read_text("utf-8"))
    return {font: dict(zip(map(chr, _ASCII), said[font], strict=True)) for font in said}
