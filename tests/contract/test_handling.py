"""What the staff does with a request, and what becomes of its dates, mails, trail and work."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.audit.entry import Entity
from chalicelib.law.models import Pack
from chalicelib.law.packs import pack
from chalicelib.requests import dates
from chalicelib.requests.models import DataRequest
from chalicelib.services import Services
from tests.contract.asking import look, opened, withdraw
from tests.contract.handled import MEMBER, Handled, by_staff
from tests.contract.people import EMAIL, mails, records
from tests.contract.working import MemoryPlace, equip, work
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway

COMPLEX, CLARIFY = {"reason": "complexity"}, {"reason": "clarification"}
SAFETY = {"ground": "id/safety"}
DAY = timedelta(days=1)


def read(services: Services, made: Answer) -> DataRequest:
    return services.request_book.get(made.json()["request_id"])


def due(services: Services, made: Answer) -> dict[str, datetime]:
    return {each.pack: each.due_at for each in read(services, made).deadlines}


def alerted(services: Services, made: Answer) -> dict[str, datetime]:
    return {each.pack: each.unpaused_due_at for each in read(services, made).deadlines}


def told(services: Services) -> list[str]:
    """The kinds of the mails that were queued."""
    return [item["kind"] for item in records(services) if item.get("channel") == "mail"]


def actions(services: Services, made: Answer) -> list[str]:
    chain = services.trail.history(Entity("request", made.json()["request_id"]))
    return [entry.action for entry in chain]


def change_packs(monkeypatch: pytest.MonkeyPatch, *ids: str) -> None:
    """From now on these packs have a version that no request froze."""

    def changed(id_: str) -> Pack:
        return replace(pack(id_), version="2099.1") if id_ in ids else pack(id_)

    monkeypatch.setattr(dates, "pack_of", changed)


class TestExtending:
    def test_two_months_are_added_from_receipt_where_the_law_has_it(
        self, gateway: Gateway, services: Services, clock: FixedClock
    ) -> None:
        made = opened(gateway, services, country="DE")
        before = due(services, made)
        clock.advance(10 * DAY)
        answer = by_staff(gateway, made, "extend", COMPLEX)
        assert (answer.status, answer.json()["extended"]) == (200, True)
        after = due(services, made)
        assert after["id"] == before["id"]  # UU PDP knows no extension
        received = read(services, made).received_at
        months = (after["eu"].year - received.year) * 12 + after["eu"].month - received.month
        assert (months, after["eu"].day) == (3, received.day)  # however late it was taken

    @pytest.mark.parametrize(
        ("language", "reason", "words"),
        [
            ("en", "complexity", "it is complex"),
            ("en", "number", "there are many requests"),
            ("id", "complexity", "permintaan ini rumit"),
            ("id", "number", "jumlah permintaan banyak"),
        ],
    )
    def test_the_person_is_told_why_in_their_language(
        self, gateway: Gateway, services: Services, language: str, reason: str, words: str
    ) -> None:
        made = opened(gateway, services, country="DE", language=language)
        assert by_staff(gateway, made, "extend", {"reason": reason}).status == 200
        mail = mails(services)[-1]
        assert (mail["to"], mail["language"]) == (EMAIL, language)
        assert mail["values"] == {"request_id": made.json()["request_id"], "reason": words}
        assert told(services).count("request_extended") == 1
        shown = look(gateway, made).json()
        assert [each["kind"] for each in shown["mails"]][-1] == "request_extended"

    def test_a_law_without_one_gives_none(self, gateway: Gateway, services: Services) -> None:
        made = opened(gateway, services)
        before = read(services, made)
        assert by_staff(gateway, made, "extend", COMPLEX).code == "law_knows_none"
        assert read(services, made) == before

    def test_once_the_person_should_have_been_told_it_is_too_late(
        self, gateway: Gateway, services: Services, clock: FixedClock
    ) -> None:
        made = opened(gateway, services, country="DE")
        notice_by = read(services, made).deadlines[1].notice_by
        assert notice_by is not None
        clock.set(notice_by)
        before = read(services, made)
        assert by_staff(gateway, made, "extend", COMPLEX).code == "impossible_now"
        assert read(services, made) == before
        clock.set(notice_by - timedelta(milliseconds=1))
        assert by_staff(gateway, made, "extend", COMPLEX).status == 200

    def test_it_is_taken_once_and_not_after_the_end(
        self, gateway: Gateway, services: Services
    ) -> None:
        made = opened(gateway, services, country="DE")
        assert by_staff(gateway, made, "extend", COMPLEX).status == 200
        before = read(services, made)
        assert by_staff(gateway, made, "extend", COMPLEX).code == "impossible_now"
        assert read(services, made) == before
        ended = opened(gateway, services, country="DE", type="deletion")
        withdraw(gateway, ended, ended.json()["tracking_token"])
        assert by_staff(gateway, ended, "extend", COMPLEX).code == "impossible_now"

    def test_a_date_is_not_computed_by_another_version_than_it_was(
        self, gateway: Gateway, services: Services, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = opened(gateway, services, country="DE")
        before = read(services, made)
        change_packs(monkeypatch, "eu")
        assert by_staff(gateway, made, "extend", COMPLEX).code == "pack_changed"
        assert read(services, made) == before
        # The law that is not extended may have changed: its date stands as it is.
        change_packs(monkeypatch, "id")
        assert by_staff(gateway, made, "extend", COMPLEX).status == 200
        assert due(services, made)["id"] == before.deadlines[0].due_at


class TestWaiting:
    def test_a_wait_moves_the_date_of_the_law_that_knows_it_and_no_alert(
        self, gateway: Gateway, services: Services, clock: FixedClock
    ) -> None:
        made = opened(gateway, services, country="GB")
        before, alerts = due(services, made), alerted(services, made)
        paused = by_staff(gateway, made, "pause", CLARIFY)
        assert (paused.status, paused.json()["waits_for"]) == (200, "clarification")
        assert (due(services, made), told(services)[-1]) == (before, "request_paused")
        clock.advance(7 * DAY)
        resumed = by_staff(gateway, made, "resume")
        assert (resumed.status, resumed.json()["waits_for"]) == (200, None)
        after = due(services, made)
        assert after["uk"] == before["uk"] + 7 * DAY
        assert after["id"] == before["id"]
        assert alerted(services, made) == alerts  # both dates stand beside each other
        assert resumed.json()["due_at"] == paused.json()["due_at"]

    def test_waits_add_up(self, gateway: Gateway, services: Services, clock: FixedClock) -> None:
        made = opened(gateway, services, country="GB")
        before = due(services, made)
        for days in (3, 4):
            assert by_staff(gateway, made, "pause", CLARIFY).status == 200
            clock.advance(days * DAY)
            assert by_staff(gateway, made, "resume").status == 200
            clock.advance(DAY)
        assert len(read(services, made).pauses) == 2
        assert due(services, made)["uk"] == before["uk"] + 7 * DAY

    @pytest.mark.parametrize(
        ("country", "reason"),
        [("", "clarification"), ("", "identity"), ("DE", "clarification"), ("GB", "identity")],
    )
    def test_a_law_that_knows_no_such_wait_does_not_wait(
        self, gateway: Gateway, services: Services, country: str, reason: str
    ) -> None:
        made = opened(gateway, services, **({"country": country} if country else {}))
        before = read(services, made)
        answer = by_staff(gateway, made, "pause", {"reason": reason})
        assert answer.code == "law_knows_none"
        assert read(services, made) == before
        assert "request_paused" not in told(services)

    def test_it_waits_once_at_a_time(self, gateway: Gateway, services: Services) -> None:
        made = opened(gateway, services, country="GB")
        assert by_staff(gateway, made, "resume").code == "impossible_now"
        assert by_staff(gateway, made, "pause", CLARIFY).status == 200
        assert by_staff(gateway, made, "pause", CLARIFY).code == "impossible_now"
        assert by_staff(gateway, made, "resume").status == 200
        assert by_staff(gateway, made, "resume").code == "impossible_now"

    def test_what_ended_waits_for_nothing(self, gateway: Gateway, services: Services) -> None:
        made = opened(gateway, services, country="GB")
        assert by_staff(gateway, made, "pause", CLARIFY).status == 200
        withdraw(gateway, made, made.json()["tracking_token"])
        before = read(services, made)
        for what, content in (("resume", {}), ("pause", CLARIFY)):
            assert by_staff(gateway, made, what, content).code == "impossible_now"
        assert read(services, made) == before

    def test_a_wait_ends_though_the_law_changed_and_the_dates_stand(
        self,
        gateway: Gateway,
        services: Services,
        clock: FixedClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        made = opened(gateway, services, country="GB")
        before = due(services, made)
        assert by_staff(gateway, made, "pause", CLARIFY).status == 200
        clock.advance(DAY)
        change_packs(monkeypatch, "uk")
        assert by_staff(gateway, made, "resume").status == 200
        now = read(services, made)
        assert (now.paused_since, len(now.pauses)) == (None, 1)
        assert due(services, made) == before
        assert by_staff(gateway, made, "pause", CLARIFY).code == "law_knows_none"


class TestRefusing:
    @pytest.mark.parametrize(
        "ground", ["id/defence", "id/expression", "eu/expression", "uk/excessive", "safety", "id/"]
    )
    def test_only_a_ground_of_its_laws_for_its_type_refuses(
        self, gateway: Gateway, services: Services, ground: str
    ) -> None:
        made = opened(gateway, services, country="DE")
        before = read(services, made)
        answer = by_staff(gateway, made, "refuse", {"ground": ground})
        assert (answer.status, answer.code) == (422, "unknown_ground")
        assert read(services, made) == before

    @pytest.mark.parametrize("language", ["en", "id"])
    def test_the_person_is_told_the_ground_and_its_article(
        self, gateway: Gateway, services: Services, language: str
    ) -> None:
        made = opened(gateway, services, country="DE", language=language)
        answer = by_staff(gateway, made, "refuse", {"ground": "eu/excessive"})
        assert (answer.status, answer.json()["status"]) == (200, "refused")
        (ground,) = [each for each in pack("eu").grounds if each.id == "excessive"]
        words = {"en": ground.text.en, "id": ground.text.id}[language]
        assert mails(services)[-1]["values"]["ground"] == f"GDPR 12(5): {words}"
        closing = read(services, made).closing
        assert closing is not None
        assert closing.grounds == ("eu/excessive",)

    def test_a_refusal_that_was_told_stands(self, gateway: Gateway, services: Services) -> None:
        made = opened(gateway, services)
        assert by_staff(gateway, made, "refuse", SAFETY).status == 200
        before, sent = read(services, made), told(services)
        for who in (None, MEMBER):
            for ground in ("id/safety", "id/data-of-others"):
                again = by_staff(gateway, made, "refuse", {"ground": ground}, who=who)
                assert again.code == "impossible_now"
        assert read(services, made) == before
        assert told(services) == sent
        assert actions(services, made).count("request.refused") == 1

    def test_the_same_may_be_asked_for_anew(self, gateway: Gateway, services: Services) -> None:
        first, second = opened(gateway, services), opened(gateway, services)
        assert look(gateway, second).json()["joined_to"] == first.json()["request_id"]
        assert by_staff(gateway, first, "refuse", SAFETY).status == 200
        anew = opened(gateway, services)
        shown = look(gateway, anew).json()
        assert (shown["joined_to"], shown["status"]) == (None, "open")

    def test_what_is_carried_out_is_neither_refused_nor_withdrawn(
        self, gateway: Gateway, services: Services
    ) -> None:
        handled = Handled(gateway, services)
        made = handled.failed()
        assert by_staff(gateway, made, "refuse", {"ground": "id/defence"}).code == "impossible_now"
        assert withdraw(gateway, made, made.json()["tracking_token"]).code == "impossible_now"
        assert read(services, made).status == "in_progress"


class TestCorrecting:
    def test_what_was_described_in_words_is_written_once_somebody_said_the_values(
        self, gateway: Gateway, services: Services, clock: FixedClock
    ) -> None:
        crm = MemoryPlace("crm", {EMAIL: [{"email": EMAIL, "user.name": "Siti"}]})
        equip(services, crm)
        made = opened(gateway, services, type="correction", details="My name is Dewi.")
        work(services, clock)
        assert by_staff(gateway, made, "approve").code == "no_corrections"
        assert look(gateway, made).json()["status"] == "awaiting_approval"
        said = {"corrections": {"user.name": "Dewi"}}
        answer = by_staff(gateway, made, "corrections", said)
        assert (answer.status, answer.json()["status"]) == (200, "in_progress")
        assert by_staff(gateway, made, "approve").code == "impossible_now"  # not rehearsed yet
        work(services, clock)
        assert look(gateway, made).json()["status"] == "awaiting_approval"
        assert crm.rows_of[EMAIL] == [{"email": EMAIL, "user.name": "Siti"}]
        assert by_staff(gateway, made, "approve").status == 200
        work(services, clock)
        assert crm.rows_of[EMAIL] == [{"email": EMAIL, "user.name": "Dewi"}]
        assert look(gateway, made).json()["status"] == "completed"

    def test_only_a_correction_that_waits_takes_values(
        self, gateway: Gateway, services: Services, clock: FixedClock
    ) -> None:
        equip(services, MemoryPlace("crm", {EMAIL: [{"email": EMAIL}]}))
        said = {"corrections": {"user.name": "Dewi"}}
        early = opened(gateway, services, type="correction", details="My name is Dewi.")
        other = opened(gateway, services, type="deletion")
        assert by_staff(gateway, early, "corrections", said).code == "impossible_now"
        work(services, clock)
        assert by_staff(gateway, other, "corrections", said).code == "impossible_now"
        assert by_staff(gateway, early, "corrections", said).status == 200
        assert by_staff(gateway, early, "corrections", said).code == "impossible_now"


KEY = "a-key-of-the-staffs-own"


@pytest.mark.parametrize(
    "what",
    [
        "extend",
        "pause",
        "resume",
        "refuse",
        "approve",
        "corrections",
        "set-going",
        "places/crm/retry",
        "places/crm/resolve",
    ],
)
def test_a_repeated_call_is_answered_alike_and_changes_nothing(
    gateway: Gateway, services: Services, what: str
) -> None:
    made, content = Handled(gateway, services).ready_for(what.rpartition("/")[2])
    first = by_staff(gateway, made, what, content, key=KEY)
    assert first.status == 200, first.body
    before = snapshot(services, made)
    again = by_staff(gateway, made, what, content, key=KEY)
    assert (again.status, again.body) == (200, first.body)
    assert snapshot(services, made) == before


def snapshot(services: Services, made: Answer) -> tuple[list[Any], list[str]]:
    """Everything that is kept, and what the trail says of the request."""
    return sorted(records(services), key=repr), actions(services, made)


@pytest.mark.parametrize("type_", ["access", "restriction", "correction"])
def test_after_its_end_the_same_may_be_asked_for_anew(
    gateway: Gateway, services: Services, clock: FixedClock, type_: str
) -> None:
    equip(services, MemoryPlace("crm", {EMAIL: [{"email": EMAIL}]}))
    said = {"corrections": {"user.name": "Dewi"}} if type_ == "correction" else {}
    made = opened(gateway, services, type=type_, **said)
    work(services, clock)
    if look(gateway, made).json()["status"] == "awaiting_approval":
        assert by_staff(gateway, made, "approve").status == 200
        work(services, clock)
    assert look(gateway, made).json()["status"] == "completed"
    anew = opened(gateway, services, type=type_, **said)
    assert look(gateway, anew).json()["joined_to"] is None
