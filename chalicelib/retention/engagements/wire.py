"""Ended engagements on the wire."""

from chalicelib.wire import Answer, Moment, Wire


class EndIn(Wire):
    """The body of `POST /v1/staff/clients/{client}/end`."""

    ended_at: Moment


class FateView(Answer):
    """Records that share a fate. `until` is a day (UTC); `kept_by` keeps them until then."""

    category: str
    rule: str | None = None
    means: str | None = None
    until: str | None = None
    kept_by: tuple[str, ...] = ()
    records: int


class EngagementView(Answer):
    """How far the end of an engagement has come. `plan` is there once the stage is `running`."""

    client: str
    stage: str
    ended_at: str
    ordered_at: str
    plan: tuple[FateView, ...]
    records_of_people: int
    certified: bool


class EngagementCertificate(Answer):
    """Signed (JWS, ES256; keys at `/.well-known/jwks.json`)."""

    certificate: str
