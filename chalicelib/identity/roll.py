"""Everybody who is known, part by part, for those who have to reach all."""

from collections.abc import Mapping, Sequence

from chalicelib.identity.subjects import ROLL_PARTS, Subjects
from chalicelib.notices.telling.models import Reader


class Roll:
    """The roll of all people, as a telling reads it (`People`)."""

    parts = len(ROLL_PARTS)

    def __init__(self, subjects: Subjects) -> None:
        self._subjects = subjects

    def after(self, part: int, after: str, limit: int) -> list[str]:
        """Up to `limit` ids of the part that come after that one, in order."""
        return self._subjects.on_roll(ROLL_PARTS[part], after, limit)

    def readers(self, subject_ids: Sequence[str]) -> Mapping[str, Reader]:
        """Those of them who were not erased: one batch read of profiles, one of their keys."""
        found = self._subjects.many(subject_ids)
        return {each: Reader(subject.email, subject.language) for each, subject in found.items()}
