"""The services of data subjects' requests."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.services.identity import IdentityServices

if TYPE_CHECKING:
    from chalicelib.opendsr.callback_store import CallbackStore
    from chalicelib.opendsr.news import PartnerNews
    from chalicelib.requests.appealing import Appealing
    from chalicelib.requests.arrivals import Arrivals
    from chalicelib.requests.asking import Asking
    from chalicelib.requests.book import RequestBook
    from chalicelib.requests.clients import ClientIntake
    from chalicelib.requests.desk import Desk
    from chalicelib.requests.intake import Intake
    from chalicelib.requests.opening import Opening
    from chalicelib.requests.proving import Proving
    from chalicelib.requests.register import Register
    from chalicelib.requests.requesters import Requesters
    from chalicelib.requests.service import Requests
    from chalicelib.requests.store import RequestStore


class RequestServices(IdentityServices):
    """Intake, proof, tracking."""

    @cached_property
    def requests(self) -> "Requests":
        from chalicelib.requests.service import Requests

        return Requests(
            self.request_book,
            self._request_store,
            self._request_register,
            self.outbox,
            self.trail,
            self.run_command,
        )

    @cached_property
    def intake(self) -> "Intake":
        from chalicelib.requests.intake import Intake

        return Intake(self._arrivals, self._asking, self.index, self.clock)

    @cached_property
    def desk(self) -> "Desk":
        from chalicelib.requests.desk import Desk

        return Desk(
            self._arrivals,
            self.request_book,
            self._asking,
            self.subjects,
            self._opening,
            self.idempotency,
            self.clock,
        )

    @cached_property
    def client_intake(self) -> "ClientIntake":
        from chalicelib.requests.clients import ClientIntake

        return ClientIntake(self._arrivals, self.subjects, self._opening, self.clock)

    @cached_property
    def proving(self) -> "Proving":
        from chalicelib.requests.proving import Proving

        return Proving(
            self.requests,
            self.request_book,
            self._asking,
            self.proofs,
            self.subjects,
            self._opening,
            self.idempotency,
        )

    @cached_property
    def request_book(self) -> "RequestBook":
        from chalicelib.requests.book import RequestBook
        from chalicelib.retention.own.place import OwnCollection

        return RequestBook(
            self._request_store,
            self.trail,
            self.partner_news.of,
            self.keeping,
            lambda ids: self.own_reading.over(OwnCollection.REQUESTS, ids),
        )

    @cached_property
    def partner_news(self) -> "PartnerNews":
        from chalicelib.opendsr.news import PartnerNews

        return PartnerNews(
            self._partner_callbacks, self.outbox, self.clock, self.settings.opendsr_domain
        )

    @cached_property
    def _partner_callbacks(self) -> "CallbackStore":
        from chalicelib.opendsr.callback_store import CallbackStore

        return CallbackStore(self.records, self.vault)

    @cached_property
    def appealing(self) -> "Appealing":
        from chalicelib.requests.appealing import Appealing

        return Appealing(
            self.requests,
            self.request_book,
            self._request_register,
            self._opening,
            self.run_command,
        )

    @cached_property
    def requesters(self) -> "Requesters":
        from chalicelib.requests.requesters import Requesters

        return Requesters(self._request_store, self.sessions)

    @cached_property
    def _request_store(self) -> "RequestStore":
        from chalicelib.requests.store import RequestStore

        return RequestStore(self.records, self.vault)

    @cached_property
    def _request_register(self) -> "Register":
        from chalicelib.requests.register import Register

        return Register(self.records, lambda: self.keyring.mac_key("duplicates"))

    @cached_property
    def _opening(self) -> "Opening":
        from chalicelib.requests.opening import Opening

        return Opening(self._request_store, self._request_register, self.outbox, self.trail)

    @cached_property
    def _arrivals(self) -> "Arrivals":
        from chalicelib.requests.arrivals import Arrivals

        return Arrivals(self._request_store, self.index, self.trail, self.ids, self.idempotency)

    @cached_property
    def _asking(self) -> "Asking":
        from chalicelib.requests.asking import Asking

        return Asking(self.proofs)
