"""Sessions of data subjects: the domain's values first, then what is on the wire."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import StringConstraints

from chalicelib.notices.models import Language
from chalicelib.wire import Answer, Wire

SELF = "self"
"""The purpose of a session in which somebody sees and changes what is theirs."""

SESSION_LIFE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Subject:
    """A data subject: somebody was proved to have the address, or is known by other means.

    Without an address, `email` is empty.
    """

    subject_id: str
    email: str
    language: Language
    since: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """Proof of an address, good for one purpose and for a while."""

    subject_id: str
    purpose: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session and its token, which is shown this once and stored only as a hash."""

    session: Session
    token: str


type Email = Annotated[str, StringConstraints(min_length=3, max_length=320)]
"""As somebody types it; the vault's `normalise` decides what it means."""


class CodeRequest(Wire):
    """The body of `POST /v1/sessions`."""

    email: Email
    language: Language


class CodeProof(Wire):
    """The body of `POST /v1/sessions/verify`."""

    email: Email
    code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")]


class VouchedProof(Wire):
    """The body of `POST /v1/sessions/vouched`: an ID token of the client platform."""

    id_token: Annotated[str, StringConstraints(min_length=1, max_length=3800)]
    language: Language


class CodeAccepted(Answer):
    """The same for every address."""

    status: Literal["accepted"] = "accepted"


class SessionOpened(Answer):
    token: str
    expires_at: str


class SessionView(Answer):
    """`GET /v1/sessions/current`."""

    purpose: str
    email: str
    language: str
    expires_at: str


class SessionEnded(Answer):
    status: Literal["ended"] = "ended"
