"""Cookie choices of a browser, attached to a person by their own act and by nothing else.

Whoever names a visitor id has it: it is random, lives in that browser and opens its choices to
anybody who knows it (cookies/routes.py). Nothing moves: the choice stays where it is, the person
sees it beside their consents, and detaches it at any time.
"""

from contextlib import suppress
from dataclasses import dataclass

from chalicelib.audit.entry import Actor, Entity
from chalicelib.audit.trail import Trail
from chalicelib.consents.attachment_store import Attachment, AttachmentStore
from chalicelib.cookies.service import CookiePreferences, Standing
from chalicelib.errors import Conflict, NotFound
from chalicelib.tables.transactions import Action, RunCommand

MOST_BROWSERS = 20


class TooManyBrowsers(Conflict):
    """As many browsers are attached as one person may have."""

    code = "too_many_browsers"


class UnknownAttachment(NotFound):
    """No browser of the person is attached under that id."""

    code = "unknown_attachment"


@dataclass(frozen=True, slots=True)
class Attached:
    """An attached browser and the choice in force there."""

    attachment: Attachment
    standing: Standing


class Attaching:
    """Attaches browsers, detaches them, shows their choices."""

    def __init__(
        self,
        store: AttachmentStore,
        cookies: CookiePreferences,
        trail: Trail,
        run_command: RunCommand,
    ) -> None:
        self._store = store
        self._cookies = cookies
        self._trail = trail
        self._run_command = run_command

    def attach(self, subject_id: str, site: str, visitor_id: str) -> Attached:
        """Attaches the browser that is `visitor_id` on the site; again, it changes nothing.

        Raises `UnknownSite`, `TooManyBrowsers`, `KeyDestroyed`.
        """
        standing = self._cookies.standing(site, visitor_id, gpc=False)
        attachment_id = self._store.id_of(subject_id, site, visitor_id)
        attachment = Attachment(attachment_id, site, visitor_id)
        known = {each.id for each in self._store.of(subject_id)}
        if attachment_id not in known:
            if len(known) >= MOST_BROWSERS:
                raise TooManyBrowsers
            with suppress(_There):
                self._run_command(lambda: self._attaching(subject_id, attachment))
        return Attached(attachment, standing)

    def detach(self, subject_id: str, attachment_id: str) -> None:
        """Forgets that the browser is the person's. Raises `UnknownAttachment`."""

        def build() -> list[Action]:
            if all(each.id != attachment_id for each in self._store.of(subject_id)):
                raise UnknownAttachment
            return [
                self._store.removal(subject_id, attachment_id),
                *self._entry(subject_id, "browser.detached"),
            ]

        self._run_command(build)

    def of(self, subject_id: str) -> list[Attached]:
        """The person's browsers with their choices. Raises `KeyDestroyed`, `UnknownSite`."""
        return [
            Attached(each, self._cookies.standing(each.site, each.visitor_id, gpc=False))
            for each in self._store.of(subject_id)
        ]

    def _attaching(self, subject_id: str, attachment: Attachment) -> list[Action]:
        if any(each.id == attachment.id for each in self._store.of(subject_id)):
            raise _There
        return [
            *self._store.addition(subject_id, attachment),
            *self._entry(subject_id, "browser.attached"),
        ]

    def _entry(self, subject_id: str, action: str) -> list[Action]:
        entity, who = Entity("subject", subject_id), Actor("subject", subject_id)
        return self._trail.actions(entity, who, action, {})


class _There(Exception):
    """Another call attached it in between."""
