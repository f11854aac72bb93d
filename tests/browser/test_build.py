"""The committed script is what the sources give, and it is small."""

import gzip
import json
import re
import shutil
import subprocess

import brotli  # type: ignore[import-untyped]  # it ships no types
import pytest

from tests.browser.servers import BANNER, ROOT, TEXTS, configuration, served_banner

WEB = ROOT / "web"


def test_the_committed_file_is_what_the_sources_give() -> None:
    node = shutil.which("node")
    assert node, "Node is not installed"
    assert (WEB / "node_modules").is_dir(), "run `npm ci --prefix web` first"
    build = [node, "build.mjs", "--print"]
    done = subprocess.run(build, cwd=WEB, check=True, capture_output=True, timeout=60)
    assert done.stdout == BANNER.read_bytes(), "run `npm run build` in web/ and commit the result"


def test_the_configuration_has_one_place() -> None:
    assert BANNER.read_text("utf-8").count('"__JAGA_CONFIG__"') == 1


def test_brotli_stays_below_4096_bytes_with_the_real_texts() -> None:
    assert len(brotli.compress(served_banner(configuration()), quality=11)) < 4096


def test_gzip_stays_below_5_kilobytes_with_the_real_texts() -> None:
    assert len(gzip.compress(served_banner(configuration()), 9)) <= 5 * 1024


def test_a_strict_policy_could_not_refuse_anything_in_it() -> None:
    source = BANNER.read_text("utf-8")
    for refused in ("innerHTML", "insertAdjacentHTML", "document.write", "eval(", ".style", "Intl"):
        assert refused not in source


def test_it_is_not_hidden_from_automated_browsers() -> None:
    assert "webdriver" not in BANNER.read_text("utf-8")


def test_both_languages_have_the_same_texts() -> None:
    texts = json.loads(TEXTS.read_text("utf-8"))
    assert texts.keys() == {"en", "id"}
    assert list(texts["en"]) == list(texts["id"])
    assert all(
        isinstance(words, str) and words.strip() for t in texts.values() for words in t.values()
    )


def test_every_text_is_shown() -> None:
    used = "\n".join(path.read_text("utf-8") for path in (WEB / "src").glob("*.js"))
    for key in json.loads(TEXTS.read_text("utf-8"))["en"]:
        stem = key.removesuffix("_text")
        assert re.search(rf'"{stem}"|\bt\.{stem}\b', used), f"nothing shows {key}"


@pytest.mark.parametrize("name", ["package-lock.json", "package.json", ".npmrc"])
def test_no_registry_host_is_named(name: str) -> None:
    text = (WEB / name).read_text("utf-8")
    assert '"resolved"' not in text
    assert "registry." not in text
