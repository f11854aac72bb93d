"""Publishes the encoded privacy policy as the notice that asks for consent.

The texts are what `chalicelib/inventory/policy/` says in both languages, section by section.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from pydantic import BaseModel

from chalicelib.audit.entry import Actor
from chalicelib.consents.asking import NOTICE
from chalicelib.inventory.consenting import consent_purposes
from chalicelib.inventory.policy import policy
from chalicelib.inventory.terms import Text
from chalicelib.notices.models import LANGUAGES, Language, NoticeVersion
from chalicelib.notices.publishing import Draft
from chalicelib.services import Services

_OPERATOR = Actor("operator", "seed")
_LEAD = timedelta(days=8)


def publish_policy(services: Services) -> NoticeVersion:
    """Publishes the policy as encoded, the first time as it stands, then as a significant change,
    eight days ahead; again, it changes nothing.

    Raises `AlreadyPublished` when the encoding changed and the policy's date did not.
    """
    updated = policy().document.updated
    earlier = services.notices.published(NOTICE)
    standing = next((each for each in earlier if each.version == updated.isoformat()), None)
    effective_at = datetime.combine(updated, datetime.min.time(), UTC)
    if standing is not None:
        effective_at = standing.takes_effect_at
    elif earlier:
        effective_at = services.clock.now() + _LEAD
    draft = Draft(
        notice_id=NOTICE,
        version=updated.isoformat(),
        texts={language: policy_texts(language) for language in LANGUAGES},
        summary={
            "en": "The privacy policy as it was last updated.",
            "id": "Kebijakan privasi sebagaimana terakhir diperbarui.",
        },
        significant=standing.significant if standing else bool(earlier),
        effective_at=effective_at,
        asks=consent_purposes(),
    )
    return services.publishing.publish(draft, _OPERATOR)


def policy_texts(language: Language) -> dict[str, str]:
    """The policy's twelve sections in `language`: titles, then what each says, line by line."""
    return {
        f"{number:02}": "\n".join(dict.fromkeys(_said(section, language)))
        for number, section in enumerate(policy().sections, start=1)
    }


def _said(value: object, language: Language) -> Iterator[str]:
    match value:
        case Text():
            yield value.en if language == "en" else value.id
        case BaseModel():
            for name in type(value).model_fields:
                yield from _said(getattr(value, name), language)
        case tuple():
            for each in value:
                yield from _said(each, language)
