"""Who may fetch the copy that answers a request: never whoever merely follows it."""

from chalicelib.identity.subjects import Subjects
from chalicelib.requests.book import RequestBook, UnknownRequest
from chalicelib.requests.mandates import answering_address, answers_to_another
from chalicelib.requests.models import DataRequest


class Receivers:
    """Finds requests for those who may have their copies."""

    def __init__(self, book: RequestBook, subjects: Subjects) -> None:
        self._book = book
        self._subjects = subjects

    def look(self, request_id: str, caller: str) -> DataRequest:
        """The request, for a session (`subject/<id>`) of the person whose it was proved to be.

        Or of the address of whoever was confirmed to act for them. Raises `UnknownRequest` for
        others, and for tracking tokens, which the staff and the platform hold too.
        """
        request = self._book.readable(self._book.get(request_id))
        may_have_it = {request.subject_id, self._acting(request)} - {None}
        if caller not in {f"subject/{each}" for each in may_have_it}:
            raise UnknownRequest
        return request

    def _acting(self, request: DataRequest) -> str | None:
        # Proved only: until then the mandate is somebody's word.
        if request.subject_id is None or not answers_to_another(request.content):
            return None
        return self._subjects.holder_of(answering_address(request.content))
