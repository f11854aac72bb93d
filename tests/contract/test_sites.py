"""Publishing sites, and what a container with a cached site makes of it."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.audit.entry import Actor, Entity
from chalicelib.cookies.site_store import InvalidSite
from chalicelib.cookies.sites import Sites, UnknownSite
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


def test_a_page_of_an_origin_newer_than_the_cache_is_heard(
    gateway: Gateway, services: Services
) -> None:
    site = services.sites.get("jutsoo")  # this container has it cached now
    record = replace(site.record, origins=site.record.origins | {"https://new.jutsoo.test"})
    other_container(services).publish(record, site.notice, OPERATOR)
    answer = post(gateway, body(services), origin="https://new.jutsoo.test")
    assert answer.status == 201


def test_a_site_that_was_unknown_a_moment_ago_is_found(services: Services) -> None:
    with pytest.raises(UnknownSite):
        services.sites.get("new")
    other = services.sites.get("jutsoo")
    record = replace(other.record, site_id="new", notice_version="1")
    version = replace(notice(services, "1", "New"), notice_id="cookies-new")
    other_container(services).publish(record, version, OPERATOR)
    assert services.sites.get("new").notice.version == "1"


def test_made_up_names_neither_fill_the_memory_nor_evict_a_site(services: Services) -> None:
    services.sites.get("jutsoo")
    for number in range(300):
        with pytest.raises(UnknownSite):
            services.sites.get(f"made-up-{number}")
    calls: list[str] = []
    services.dynamodb.meta.events.register(
        "before-call", lambda model, **_: calls.append(model.name)
    )
    services.sites.get("jutsoo")
    assert calls == []
    assert len(services.sites._cache) == 1


def test_the_cache_ends_after_a_minute(services: Services, clock: FixedClock) -> None:
    before = services.sites.get("jutsoo")
    record = replace(before.record, policy_url="https://www.jutsoo.test/new")
    other_container(services).publish(record, before.notice, OPERATOR)
    clock.advance(timedelta(seconds=59))
    assert services.sites.get("jutsoo") is before
    clock.advance(timedelta(seconds=1))
    assert services.sites.get("jutsoo").record.policy_url == "https://www.jutsoo.test/new"


@pytest.mark.parametrize(
    "origin",
    [
        "https://www.jutsoo.test/",
        "https://WWW.jutsoo.test",
        "https://user@www.jutsoo.test",
        "http://www.jutsoo.test",
        "null",
        "*",
        "",
        "https://" + "x" * 100,
        "https://www.jutsoo.test\n",
    ],
)
def test_only_what_a_browser_could_send_is_an_origin(services: Services, origin: str) -> None:
    with pytest.raises(InvalidSite):
        replace(services.sites.get("jutsoo").record, origins=frozenset({origin}))


@pytest.mark.parametrize(
    "change",
    [
        {"policy_url": "javascript:alert(1)"},
        {"cookies": {"performance": ("*",), "functional": ()}},
        {"cookies": {"performance": ("jaga",), "functional": ()}},
        {"storage": {"performance": ("",), "functional": ()}},
        {"storage": {"performance": ("jaga:",), "functional": ()}},
    ],
)
def test_a_site_cannot_turn_the_banner_against_itself(
    services: Services, change: dict[str, Any]
) -> None:
    with pytest.raises(InvalidSite):
        replace(services.sites.get("jutsoo").record, **change)


def test_publishing_is_on_the_trail(services: Services) -> None:
    (entry,) = services.trail.history(Entity("site", "jutsoo"))
    assert entry.action == "site.published"
    assert ORIGIN not in json.dumps(entry.facts)  # facts hold hashes and versions
