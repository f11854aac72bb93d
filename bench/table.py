"""One benchmark's result and how it is printed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """Ours beside a named peer measured in the same run, with the target that was set."""

    benchmark: str
    ours: float
    peer: float
    peer_name: str
    unit: str
    target: str

    @property
    def ratio(self) -> float:
        """Ours divided by the peer's."""
        return self.ours / self.peer if self.peer else 0.0


def rows_beside(peer: str, *figures: tuple[str, float, float, str, str]) -> Iterator[Row]:
    """Rows beside the same `peer`: what, ours, the peer's, unit, target."""
    for what, ours, theirs, unit, target in figures:
        yield Row(what, ours, theirs, peer, unit, target)


def print_table(rows: Iterable[Row]) -> None:
    """Prints the rows as an aligned table."""
    header = ("benchmark", "ours", "peer", "peer is", "unit", "ratio", "target")
    lines = [header] + [
        (
            row.benchmark,
            f"{row.ours:,.2f}",
            f"{row.peer:,.2f}",
            row.peer_name,
            row.unit,
            f"{row.ratio:.3f}" if row.peer else "-",
            row.target,
        )
        for row in rows
    ]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    for line in lines:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        )
