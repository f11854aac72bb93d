"""A computed date as a request freezes it: by which rule at which version, and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.clock import from_millis, to_millis

type Plain = str | int | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """When something is due. Moments are aware, UTC, whole milliseconds.

    ``due_at`` counts the waits that the law knows, ``unpaused_due_at`` none: alerts follow the
    latter, for authorities differ on the waits. Where the law counts days, ``due_on`` is the last
    of them in ``zone`` and ``due_at`` its 24:00, the first moment that is too late; where it counts
    hours, ``due_on`` is None. ``notice_by`` is when the person has to be told of an extension, None
    where the law knows none. ``keep``: nothing is due, the record is kept until then. ``reasons``
    are keys of `explain`, with their values after colons.
    """

    pack: str
    version: str
    rule: str
    law: str
    article: str
    place: str
    zone: str
    received_at: datetime
    started_at: datetime
    due_at: datetime
    due_on: date | None
    unpaused_due_at: datetime
    notice_by: datetime | None
    extended: bool
    keep: bool
    reasons: tuple[str, ...]

    def to_values(self) -> dict[str, Plain]:
        """Plain values for an item: moments as milliseconds since 1970 UTC, absent for None."""
        values: dict[str, Plain] = {name: getattr(self, name) for name in (*_TEXTS, *_FLAGS)}
        values |= {name: to_millis(getattr(self, name)) for name in _MOMENTS}
        values["reasons"] = " ".join(self.reasons)
        if self.due_on is not None:
            values["due_on"] = self.due_on.isoformat()
        if self.notice_by is not None:
            values["notice_by"] = to_millis(self.notice_by)
        return values

    @classmethod
    def from_values(cls, values: Mapping[str, Plain]) -> "Deadline":
        """The inverse of `to_values`. Raises `KeyError` or `ValueError` for anything else."""
        due_on, notice_by = values.get("due_on"), values.get("notice_by")
        return cls(
            pack=str(values["pack"]),
            version=str(values["version"]),
            rule=str(values["rule"]),
            law=str(values["law"]),
            article=str(values["article"]),
            place=str(values["place"]),
            zone=str(values["zone"]),
            received_at=from_millis(int(values["received_at"])),
            started_at=from_millis(int(values["started_at"])),
            due_at=from_millis(int(values["due_at"])),
            due_on=None if due_on is None else date.fromisoformat(str(due_on)),
            unpaused_due_at=from_millis(int(values["unpaused_due_at"])),
            notice_by=None if notice_by is None else from_millis(int(notice_by)),
            extended=bool(values["extended"]),
            keep=bool(values["keep"]),
            reasons=tuple(str(values["reasons"]).split()),
        )


_TEXTS = ("pack", "version", "rule", "law", "article", "place", "zone")
_FLAGS = ("extended", "keep")
_MOMENTS = ("received_at", "started_at", "due_at", "unpaused_due_at")
