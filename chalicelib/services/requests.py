"""The services of data subjects' requests."""

from functools import cached_property
from typing import TYPE_CHECKING

from chalicelib.services.identity import IdentityServices

if TYPE_CHECKING:
    from chalicelib.requests.book import RequestBook
    from chalicelib.requests.requesters import Requesters
    from chalicelib.requests.service import Requests
    from chalicelib.requests.store import RequestStore


class RequestServices(IdentityServices):
    """Intake, proof, tracking."""

    @cached_property
    def requests(self) -> "Requests":
        from chalicelib.requests.service import Requests

        return Requests(
            self._request_store,
            self.proofs,
            self.subjects,
            self.index,
            self.trail,
            self.clock,
            self.ids,
            self.run_command,
        )

    @cached_property
    def request_book(self) -> "RequestBook":
        from chalicelib.requests.book import RequestBook

        return RequestBook(self._request_store, self.trail)

    @cached_property
    def requesters(self) -> "Requesters":
        from chalicelib.requests.requesters import Requesters

        return Requesters(self._request_store, self.sessions)

    @cached_property
    def _request_store(self) -> "RequestStore":
        from chalicelib.requests.store import RequestStore

        return RequestStore(self.records, self.vault)
