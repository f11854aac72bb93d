"""This system's own records of a person, copied beside those of the data map.

What else is done with them is done when the request is concluded (concluding.py).
"""

from collections.abc import Callable, Iterator

from chalicelib.clock import rfc3339
from chalicelib.connectors.places import Description, Json, Row, Seeds
from chalicelib.consents.models import ConsentEvent
from chalicelib.consents.obeying import Obeying
from chalicelib.identity.subjects import Subjects, UnknownSubject
from chalicelib.requests.models import DataRequest
from chalicelib.requests.store import RequestStore

OWN = "privacy-office"
"""The place's id."""
_SEED = "profile.subject_id"


class OwnRecords:
    """The profile, the consents and the requests of a person."""

    def __init__(
        self,
        subjects: Subjects,
        obeying: Obeying,
        store: RequestStore,
        readable: Callable[[DataRequest], DataRequest],
    ) -> None:
        self._subjects = subjects
        self._obeying = obeying
        self._store = store
        self._readable = readable

    @property
    def description(self) -> Description:
        return Description(
            OWN, "Privacy office", "own", ("profile", "consents", "browsers", "requests")
        )

    def seeds(self, subject_id: str) -> Seeds:
        """Where the search for the subject begins."""
        return Seeds({_SEED: (subject_id,)})

    def rows(self, seeds: Seeds) -> Iterator[Row]:
        """The profile, consents, browsers, then the requests, as they came."""
        for subject_id in seeds.values.get(_SEED, ()):
            try:
                profile = self._subjects.own(subject_id)
            except UnknownSubject:
                continue
            yield Row(
                "profile",
                {
                    "subject_id": subject_id,
                    "email": profile.email,
                    "language": profile.language,
                    "since": rfc3339(profile.since),
                    "restricted": self._obeying.is_restricted(subject_id),
                    "objected": self._obeying.has_objected(subject_id),
                },
            )
            for event in self._obeying.records(subject_id):
                yield Row("consents", _consented(event))
            for browser in self._obeying.browsers(subject_id):
                yield Row("browsers", {"site": browser.site, "visitor_id": browser.visitor_id})
            for request_id in self._store.of_subject(subject_id):
                if request := self._store.get(request_id):
                    yield Row("requests", _said(self._readable(request)))


def _consented(event: ConsentEvent) -> dict[str, Json]:
    shown, evidence = event.shown, event.evidence
    guardian = evidence.guardian
    return {
        "record_id": event.record_id,
        "purpose": event.purpose,
        "state": event.state.value,
        "notice": f"{shown.notice_id} {shown.version}",
        "notice_sha256": shown.sha256,
        "language": shown.language,
        "method": evidence.method.value,
        "channel": evidence.channel.value,
        "evidence": evidence.detail,
        "guardian": guardian.name if guardian else "",
        "guardian_verified_by": guardian.verified_by if guardian else "",
        "occurred_at": rfc3339(event.occurred_at),
        "recorded_at": rfc3339(event.recorded_at),
    }


def _said(request: DataRequest) -> dict[str, Json]:
    content = request.content
    return {
        "request_id": request.request_id,
        "type": request.type.value,
        "status": request.status.value,
        "received_at": rfc3339(request.received_at),
        "email": content.email,
        "name": content.name,
        "country": content.country,
        "client": content.client,
        "details": content.details,
        "corrections": dict(content.corrections),
    }
