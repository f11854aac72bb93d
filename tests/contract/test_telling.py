"""Publishing a version: immutable, told to everybody before it counts, asking anew."""

import random
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from chalicelib.audit.entry import Entity
from chalicelib.clock import rfc3339, to_millis
from chalicelib.consents.asking import NOTICE
from chalicelib.ids import UlidFactory
from chalicelib.notices.messages import Channel as MessageChannel
from chalicelib.notices.messages import State, UnfitForMail
from chalicelib.notices.relay import Relay
from chalicelib.notices.telling.place import NothingToTell
from chalicelib.services import Services
from chalicelib.tables.codec import encode
from tests.contract.consenting import PURPOSE, Office
from tests.contract.killing import Killed, Killer
from tests.contract.people import mails, records
from tests.contract.sqs import Sqs
from tests.fakes import FixedClock
from tests.gateway import Gateway
from tests.tokens import staff_token

PLENTY = 300_000
WEEK = timedelta(days=8)


@pytest.fixture
def office(services: Services, gateway: Gateway) -> Office:
    return Office(services, gateway)


def announced(office: Office, **changes: Any) -> datetime:
    """Publishes a significant change that takes effect in eight days; answers when."""
    effective_at = office.services.clock.now() + WEEK
    texts = office.gateway.call("GET", f"/v1/notices/{NOTICE}").json()["texts"]
    texts = {language: {**parts, "13": f"News, {language}"} for language, parts in texts.items()}
    answer = office.publish(
        "2027-01", significant=True, effective_at=rfc3339(effective_at), texts=texts, **changes
    )
    assert answer.status == 201, answer.body
    return effective_at


def tell(office: Office, clock: FixedClock, runs: int = 4) -> None:
    for _ in range(runs):
        clock.advance(timedelta(minutes=5))
        office.services.teller.run(lambda: PLENTY)


def until_the_day(office: Office, clock: FixedClock, effective_at: datetime) -> None:
    """The rounds of the last hour, then the moment before the version's day."""
    clock.advance(effective_at - clock.now() - timedelta(minutes=50))
    for _ in range(8):
        office.services.teller.run(lambda: PLENTY)
        clock.advance(timedelta(minutes=5))
    clock.advance(effective_at - clock.now() - timedelta(milliseconds=1))


def told(services: Services) -> list[dict[str, Any]]:
    return [item for item in records(services) if item["et"] == "notice_told_person"]


def changes_mailed(services: Services) -> Iterator[dict[str, Any]]:
    return (mail for mail in mails(services) if "effective_on" in mail["values"])


def in_force(office: Office) -> str:
    return str(office.gateway.call("GET", f"/v1/notices/{NOTICE}").json()["version"])


def test_a_version_never_changes(office: Office) -> None:
    first = office.gateway.call("GET", f"/v1/notices/{NOTICE}").json()
    assert office.publish("2027-01").status == 201
    again = office.publish("2027-01", summary={"en": "Other.", "id": "Lain."})
    assert (again.status, again.code) == (409, "already_published")
    path = f"/v1/notices/{NOTICE}/versions/{first['version']}"
    kept = office.gateway.call("GET", path)
    assert kept.json() == first
    etag = kept.headers["etag"]
    assert office.gateway.call("GET", path, headers={"if-none-match": etag}).status == 304


def test_whoever_published_sees_the_version_listed_at_once(office: Office) -> None:
    path = f"/v1/notices/{NOTICE}/versions"
    office.gateway.call("GET", path)
    assert office.publish("2027-01").status == 201
    listed = office.gateway.call("GET", path).json()["versions"]
    assert [each["version"] for each in listed][-1] == "2027-01"


def test_every_text_ever_shown_is_found_by_its_hash(office: Office, clock: FixedClock) -> None:
    shown = office.shown("id")
    announced(office)
    path = f"/v1/notice-texts/{shown['notice_sha256']}?language=id"
    found = office.gateway.call("GET", path).json()
    assert found["language"] == "id"
    assert "13" not in found["texts"]


