"""The report on causes and remedies, sent to affected clients: a notice that was approved as such.

The policy's section 10 promises it; what it says was written and approved in aftermath/.
"""

from collections.abc import Mapping

from chalicelib.incidents.aftermath.models import ClientReport
from chalicelib.incidents.duties import clients_as
from chalicelib.incidents.models import Incident
from chalicelib.incidents.notices.models import (
    Notice,
    Phase,
    Section,
    StartTelling,
    State,
    Written,
    hashes,
)
from chalicelib.incidents.notices.rules import check_room
from chalicelib.incidents.notices.store import BreachNoticeStore
from chalicelib.incidents.notices.wording import paragraphs, render, words
from chalicelib.notices.models import LANGUAGES, Language
from chalicelib.tables.transactions import Action


class Reports:
    """Sends reports."""

    def __init__(self, store: BreachNoticeStore, start_telling: StartTelling) -> None:
        self._store = store
        self._start_telling = start_telling

    def sending(self, incident: Incident, report: ClientReport) -> list[Action]:
        """The writes that send the report, for the transaction that approves it; none where no
        client is affected. Its id is the notice's: it is sent once. Raises `TooLongToSeal`,
        `TooManyNotices`."""
        if not incident.facts.clients:
            return []
        check_room(Phase.REPORT, self._store.of_incident(incident.incident_id))
        recipient = clients_as(incident.facts.role)
        texts = {each: _written(incident, report, each) for each in LANGUAGES}
        notice = Notice(
            notice_id=report.report_id,
            incident_id=incident.incident_id,
            recipient=recipient,
            duty_ids=(),
            drill=incident.drill,
            proposed_by=report.author,
            proposed_at=report.proposed_at,
            sha256=hashes(texts),
            phase=Phase.REPORT,
            texts=texts,
            state=State.APPROVED,
            decided_by=report.approved_by,
            decided_at=report.approved_at,
        )
        return [
            *self._store.addition(notice),
            *self._start_telling(notice.incident_id, notice.notice_id, recipient, notice.drill),
        ]


def _written(incident: Incident, report: ClientReport, language: Language) -> Written:
    known: Mapping[str, str] = words(language)["report"]
    subject = known["subject"]
    said = paragraphs(report.texts[language])
    if incident.drill:
        subject = words(language)["drill_subject"].format(subject=subject)
        said = (words(language)["drill"], *said)
    sections = (Section("", said),)
    values = {"language": language, "subject": subject, "sections": sections}
    text = render("notice.txt", **values).lstrip("\n")
    return Written(subject, text, render("notice.html", **values), sections)
