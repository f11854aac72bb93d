"""Whom a token stands for where requests are concerned."""

from chalicelib.identity.errors import SessionUnknown
from chalicelib.identity.models import SELF
from chalicelib.identity.sessions import Sessions
from chalicelib.requests.store import RequestStore
from chalicelib.requests.tracking import is_tracked_by, tracked_request


class Requesters:
    """Tells the holders of tracking tokens, and data subjects by their sessions."""

    def __init__(self, store: RequestStore, sessions: Sessions) -> None:
        self._store = store
        self._sessions = sessions

    def caller_of(self, token: str) -> str:
        """`request/<id>` for a tracking token, `subject/<id>` for a session.

        Raises `SessionUnknown`. One read, two for a session.
        """
        request_id = tracked_request(token)
        if request_id is None:
            return f"subject/{self._sessions.find(token, SELF).subject_id}"
        request = self._store.get(request_id)
        if request is None or not is_tracked_by(token, request.tracking):
            raise SessionUnknown
        return f"request/{request_id}"