def test_a_significant_change_is_told_to_everybody_before_it_counts(
    office: Office, services: Services, clock: FixedClock
) -> None:
    people = [office.person(f"person-{number}@example.test") for number in range(40)]
    before = in_force(office)
    effective_at = announced(office)
    tell(office, clock)
    lines = told(services)
    assert {line["sk"].removeprefix("TOLD#") for line in lines} == {
        each.subject_id for each in people
    }
    addresses = [mail["to"] for mail in changes_mailed(services)]
    assert sorted(addresses) == sorted(f"person-{number}@example.test" for number in range(40))
    assert clock.now() < effective_at
    assert in_force(office) == before
    until_the_day(office, clock, effective_at)
    assert in_force(office) == before
    clock.advance(timedelta(milliseconds=1))
    assert in_force(office) == "2027-01"


def test_it_does_not_count_while_somebody_was_not_told(
    office: Office, services: Services, clock: FixedClock
) -> None:
    office.person()
    before = in_force(office)
    announced(office)
    clock.advance(WEEK + timedelta(days=30))
    assert in_force(office) == before
    report = services.teller.run(lambda: PLENTY)
    clock.advance(timedelta(minutes=2))
    assert (report.told, report.done, in_force(office)) == (1, 1, "2027-01")


def test_people_read_it_in_their_language_and_at_a_bounded_rate(
    office: Office, services: Services, clock: FixedClock
) -> None:
    for number in range(30):
        office.person(f"person-{number}@example.test")
    announced(office, summary={"en": "We share less.", "id": "Kami berbagi lebih sedikit."})
    tell(office, clock)
    assert {mail["values"]["summary"] for mail in changes_mailed(services)} == {
        "Kami berbagi lebih sedikit."
    }
    leases = sorted(
        int(item["lease"])
        for item in records(services)
        if item["et"] == "outbox_message" and str(item["kind"]).startswith("notice_change")
    )
    gaps = [later - earlier for earlier, later in pairwise(leases)]
    assert len(leases) >= 29  # the first of a run may go out at once
    assert min(gaps) >= 99


def test_too_little_time_to_tell_is_refused(office: Office, services: Services) -> None:
    before = len(records(services))
    soon = rfc3339(services.clock.now() + timedelta(days=6))
    answer = office.publish("2027-01", significant=True, effective_at=soon)
    assert answer.status == 422
    assert answer.json()["errors"] == [{"field": "effective_at", "code": "too_soon"}]
    assert len(records(services)) == before


def test_a_bounce_stands_in_the_ledger_when_the_message_is_long_gone(
    office: Office, services: Services, clock: FixedClock
) -> None:
    office.person()
    announced(office)
    tell(office, clock)
    (line,) = told(services)
    assert line["outcome"] == "queued"
    clock.advance(timedelta(minutes=1))
    message = services.outbox_store.claim(str(line["message"]))
    assert message
    services.outbox_store.mark_mail_sent(message.id, "ses-1")
    assert told(services)[0]["outcome"] == "sent"
    services.outbox_store.report(message.id, State.BOUNCED, "permanent_general")
    (line,) = told(services)
    assert (line["outcome"], line["reason"]) == ("bounced", "permanent_general")


