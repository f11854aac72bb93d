"""Publishing a version: immutable, told to everybody before it counts, asking anew."""

import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from chalicelib.clock import rfc3339
from chalicelib.consents.asking import NOTICE
from chalicelib.notices.messages import State
from chalicelib.services import Services
from tests.contract.consenting import PURPOSE, Office
from tests.contract.killing import Killed, Killer
from tests.contract.people import mails, records
from tests.fakes import FixedClock
from tests.gateway import Gateway

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
    clock.advance(effective_at - clock.now() - timedelta(milliseconds=1))
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
    clock.advance(effective_at - clock.now())
    stopped = office.check(subject)
    assert (stopped["allowed"], stopped["why"]) == (False, "terms_changed")
    siti = office.person()
    assert siti.decide("given").json()["record"]["state"] == "renewed_given"
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
    clock.advance(effective_at - clock.now())
    assert office.check(subject)["allowed"]


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
