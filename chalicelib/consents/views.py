"""What the API shows of consents."""

from collections.abc import Iterable, Sequence

from chalicelib.clock import rfc3339
from chalicelib.consents.asking import Own
from chalicelib.consents.attaching import Attached
from chalicelib.consents.gate import Answered
from chalicelib.consents.models import ConsentEvent, Guardian, Standing
from chalicelib.consents.wire import (
    AskedView,
    AttachedView,
    CheckView,
    ConsentView,
    GuardianView,
    OwnConsents,
    RecordView,
    ShownTextView,
)
from chalicelib.notices.directory import Directory


def record_view(event: ConsentEvent) -> RecordView:
    """The record with all that it says; for whose consent it is, and for the staff."""
    shown, evidence = event.shown, event.evidence
    return RecordView(
        record_id=event.record_id,
        purpose=event.purpose,
        state=event.state,
        before=event.before,
        notice_id=shown.notice_id,
        notice_version=shown.version,
        notice_sha256=shown.sha256,
        pair_sha256=shown.pair_sha256,
        language=shown.language,
        method=evidence.method,
        channel=evidence.channel,
        site=evidence.site or None,
        evidence=evidence.detail or None,
        guardian=_guardian(evidence.guardian),
        actor=event.actor,
        occurred_at=rfc3339(event.occurred_at),
        recorded_at=rfc3339(event.recorded_at),
        expires_at=rfc3339(event.expires_at) if event.expires_at else None,
        previous_record_id=event.previous,
    )


def _guardian(guardian: Guardian | None) -> GuardianView | None:
    if guardian is None:
        return None
    return GuardianView(
        relationship=guardian.relationship, name=guardian.name, verified_by=guardian.verified_by
    )


def check_view(purpose: str, answered: Answered) -> CheckView:
    """The gate's answer."""
    verdict = answered.verdict
    return CheckView(
        subject=answered.subject_id,
        purpose=purpose,
        allowed=verdict.allowed,
        basis=verdict.basis,
        state=verdict.state,
        why=verdict.why,
        record_id=verdict.record_id,
        as_of=rfc3339(answered.as_of),
        valid_until=rfc3339(answered.valid_until),
    )


def own_view(standing: Standing, own: Sequence[Own], browsers: Sequence[Attached]) -> OwnConsents:
    """All that the person may decide, and their browsers."""
    return OwnConsents(
        subject_id=standing.subject_id,
        restricted=standing.restricted_by is not None,
        objected=standing.objected_by is not None,
        consents=tuple(map(_consent, own)),
        preferences=tuple(map(attached_view, browsers)),
    )


def attached_view(attached: Attached) -> AttachedView:
    """The choice in force in an attached browser."""
    standing = attached.standing
    last = standing.history[0].preference if standing.history else None
    return AttachedView(
        attachment_id=attached.attachment.id,
        site=attached.attachment.site,
        state=standing.state,
        performance=standing.choices.performance,
        functional=standing.choices.functional,
        expires_at=rfc3339(last.expires_at) if last else None,
    )


def _consent(own: Own) -> ConsentView:
    entry, notice = own.entry, own.notice
    asks = notice is not None and own.purpose in notice.asks
    return ConsentView(
        purpose=own.purpose,
        label=own.terms["label"],
        description=own.terms["description"],
        state=own.state,
        allowed=own.verdict.allowed,
        why=own.verdict.why,
        record_id=entry.record_id if entry else None,
        since=rfc3339(entry.at) if entry else None,
        expires_at=rfc3339(entry.expires_at) if entry and entry.expires_at else None,
        receipt_at=f"/v1/consents/{own.purpose}/{entry.record_id}/receipt" if entry else None,
        asked_anew=own.asked_anew,
        ask=(
            AskedView(
                notice_id=notice.notice_id,
                version=notice.version,
                sha256=dict(notice.sha256.items()),
            )
            if notice is not None and asks
            else None
        ),
    )


def shown_texts(events: Iterable[ConsentEvent], directory: Directory) -> tuple[ShownTextView, ...]:
    """The texts that `events` name, each once. Raises `UnknownNotice`."""
    shown = {event.shown.sha256: event.shown for event in events}
    return tuple(
        ShownTextView(
            sha256=each.sha256,
            language=each.language,
            notice_id=each.notice_id,
            version=each.version,
            texts=dict(directory.version(each.notice_id, each.version).texts[each.language]),
        )
        for each in shown.values()
    )