def test_consent_that_does_not_fit_is_asked_for_again_and_stops_on_the_day(
    office: Office, services: Services, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    siti = office.person()
    subject = siti.subject_id
    siti.decide("given")
    changed_terms(services, monkeypatch)
    effective_at = announced(office)
    tell(office, clock)
    assert [mail["to"] for mail in changes_mailed(services)]
    kinds = {str(each["kind"]) for each in records(services) if each["et"] == "outbox_message"}
    assert "notice_change_asks" in kinds
    siti = office.person()
    assert siti.consent()["asked_anew"]
    assert [each["state"] for each in siti.history()] == ["requested", "given"]
    assert office.check(subject)["allowed"]
    until_the_day(office, clock, effective_at)
    assert office.check(subject)["allowed"]
    assert services.consent_watcher.run(lambda: PLENTY).ended == 0
    clock.advance(timedelta(milliseconds=1))
    stopped = office.check(subject)
    assert (stopped["allowed"], stopped["why"]) == (False, "terms_changed")
    assert services.consent_watcher.run(lambda: PLENTY).ended == 1
    assert services.consent_watcher.run(lambda: PLENTY).ended == 0
    siti = office.person()
    assert [each["state"] for each in siti.history()] == ["invalidated", "requested", "given"]
    assert office.check(subject)["state"] == "invalidated"
    assert siti.decide("given").json()["record"]["state"] == "given"
    assert office.check(subject)["allowed"]
    assert not siti.consent()["asked_anew"]


def test_consent_renewed_early_counts_before_and_after(
    office: Office, services: Services, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    siti = office.person()
    subject = siti.subject_id
    siti.decide("given")
    changed_terms(services, monkeypatch)
    effective_at = announced(office)
    path = f"/v1/notices/{NOTICE}/versions/2027-01"
    coming = office.gateway.call("GET", path).json()["sha256"]["en"]
    assert siti.decide("given", notice_sha256=coming).status == 201
    assert office.check(subject)["allowed"]
    tell(office, clock)
    assert "notice_change_asks" not in {
        str(each.get("kind")) for each in records(services) if each["et"] == "outbox_message"
    }
    until_the_day(office, clock, effective_at)
    assert office.check(subject)["allowed"]
    clock.advance(timedelta(milliseconds=1))
    assert office.check(subject)["allowed"]


def test_former_terms_hold_no_longer_than_they_would_have(
    office: Office, services: Services, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    siti = office.person()
    subject = siti.subject_id
    siti.decide("given")
    changed_terms(services, monkeypatch)
    clock.advance(timedelta(days=728))
    announced(office)
    coming = office.gateway.call("GET", f"/v1/notices/{NOTICE}/versions/2027-01").json()
    siti = office.person()
    assert siti.decide("given", notice_sha256=coming["sha256"]["en"]).status == 201
    assert office.check(subject)["allowed"]
    clock.advance(timedelta(days=2))
    over = office.check(subject)
    assert (over["allowed"], over["why"]) == (False, "terms_changed")


def test_a_yes_to_coming_terms_brings_no_consent_back_that_is_over(
    office: Office, services: Services, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    siti = office.person()
    subject = siti.subject_id
    siti.decide("given")
    clock.advance(timedelta(days=731))  # and nobody noted it
    changed_terms(services, monkeypatch)
    announced(office)
    coming = office.gateway.call("GET", f"/v1/notices/{NOTICE}/versions/2027-01").json()
    office.person().decide("given", notice_sha256=coming["sha256"]["en"])
    assert not office.check(subject)["allowed"]


def test_what_no_notice_asks_for_any_more_can_be_taken_back(
    office: Office, services: Services, clock: FixedClock
) -> None:
    siti = office.person()
    siti.decide("given")
    effective_at = announced(office, asks=[])
    tell(office, clock)
    until_the_day(office, clock, effective_at)
    clock.advance(timedelta(seconds=61))
    siti = office.person()
    withdrawn = siti.decide("withdrawn")
    assert (withdrawn.status, withdrawn.json()["record"]["state"]) == (201, "withdrawn")


def test_newcomers_are_told_before_the_day_and_nobody_twice(
    office: Office, services: Services, clock: FixedClock
) -> None:
    services.subjects._ids = UlidFactory(clock)  # newer people have newer ids
    office.person("early@example.test")
    effective_at = announced(office)
    clock.advance(timedelta(minutes=1))
    office.person("between@example.test")
    tell(office, clock)
    assert len(told(services)) == 2
    clock.advance(timedelta(days=2))
    office.person("late@example.test")
    until_the_day(office, clock, effective_at)
    assert len(told(services)) == 3
    clock.advance(timedelta(milliseconds=1))
    assert in_force(office) == "2027-01"


def test_one_that_nobody_can_write_to_holds_up_nobody(
    office: Office, services: Services, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.person("good@example.test")
    office.person("bad@example.test")
    announced(office)
    mail = services.outbox.mail

    def refusing(template: str, to: str, *rest: Any, **more: Any) -> Any:
        if to == "bad@example.test":
            raise UnfitForMail("to")
        return mail(template, to, *rest, **more)

    monkeypatch.setattr(services.outbox, "mail", refusing)
    tell(office, clock)
    assert sorted(line["outcome"] for line in told(services)) == ["dead", "queued"]


def test_a_small_change_on_top_waits_for_the_telling_of_the_great_one(
    office: Office, services: Services, clock: FixedClock
) -> None:
    office.person()
    before = in_force(office)
    announced(office)  # and nobody tells
    coming = office.gateway.call("GET", f"/v1/notices/{NOTICE}/versions/2027-01").json()["texts"]
    texts = {language: {**parts, "14": f"More, {language}"} for language, parts in coming.items()}
    clock.advance(WEEK + timedelta(days=1))
    assert office.publish("2027-02", texts=texts).status == 201
    clock.advance(timedelta(seconds=61))
    assert in_force(office) == before
    for _ in range(4):
        services.teller.run(lambda: PLENTY)
        clock.advance(timedelta(minutes=5))
    assert in_force(office) == "2027-02"
    listed = office.gateway.call("GET", f"/v1/notices/{NOTICE}/versions").json()["versions"]
    assert [each["in_force"] for each in listed] == [False, False, True]


def test_whoever_is_asked_anew_is_shown_what_to_say_yes_to(
    office: Office, services: Services, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    siti = office.person()
    siti.decide("given")
    changed_terms(services, monkeypatch)
    announced(office)
    tell(office, clock)
    siti = office.person()
    asked = siti.consent()
    assert (asked["asked_anew"], asked["ask"]["version"]) == (True, "2027-01")
    yes = siti.decide("given", notice_sha256=asked["ask"]["sha256"]["en"])
    assert yes.json()["record"]["state"] == "renewed_given"
    answered = siti.consent()
    assert (answered["asked_anew"], answered["allowed"]) == (False, True)


def test_nobody_is_asked_anew_twice_or_for_another_notice(
    office: Office, services: Services, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    siti, budi = office.person(), office.person("budi@example.test")
    subjects = [siti.subject_id, budi.subject_id]
    siti.decide("given")
    budi.decide("given")
    budi.decide("withdrawn")
    changed_terms(services, monkeypatch)
    announced(office)
    version = services.directory.version(NOTICE, "2027-01")
    asking = services._asking_anew
    assert list(asking.of(subjects, version)) == [siti.subject_id]
    assert asking.of(subjects, replace(version, notice_id="another")) == {}
    tell(office, clock)
    assert asking.of(subjects, version) == {}


def test_a_telling_leaves_its_entries_and_its_counts(
    office: Office, services: Services, clock: FixedClock
) -> None:
    office.person()
    office.collect(user_id="user-9", email=None)
    effective_at = announced(office)
    assert services.teller.run(lambda: PLENTY).told == 0  # a round later, when the index knows all
    clock.advance(timedelta(minutes=5))
    assert services.teller.run(lambda: 9_999).told == 0
    tell(office, clock)
    until_the_day(office, clock, effective_at)
    entries = list(services.trail.history(Entity("notice", NOTICE)))
    assert [each.action for each in entries] == [
        "notice.published",
        "notice.published",
        "notice.told",
    ]
    facts = entries[-1].facts
    assert (facts["told"], facts["unreachable"], facts["asked_anew"]) == (1, 1, 0)


def test_a_version_that_is_not_told_in_time_is_cried_out(
    office: Office, services: Services, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced(office)
    monkeypatch.setattr(services.teller, "_take", nothing_more)
    clock.advance(WEEK - timedelta(hours=25))
    assert services.teller.run(lambda: PLENTY).late == 0
    clock.advance(timedelta(hours=2))
    assert services.teller.run(lambda: PLENTY).late == 1


def nothing_more(_notice: object) -> Any:
    raise NothingToTell


def test_two_versions_never_share_a_tag(office: Office, clock: FixedClock) -> None:
    first = office.gateway.call("GET", f"/v1/notices/{NOTICE}")
    assert office.publish("2027-01").status == 201
    clock.advance(timedelta(seconds=61))
    kept = {"if-none-match": first.headers["etag"]}
    second = office.gateway.call("GET", f"/v1/notices/{NOTICE}", headers=kept)
    assert (second.status, second.json()["version"]) == (200, "2027-01")


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"texts": {"en": {"1": "Same"}, "id": {"1": "Same"}}}, "texts", "same_in_both_languages"),
        ({"summary": {"en": "so\u00adft", "id": "ok"}}, "en", "not_one_line"),
        ({"effective_at": "2026-01-01T00:00:00Z"}, "effective_at", "in_the_past"),
        ({"asks": ["service_delivery"]}, "asks", "unknown_purpose"),
        ({"texts": {"en": {"1": "One"}, "id": {"2": "Dua"}}}, "texts", "not_the_same_parts"),
    ],
)
def test_what_may_not_be_published_is_not_stored(
    office: Office, services: Services, changes: Any, field: str, code: str
) -> None:
    before = len(records(services))
    answer = office.publish("2027-01", **changes)
    assert answer.status == 422, answer.body
    assert {"field": field, "code": code} in answer.json()["errors"]
    assert len(records(services)) == before


def test_the_notice_of_a_site_is_its_sites(office: Office, services: Services) -> None:
    body = {
        "version": "1",
        "texts": {"en": {"1": "Text"}, "id": {"1": "Teks"}},
        "summary": {"en": "News", "id": "Berita"},
        "significant": False,
        "effective_at": rfc3339(services.clock.now()),
    }
    token = staff_token(services.clock, "dpo")
    answer = office.call("POST", "/v1/staff/notices/cookies-jutsoo/versions", token, body)
    assert answer.json()["errors"] == [{"field": "notice_id", "code": "of_a_site"}]


def test_changed_terms_are_a_significant_change(
    office: Office, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_asked = office.publish("2027-01", texts=other_texts(), asks=[])
    assert nothing_asked.json()["errors"] == [{"field": "significant", "code": "terms_change"}]
    changed_terms(services, monkeypatch)
    answer = office.publish("2027-01", texts=other_texts())
    assert answer.json()["errors"] == [{"field": "significant", "code": "terms_change"}]


def test_one_text_asks_for_one_thing(
    office: Office, services: Services, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed_terms(services, monkeypatch)
    effective_at = rfc3339(clock.now() + WEEK)
    answer = office.publish("2027-01", significant=True, effective_at=effective_at)
    assert answer.json()["errors"] == [{"field": "texts", "code": "same_text_for_other_terms"}]


def test_a_version_of_long_ago_may_say_what_it_said(
    office: Office, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = in_force(office)
    changed_terms(services, monkeypatch)
    old = office.publish("2020-01", texts=other_texts(), effective_at="2020-01-01T00:00:00Z")
    assert old.status == 201, old.body
    assert in_force(office) == before


def test_whoever_is_still_being_told_keeps_what_they_gave(
    office: Office, services: Services, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    siti = office.person()
    subject = siti.subject_id
    siti.decide("given")
    changed_terms(services, monkeypatch)
    announced(office)
    tell(office, clock)  # the first round; the second waits for the last hour
    assert len(told(services)) == 1
    clock.advance(WEEK)  # the day has come, and the second round is not through
    assert services.consent_watcher.run(lambda: PLENTY).ended == 0
    assert office.check(subject)["allowed"]


def test_whoever_has_no_address_stands_in_the_ledger(
    office: Office, services: Services, clock: FixedClock
) -> None:
    office.collect(email=None)
    announced(office)
    tell(office, clock)
    (line,) = told(services)
    assert (line["channel"], line["outcome"]) == ("none", "no_address")


def other_texts() -> dict[str, dict[str, str]]:
    return {"en": {"1": "Other text"}, "id": {"1": "Teks lain"}}


def test_a_yes_to_a_text_of_yesterday_is_refused(office: Office, clock: FixedClock) -> None:
    old = office.shown()
    texts = office.gateway.call("GET", f"/v1/notices/{NOTICE}").json()["texts"]
    texts = {language: {**parts, "13": "News"} for language, parts in texts.items()}
    assert office.publish("2027-01", texts=texts).status == 201
    clock.advance(timedelta(seconds=61))
    siti = office.person()
    answer = siti.decide("given", **old)
    assert (answer.status, answer.code) == (409, "notice_superseded")


@pytest.mark.parametrize("seed", range(4))
def test_a_telling_killed_anywhere_tells_each_once(
    office: Office, services: Services, clock: FixedClock, seed: int
) -> None:
    for number in range(35):
        office.person(f"person-{number}@example.test")
    announced(office)
    chance = random.Random(seed)  # noqa: S311  # a seed to repeat the kills by
    killer = Killer(lambda _: chance.choice(["before", "after", None, None]))
    killer.watch(services)
    clock.advance(timedelta(minutes=10))
    for _ in range(20):
        killer.armed = True
        with suppress(Killed):
            services.teller.run(lambda: PLENTY)
    killer.armed = False
    assert killer.kills
    tell(office, clock)
    addresses = sorted(mail["to"] for mail in changes_mailed(services))
    assert addresses == sorted(f"person-{number}@example.test" for number in range(35))
    assert len(told(services)) == 35


def changed_terms(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on consent covers something else."""
    terms = services.publishing._terms

    def other(purpose: str) -> Any:
        return {**terms(purpose), "recipients": {"en": "Others too", "id": "Pihak lain juga"}}

    monkeypatch.setattr(services.publishing, "_terms", other)
    assert PURPOSE


def test_a_mail_waits_in_its_queue_for_its_moment(
    office: Office, services: Services, clock: FixedClock
) -> None:
    for number in range(25):
        office.person(f"person-{number}@example.test")
    announced(office)
    tell(office, clock)
    items = [each for each in records(services) if each.get("kind") == "notice_change"]
    images = [{"eventName": "INSERT", "dynamodb": {"NewImage": encode(item)}} for item in items]
    sqs: Any = Sqs()
    Relay(sqs, {MessageChannel.MAIL: "mail"}).forward({"Records": images})
    waits = {entry["DelaySeconds"] for entry in sqs.entries if "DelaySeconds" in entry}
    assert len(waits) >= 2
    assert max(waits) <= 300
    latest = max(items, key=lambda item: int(item["lease"]))
    clock.advance(timedelta(milliseconds=int(latest["lease"]) - 1 - to_millis(clock.now())))
    message_id = str(latest["pk"]).removeprefix("OUTBOX#")
    assert services.outbox_store.claim(message_id) is None
    clock.advance(timedelta(milliseconds=1))
    assert services.outbox_store.claim(message_id) is not None


def test_a_mail_that_was_given_up_is_dead_in_the_ledger(
    office: Office, services: Services, clock: FixedClock
) -> None:
    office.person()
    announced(office)
    tell(office, clock)
    (line,) = told(services)
    claimed = services.outbox_store.claim(str(line["message"]))
    assert claimed
    assert services.outbox_store.bury(claimed, "unfit_for_mail")
    assert not services.outbox_store.bury(claimed, "again")
    (line,) = told(services)
    assert (line["outcome"], line["reason"]) == ("dead", "unfit_for_mail")
