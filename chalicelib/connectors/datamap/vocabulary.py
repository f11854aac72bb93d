"""The categories of data that a map may name (`categories.txt`)."""

from collections.abc import Collection
from functools import cache
from importlib.resources import files


@cache
def categories() -> frozenset[str]:
    """The keys of the default taxonomy."""
    text = files(__package__).joinpath("categories.txt").read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(" ".join(lines).split())


def is_known(category: str, added: Collection[str] = ()) -> bool:
    """Whether a map may name `category`; `added` are those that its file defines itself.

    Maps name finer categories than the taxonomy has (`user.contact.state` in fides's own samples).
    One counts as known when its parent is and is no root: what it is a kind of is clear then, as it
    is not of `user.anything`.
    """
    parent = category.rpartition(".")[0]
    known = categories()
    return category in known or category in added or ("." in parent and parent in known)
