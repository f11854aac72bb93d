"""What copies refuse."""

from chalicelib.errors import Conflict, Gone, NotFound, Unavailable


class NoCopy(NotFound):
    """The request has no copy to be fetched: none was asked for, or it is not released yet."""

    code = "no_copy"


class CopyExpired(Gone):
    """The opening is over. While the archive exists it can be opened again."""

    code = "copy_expired"


class CopyUsedUp(Gone):
    """All links of this opening were given out. The copy can be opened again."""

    code = "copy_used_up"


class CopyGone(Gone):
    """The archive was deleted, or all openings were used: a new request makes a new copy."""

    code = "copy_gone"


class CopyTooOld(Conflict):
    """The archive would not last for the first opening: build it anew before its release."""

    code = "copy_too_old"


class PartMissing(Unavailable):
    """The part of `place_id` was never written, was removed, or expired: search the place anew."""

    code = "part_missing"

    def __init__(self, place_id: str) -> None:
        super().__init__(self.code)
        self.place_id = place_id
