"""Publishing sites, and what a container with a cached site makes of it."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.audit.entry import Actor, Entity
from chalicelib.cookies.sites import Sites, UnknownSite
from chalicelib.errors import InvalidInput
from chalicelib.notices.models import LANGUAGES, NoticeVersion
from chalicelib.notices.store import AlreadyPublished
from chalicelib.services import Services
from tests.contract.cookies import ORIGIN, body, post
from tests.fakes import FixedClock
from tests.gateway import Gateway

OPERATOR = Actor("operator", "test")


def notice(services: Services, version: str, title: str) -> NoticeVersion:
    texts = {language: {"title": f"{title} {language}"} for language in LANGUAGES}
    return NoticeVersion("cookies-jutsoo", version, texts, services.clock.now())


def other_container(services: Services) -> Sites:
    """The same deployment seen by another process, with a cache of its own."""
    twin = Services(
        services.settings,
        clock=services.clock,
        ids=services.ids,
        create_client=lambda name, **_: getattr(services, name),
    )
    return twin.sites


def publish(services: Services, sites: Sites, new: NoticeVersion) -> None:
    record = replace(services.sites.get("jutsoo").record, notice_version=new.version)
    sites.publish(record, new, OPERATOR)


def test_publishing_again_changes_nothing(services: Services) -> None:
    entity = Entity("site", "jutsoo")
    before = list(services.trail.history(entity))
    site = services.sites.get("jutsoo")
    services.sites.publish(site.record, site.notice, OPERATOR)
    assert list(services.trail.history(entity)) == before


def test_a_version_cannot_be_published_with_another_text(services: Services) -> None:
    publish(services, services.sites, notice(services, "2", "First"))
    with pytest.raises(AlreadyPublished):
        publish(services, services.sites, notice(services, "2", "Second"))
    assert services.sites.get("jutsoo").notice.texts["en"]["title"] == "First en"


def test_a_choice_under_a_notice_newer_than_the_cache_is_kept(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    services.sites.get("jutsoo")  # this container has it cached now
    clock.advance(timedelta(seconds=2))
    new = notice(services, "2", "New")
    publish(services, other_container(services), new)
    answer = post(gateway, body(services, notice_sha256=new.sha256["en"]))
    assert answer.status == 201


def test_a_text_of_an_earlier_version_still_counts(gateway: Gateway, services: Services) -> None:
    sent = body(services)
    publish(services, services.sites, notice(services, "2", "New"))
    assert post(gateway, sent).status == 201


def test_made_up_hashes_cost_one_read_a_second(services: Services, clock: FixedClock) -> None:
    calls: list[str] = []
    services.dynamodb.meta.events.register(
        "before-call", lambda model, **_: calls.append(model.name)
    )
    services.sites.get("jutsoo")
    clock.advance(timedelta(seconds=2))
    calls.clear()
    for _ in range(10):
        with pytest.raises(InvalidInput):
            services.sites.get_with_notice("jutsoo", "f" * 64, "en")
    assert sorted(calls) == ["GetItem", "Query"]


def test_made_up_names_are_remembered_but_do_not_fill_the_memory(services: Services) -> None:
    calls: list[str] = []
    services.dynamodb.meta.events.register(
        "before-call", lambda model, **_: calls.append(model.name)
    )
    for _ in range(2):
        with pytest.raises(UnknownSite):
            services.sites.get("made-up")
    assert calls == ["GetItem"]
    for number in range(1000):
        with pytest.raises(UnknownSite):
            services.sites.get(f"made-up-{number}")
    assert len(services.sites._cache) <= 256


def test_publishing_is_on_the_trail(services: Services) -> None:
    (entry,) = services.trail.history(Entity("site", "jutsoo"))
    assert entry.action == "site.published"
    assert ORIGIN not in json.dumps(entry.facts)  # facts hold hashes and versions
