"""Statistics on the wire."""

from chalicelib.wire import Answer


class GroupView(Answer):
    """How many people decided one thing on a day: null where fewer than ten.

    `source` is `consents` (of known people) or `cookies` (of anonymous visitors). `site` is null
    where no site's pages were used.
    """

    day: str
    source: str
    purpose: str
    state: str
    language: str
    site: str | None
    count: int | None


class GroupPage(Answer):
    """Groups by day. What nobody decided has none."""

    groups: tuple[GroupView, ...]
    cursor: str | None
