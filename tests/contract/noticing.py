"""What tests of incidents' notices share: a notice as it stands before anybody tells of it."""

from dataclasses import replace
from typing import Any

from chalicelib.incidents.models import Recipient
from chalicelib.incidents.notices.models import Notice, Section, Written, hashes
from chalicelib.notices.models import Language
from chalicelib.services import Services
from tests.fakes import START

INCIDENT = "01JNC1DENT0000000000000000"
NOTICE = "01JN0T1CE00000000000000000"
TEXTS: dict[Language, Written] = {
    "en": Written(
        "Your data at Jutsoo",
        "Hello,\n\na list with names was read by others.\n",
        "<p>a list with names was read by others.</p>\n",
        (Section("What happened", ("a list with names was read by others.",)),),
    ),
    "id": Written(
        "Data Anda di Jutsoo",
        "Halo,\n\nsebuah daftar nama dibaca pihak lain.\n",
        "<p>sebuah daftar nama dibaca pihak lain.</p>\n",
        (Section("Apa yang terjadi", ("sebuah daftar nama dibaca pihak lain.",)),),
    ),
}


def a_notice(**said: Any) -> Notice:
    """A notice to the persons that somebody proposed."""
    made = Notice(
        notice_id=NOTICE,
        incident_id=INCIDENT,
        recipient=Recipient.SUBJECTS,
        duty_ids=("id.breach-subjects",),
        drill=False,
        proposed_by="01JPROPOSER",
        proposed_at=START,
        sha256=hashes(TEXTS),
        follows=("people",),
        texts=TEXTS,
        in_phases_because={"en": "still counting", "id": "masih dihitung"},
    )
    return replace(made, **said)


def keep(services: Services, notice: Notice) -> None:
    """Stores `notice` as it is."""
    services.run_command(lambda: services._breach_notices.addition(notice))
