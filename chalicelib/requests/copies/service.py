"""Copies that were released: handed out for a while, a few times, to who asked for them."""

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace

from chalicelib.audit.entry import Actor, Entity
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock
from chalicelib.errors import Conflict
from chalicelib.packing.objects import OBJECT_LIFE, URL_LIFE, Exports
from chalicelib.requests.copies.errors import (
    CopyExpired,
    CopyGone,
    CopyTooOld,
    CopyUsedUp,
    NoCopy,
)
from chalicelib.requests.copies.models import (
    LINK_LIFE,
    LINKS_PER_OPENING,
    OPENINGS,
    BuiltCopy,
    Copy,
    Link,
)
from chalicelib.requests.copies.naming import archive_key
from chalicelib.requests.copies.store import CopyStore
from chalicelib.requests.models import DataRequest
from chalicelib.tables.transactions import Action, Check, RunCommand


class _Open(Conflict):
    """The copy is open, and nothing has to be done. Never leaves this module."""


class _Unreleased(Conflict):
    """There is no release, and nothing to be asked first. Never leaves this module."""


type Over = Callable[[Collection[str]], set[str]]
"""Which of some copies' time is over: `<request id>/<object id>`. Two reads."""


class Copies:
    """Releases copies, gives links to them, opens them again. `look` finds the caller's request."""

    def __init__(
        self,
        store: CopyStore,
        exports: Exports,
        look: Callable[[str, str], DataRequest],
        over: Over,
        trail: Trail,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._exports = exports
        self._look = look
        self._over = over
        self._trail = trail
        self._clock = clock
        self._run_command = run_command

    def release_actions(self, request_id: str, built: BuiltCopy) -> list[Action]:
        """The write that lets the requester have `built`, for the transaction that completes.

        Call it inside the `build` of `run_command`. The first opening begins now; a copy that was
        released before, and appealed against, is replaced. The transaction's entry in the trail is
        the caller's, with `built.facts()`. Raises `CopyTooOld` for an archive that would not last
        as long as the opening.
        """
        now = self._clock.now()
        gone_at = built.built_at + OBJECT_LIFE
        if now + LINK_LIFE > gone_at:
            raise CopyTooOld
        earlier = self._store.get(request_id)
        copy = Copy(
            request_id=request_id,
            object_id=built.object_id,
            sha256=built.sha256,
            size=built.size,
            released_at=now,
            opened_until=now + LINK_LIFE,
            gone_at=gone_at,
            links_left=LINKS_PER_OPENING,
            openings=1,
            revision=earlier.revision if earlier else 0,
        )
        return [self._store.put_action(copy)]

    def link(self, request_id: str, caller: str) -> Link:
        """An address that gives the archive for a minute, and one link less.

        Counted before it is given: who gets no answer has lost one of five, and nobody gets a
        sixth. Raises `UnknownRequest` for others than the requester, `NoCopy`, `CopyExpired`,
        `CopyUsedUp`, `CopyGone`.
        """
        request_id = self._copied(request_id, caller)
        given = self._change(request_id, caller, "copy.downloaded", self._counted)
        now = self._clock.now()
        url = self._exports.address(
            archive_key(request_id, given.object_id), f"copy-{request_id}.zip", URL_LIFE
        )
        return Link(url, now + URL_LIFE, given)

    def reopen(self, request_id: str, caller: str) -> Copy:
        """Opens the copy for another 24 hours and five links; one that is open stays as it is.

        Raises `UnknownRequest`, `NoCopy`, `CopyGone` once the archive or the openings came to
        their end.
        """
        request_id = self._copied(request_id, caller)
        try:
            return self._change(request_id, caller, "copy.reopened", self._reopened)
        except _Open:
            return self._existing(request_id)

    def remove(self, request_id: str) -> None:
        """Deletes the request's archives: erasure does not wait for their seven days."""
        self._exports.remove(archive_key(request_id, ""))

    def end(self, request_id: str, object_id: str, guard: Sequence[Check]) -> None:
        """Takes a release back and deletes its archive, once its time is over. May be repeated.

        A copy that was released later stays. The conditions of `guard` are in the transaction right
        before the archive goes: S3 knows of none. Raises what they do.
        """

        def build() -> list[Action]:
            copy = self._store.get(request_id)
            actions: list[Action] = [*guard]
            if copy is not None and copy.object_id == object_id:
                actions.append(self._store.end_action(copy))
            if not actions:
                raise _Unreleased
            return actions

        with suppress(_Unreleased):
            self._run_command(build)
        self._exports.remove(archive_key(request_id, object_id))

    def _copied(self, request_id: str, caller: str) -> str:
        """The request that the copy is of: the one that the caller's joined. Raises as `look`."""
        return self._look(request_id, caller).joined_to or request_id

    def _change(
        self, request_id: str, caller: str, action: str, change: Callable[[Copy], Copy]
    ) -> Copy:
        changed: list[Copy] = []

        def build() -> list[Action]:
            changed[:] = [change(self._existing(request_id))]
            who = Actor.parse(caller)
            facts = {"left": changed[0].links_left, "openings": changed[0].openings}
            return [
                self._store.put_action(changed[0]),
                *self._trail.actions(Entity("request", request_id), who, action, facts),
            ]

        self._run_command(build)
        return changed[0]

    def _counted(self, copy: Copy) -> Copy:
        now = self._clock.now()
        if now >= copy.gone_at:
            raise CopyGone
        if now >= copy.opened_until:
            raise CopyExpired
        if not copy.links_left:
            raise CopyUsedUp
        return replace(copy, links_left=copy.links_left - 1)

    def _reopened(self, copy: Copy) -> Copy:
        now = self._clock.now()
        if copy.links_left and now < copy.opened_until:
            raise _Open
        if now >= copy.gone_at or copy.openings >= OPENINGS:
            raise CopyGone
        return replace(
            copy,
            opened_until=min(now + LINK_LIFE, copy.gone_at),
            links_left=LINKS_PER_OPENING,
            openings=copy.openings + 1,
        )

    def _existing(self, request_id: str) -> Copy:
        copy = self._store.get(request_id)
        if copy is None or self._over([f"{request_id}/{copy.object_id}"]):
            raise NoCopy
        return copy
