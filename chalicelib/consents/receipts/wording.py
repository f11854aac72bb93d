"""What a receipt says in the person's language about an event; all else stands in the terms."""

from collections.abc import Mapping

from chalicelib.consents.models import Channel, Evidence, Method, Relationship, State
from chalicelib.notices.models import Language

type Wording = Mapping[Language, str]

NEXT_DECISION: Wording = {
    "en": "the data subject's next decision",
    "id": "keputusan subjek data berikutnya",
}

_STATES: Mapping[State, Wording] = {
    State.UNKNOWN: {"en": "Consent unknown", "id": "Persetujuan tidak diketahui"},
    State.REQUESTED: {"en": "Consent requested", "id": "Persetujuan diminta"},
    State.REFUSED: {"en": "Consent refused", "id": "Persetujuan ditolak"},
    State.GIVEN: {"en": "Consent given", "id": "Persetujuan diberikan"},
    State.RENEWED_GIVEN: {"en": "Consent renewed", "id": "Persetujuan diperbarui"},
    State.WITHDRAWN: {"en": "Consent withdrawn", "id": "Persetujuan ditarik kembali"},
    State.EXPIRED: {"en": "Consent expired", "id": "Persetujuan berakhir masa berlakunya"},
    State.TERMINATED: {"en": "Consent terminated", "id": "Persetujuan diakhiri"},
    State.INVALIDATED: {"en": "Consent invalidated", "id": "Persetujuan dinyatakan tidak sah"},
}
_METHODS: Mapping[Method, Wording] = {
    Method.BUTTON: {"en": "button pressed", "id": "tombol ditekan"},
    Method.CHECKBOX: {"en": "box ticked", "id": "kotak dicentang"},
    Method.SIGNATURE: {"en": "signature", "id": "tanda tangan"},
    Method.ELECTRONIC_SIGNATURE: {"en": "electronic signature", "id": "tanda tangan elektronik"},
    Method.SPOKEN: {"en": "spoken statement", "id": "pernyataan lisan"},
    Method.REQUEST: {"en": "data subject's request", "id": "permintaan subjek data"},
    Method.NONE: {"en": "nobody acted", "id": "tanpa tindakan siapa pun"},
}
_CHANNELS: Mapping[Channel, Wording] = {
    Channel.PRIVACY_OFFICE: {"en": "in the privacy centre", "id": "di pusat privasi"},
    Channel.PLATFORM: {"en": "on the platform", "id": "di platform"},
    Channel.PAPER: {"en": "on paper", "id": "di atas kertas"},
    Channel.PHONE: {"en": "by telephone", "id": "melalui telepon"},
    Channel.EMAIL: {"en": "by email", "id": "melalui surel"},
    Channel.PARTNER: {"en": "through a partner", "id": "melalui mitra"},
}
_GUARDIANS: Mapping[Relationship, Wording] = {
    Relationship.PARENT: {"en": "by a parent", "id": "oleh orang tua"},
    Relationship.GUARDIAN: {"en": "by a guardian", "id": "oleh wali"},
}


def what_happened(state: State, language: Language) -> str:
    """The state that an event led to, in words: `Consent given`."""
    return _STATES[state][language]


def how_it_came(evidence: Evidence, language: Language) -> str:
    """By which act, where, and by which guardian: `box ticked, on the platform, by a parent`.

    The evidence's detail, a guardian's name and how it was checked are personal data: they stay.
    """
    parts = [_METHODS[evidence.method], _CHANNELS[evidence.channel]]
    if evidence.guardian is not None:
        parts.append(_GUARDIANS[evidence.guardian.relationship])
    return ", ".join(part[language] for part in parts)
