"""The services of known people's consents, and of the notices that ask for them."""

from functools import cached_property, partial
from typing import TYPE_CHECKING

from chalicelib.services.audit import AuditServices
from chalicelib.services.cookies import CookieServices
from chalicelib.services.holds import HoldServices
from chalicelib.services.identity import IdentityServices
from chalicelib.services.stopping import StoppingServices

if TYPE_CHECKING:
    from chalicelib.consents.announcing import Announcing
    from chalicelib.consents.asking import Asking
    from chalicelib.consents.asking_anew import AskingAnew
    from chalicelib.consents.attaching import Attaching
    from chalicelib.consents.attachment_store import AttachmentStore
    from chalicelib.consents.book import ConsentBook
    from chalicelib.consents.event_store import EventStore
    from chalicelib.consents.forgetting import Forgetting
    from chalicelib.consents.gate import Gate
    from chalicelib.consents.obeying import Obeying
    from chalicelib.consents.proofs import Proofs
    from chalicelib.consents.receipts.service import Receipts
    from chalicelib.consents.service import Consents
    from chalicelib.consents.texts import ShownTexts
    from chalicelib.consents.watching import ConsentWatcher
    from chalicelib.identity.roll import Roll
    from chalicelib.notices.directory import Directory
    from chalicelib.notices.publishing import Publishing
    from chalicelib.notices.telling.teller import Teller
    from chalicelib.rounds import Rounds


class ConsentServices(
    AuditServices, CookieServices, IdentityServices, StoppingServices, HoldServices
):
    """Notices and their texts, decisions, the gate, receipts."""

    @cached_property
    def directory(self) -> "Directory":
        from chalicelib.notices.directory import Directory

        return Directory(self._notice_store, self.clock)

    @cached_property
    def publishing(self) -> "Publishing":
        from chalicelib.inventory.consenting import consent_terms
        from chalicelib.notices.publishing import Publishing

        return Publishing(
            self._notice_store,
            consent_terms,
            self.teller.start,
            self.trail,
            self.clock,
            self.idempotency,
        )

    @cached_property
    def teller(self) -> "Teller":
        from chalicelib.notices.telling.steps import Steps
        from chalicelib.notices.telling.teller import Teller

        steps = Steps(
            self._tellings,
            self._notice_store,
            self._people,
            self._asking_anew.of,
            self.outbox,
            self.trail,
            self.clock,
        )
        return Teller(self._tellings, steps, self.directory, self.clock, self.run_command)

    @cached_property
    def consent_watcher(self) -> "ConsentWatcher":
        from chalicelib.consents.watching import ConsentWatcher

        return ConsentWatcher(
            self._standings,
            self.consent_book,
            self._shown_texts,
            self.subjects,
            self.outbox,
            self.clock,
            self.run_command,
        )

    @cached_property
    def consent_rounds(self) -> "Rounds":
        from chalicelib.rounds import Rounds

        return Rounds(
            {
                "stops": self.stop_watcher.run,
                "consents": self.consent_watcher.run,
                "notices": self.teller.run,
                "holds": self.hold_reminders.run,
            }
        )

    @cached_property
    def consents(self) -> "Consents":
        from chalicelib.consents.service import Consents

        return Consents(
            self.consent_book,
            self._consent_events,
            self._proofs,
            self._shown_texts,
            self.subjects,
            self.clock,
            self.ids,
            self.idempotency,
        )

    @cached_property
    def consent_asking(self) -> "Asking":
        from chalicelib.consents.asking import Asking
        from chalicelib.inventory.consenting import consent_purposes, consent_terms

        return Asking(self._shown_texts, consent_purposes(), consent_terms, self.clock)

    @cached_property
    def gate(self) -> "Gate":
        from chalicelib.consents.gate import Gate
        from chalicelib.inventory.consenting import bases_of

        return Gate(self._standings, self._shown_texts, bases_of, self.clock)

    @cached_property
    def obeying(self) -> "Obeying":
        from chalicelib.consents.obeying import Obeying

        return Obeying(
            self._standings,
            self._consent_events,
            self._attachments,
            self.consent_book,
            self._proofs,
            self.trail,
            self.run_command,
        )

    @cached_property
    def attaching(self) -> "Attaching":
        from chalicelib.consents.attaching import Attaching

        return Attaching(self._attachments, self.cookies, self.trail, self.run_command)

    @cached_property
    def _attachments(self) -> "AttachmentStore":
        from chalicelib.consents.attachment_store import AttachmentStore

        mac_key = partial(self.keyring.mac_key, "attachments")
        return AttachmentStore(self.records, self.vault, mac_key)

    @cached_property
    def receipts(self) -> "Receipts":
        from chalicelib.consents.receipts.service import Receipts

        return Receipts(self.directory, self.receipt_signer)

    @cached_property
    def consent_book(self) -> "ConsentBook":
        from chalicelib.consents.book import ConsentBook

        return ConsentBook(
            self._consent_events,
            self._standings,
            self._proofs,
            self.keeping,
            lambda event: [*self.stop_orders.follow(event), *self._announcing.follow(event)],
            self.trail,
            self.clock,
            self.ids,
        )

    @cached_property
    def _proofs(self) -> "Proofs":
        from chalicelib.consents.proofs import Proofs
        from chalicelib.retention.own.place import OwnCollection

        return Proofs(
            self._standings,
            lambda proofs: self.own_reading.over(OwnCollection.CONSENTS, proofs),
        )

    @cached_property
    def consent_forgetting(self) -> "Forgetting":
        from chalicelib.consents.forgetting import Forgetting

        return Forgetting(self._standings, self._consent_events, self.run_command)

    @cached_property
    def _announcing(self) -> "Announcing":
        from chalicelib.consents.announcing import Announcing

        return Announcing(self.outbox)

    @cached_property
    def _asking_anew(self) -> "AskingAnew":
        from chalicelib.consents.asking_anew import AskingAnew

        return AskingAnew(self._standings, self.consent_book, self.clock)

    @cached_property
    def _people(self) -> "Roll":
        from chalicelib.identity.roll import Roll

        return Roll(self.subjects)

    @cached_property
    def _consent_events(self) -> "EventStore":
        from chalicelib.consents.event_store import EventStore

        return EventStore(self.records, self.vault)

    @cached_property
    def _shown_texts(self) -> "ShownTexts":
        from chalicelib.consents.texts import ShownTexts

        return ShownTexts(self.directory, self.clock)
