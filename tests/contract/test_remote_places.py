"""Places that answer later: asked by webhook, answering by signed calls, carried out to the end."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.connectors.places import Deed, Seeds
from chalicelib.connectors.remote.models import TaskState
from chalicelib.connectors.remote.place import AnswersLater
from chalicelib.connectors.remote.wire import LONGEST_ANSWER
from chalicelib.connectors.webhooks.signing import SigningSecret, signed_headers
from chalicelib.services import Services
from chalicelib.vault.keys import Scope
from tests.contract.hooks import DPO, fresh
from tests.contract.people import EMAIL, records
from tests.contract.remote import CRM, DONE, System
from tests.contract.test_fulfilment import certificate_of, decide, status
from tests.contract.working import opened, work
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway

KEPT = {"collection": "deals", "rule": "tax_books", "rows": 1, "until": "2036-12-31"}


@pytest.fixture
def system(services: Services, gateway: Gateway) -> System:
    return System(services, gateway)


def works(services: Services) -> list[str]:
    """What the work that waits is about."""
    return [
        str(item["about"])
        for item in records(services)
        if item["et"] == "outbox_message" and item["kind"] == "answered"
    ]


@pytest.mark.parametrize("deed", Deed)
def test_a_system_is_asked_with_all_it_needs(system: System, deed: Deed) -> None:
    task_id = system.ask(deed, values={"user.name": "Siti"})
    (event,) = system.asked()
    data = event["data"]
    assert event["type"] == f"data_request.{deed}"
    assert data.pop("respond_by").endswith("Z")
    assert data == {
        "task": task_id,
        "place": CRM,
        "answer_at": f"/v1/places/{CRM}/tasks/{task_id}",
        "find": {"people.email": [EMAIL]},
        "values": {"user.name": "Siti"},
    }


def test_what_was_asked_is_readable_nowhere_and_gone_once_it_was_sent(
    system: System, services: Services
) -> None:
    system.ask()
    assert EMAIL not in repr(records(services))
    system.asked()
    (message,) = [each for each in records(services) if each["et"] == "outbox_message"]
    assert "sealed" not in message


def test_an_answer_is_kept_sealed_and_makes_work_once(system: System, services: Services) -> None:
    task_id = system.ask(Deed.COPY)
    rows = [{"collection": "people", "values": {"name": "canary", "tags": [1, None, {"a": 1.5}]}}]
    for _ in range(2):
        answer = system.answer(task_id, changed=0, rows=rows)
        assert (answer.status, answer.json()) == (200, {"task": task_id})
    assert works(services) == [task_id]
    assert system.state(task_id) is TaskState.ANSWERED
    task = services.remote_tasks.get(task_id)
    assert task
    answered = services.remote_tasks.open(task)
    assert answered
    assert [(row.collection, dict(row.values)) for row in answered.rows] == [
        ("people", rows[0]["values"])
    ]
    assert "canary" not in repr(records(services)) + repr(answered)


def test_the_first_answer_counts(system: System, services: Services) -> None:
    task_id = system.ask()
    system.answer(task_id, found=5, changed=1)
    assert system.answer(task_id, found=7, changed=7).status == 200
    task = services.remote_tasks.get(task_id)
    assert task
    answered = services.remote_tasks.open(task)
    assert answered
    assert (answered.outcome.found, answered.outcome.changed) == (5, 1)


def test_what_is_kept_is_cited_from_the_policy(system: System, services: Services) -> None:
    task_id = system.ask()
    assert system.answer(task_id, verdict="retained", kept=[KEPT]).status == 200
    task = services.remote_tasks.get(task_id)
    assert task
    answered = services.remote_tasks.open(task)
    assert answered
    (kept,) = answered.outcome.kept
    assert (kept.citation, str(kept.until)) == ("UU KUP 28(11)", "2036-12-31")


def refused(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.code


class TestWhoMayAnswer:
    def test_nobody_without_a_signature(self, system: System) -> None:
        task_id = system.ask()
        for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
            raw = json.dumps({"place": CRM, "task": task_id, **DONE}).encode()
            answer = system.send(task_id, raw, **{name: ""})
            assert refused(answer) == (403, "unverified_webhook")
        assert system.state(task_id) is TaskState.ASKED

    def test_nobody_with_another_secret(self, system: System) -> None:
        task_id = system.ask()
        system.secret = SigningSecret.generate()
        assert refused(system.answer(task_id)) == (403, "unverified_webhook")

    def test_not_another_endpoint(self, system: System) -> None:
        task_id = system.ask()
        system.secret = fresh(system.hooks.register("https://other.example.com/"))
        assert refused(system.answer(task_id)) == (403, "unverified_webhook")

    def test_nobody_who_changed_an_octet(self, system: System, services: Services) -> None:
        task_id = system.ask()
        raw = json.dumps({"place": CRM, "task": task_id, **DONE}).encode()
        signed = signed_headers("01JANSWER", raw, [system.secret], services.clock.now())
        assert refused(system.send(task_id, raw + b" ", **signed)) == (403, "unverified_webhook")

    @pytest.mark.parametrize("minutes", [-6, 6])
    def test_nobody_at_another_time(self, system: System, services: Services, minutes: int) -> None:
        task_id = system.ask()
        raw = json.dumps({"place": CRM, "task": task_id, **DONE}).encode()
        then = services.clock.now() + timedelta(minutes=minutes)
        signed = signed_headers("01JANSWER", raw, [system.secret], then)
        assert refused(system.send(task_id, raw, **signed)) == (403, "unverified_webhook")

    def test_the_secret_before_for_a_day(
        self, system: System, services: Services, clock: FixedClock
    ) -> None:
        services.webhooks.rotate(DPO, system.endpoint_id)
        task_id = system.ask()
        assert system.answer(task_id).status == 200
        clock.advance(timedelta(hours=25))
        assert refused(system.answer(system.ask())) == (403, "unverified_webhook")

    def test_nobody_once_the_endpoint_is_removed(self, system: System, services: Services) -> None:
        task_id = system.ask()
        services.webhooks.remove(DPO, system.endpoint_id)
        assert refused(system.answer(task_id)) == (403, "unverified_webhook")

    def test_no_answer_can_be_sent_to_another_task(self, system: System) -> None:
        one, other = system.ask(), system.ask()
        raw = json.dumps({"place": CRM, "task": one, **DONE}).encode()
        assert refused(system.send(other, raw)) == (422, "invalid_input")
        assert system.state(other) is TaskState.ASKED

    def test_no_task_is_answered_at_another_place(self, system: System) -> None:
        task_id = system.ask()
        raw = json.dumps({"place": "other", "task": task_id, **DONE}).encode()
        assert refused(system.send(task_id, raw, place="other")) == (404, "unknown_task")

    def test_a_task_that_nobody_asked_for_is_unknown(self, system: System) -> None:
        assert refused(system.answer("01JNOBODY")) == (404, "unknown_task")

    def test_after_the_erasure_of_its_request_a_task_is_unknown(
        self, system: System, services: Services
    ) -> None:
        task_id = system.ask(request_id="01JERASED")
        scope = Scope.request("01JERASED")
        services.keyring.key_to_seal(scope)
        services.run_command(lambda: services.keyring.destroy_actions(scope))
        # This container knows the key still.
        assert refused(system.answer(task_id)) == (404, "unknown_task")


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"verdict": "nothing_found"}, "body", "invalid_value"),
        ({"verdict": "done", "found": 0, "changed": 0}, "body", "invalid_value"),
        ({"verdict": "retained"}, "body", "invalid_value"),
        ({"kept": [KEPT]}, "body", "invalid_value"),
        ({"verdict": "failed", "kept": [KEPT]}, "body", "invalid_value"),
        ({"changed": 3}, "body", "invalid_value"),
        ({"found": -1}, "found", "invalid_value"),
        ({"verdict": "perhaps"}, "verdict", "not_allowed"),
        ({"verdict": "retained", "kept": [KEPT | {"rule": "mine"}]}, "kept.0.rule", "unknown"),
        ({"verdict": "retained", "kept": [KEPT | {"until": "soon"}]}, "kept.0.until", None),
        ({"rows": [{"collection": "people", "values": {}}]}, "rows", "not_allowed"),
        ({"found": True}, "found", "wrong_type"),
        ({"canary": 1}, "body", "unknown_field"),
    ],
)
def test_what_makes_no_sense_is_refused_and_not_kept(
    system: System, changes: dict[str, Any], field: str, code: str | None
) -> None:
    task_id = system.ask()
    answer = system.answer(task_id, **changes)
    assert answer.status == 422, answer.body
    (error,) = answer.json()["errors"]
    assert error["field"] == field
    assert code in {None, error["code"]}
    assert "canary" not in answer.body
    assert system.state(task_id) is TaskState.ASKED


@pytest.mark.parametrize("raw", [b"NaN", b"-Infinity", b"1e999"])
def test_what_is_no_number_elsewhere_is_none_here(system: System, raw: bytes) -> None:
    task_id = system.ask(Deed.COPY)
    said = {
        "place": CRM,
        "task": task_id,
        **DONE,
        "rows": [{"collection": "c", "values": {"n": 0}}],
    }
    body = json.dumps(said).encode().replace(b'"n": 0', b'"n": ' + raw)
    assert system.send(task_id, body).status == 422


@pytest.mark.parametrize(("length", "status_"), [(LONGEST_ANSWER, 200), (LONGEST_ANSWER + 1, 413)])
def test_the_longest_answer_is_kept(system: System, length: int, status_: int) -> None:
    task_id = system.ask(Deed.COPY)
    said = {
        "place": CRM,
        "task": task_id,
        **DONE,
        "rows": [{"collection": "c", "values": {"n": ""}}],
    }
    empty = json.dumps(said).encode()
    full = empty.replace(b'"n": ""', b'"n": "' + b"x" * (length - len(empty)) + b'"')
    assert system.send(task_id, full).status == status_


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    field=st.sampled_from(["place", "task", "verdict", "found", "changed", "kept", "rows"]),
    value=JSON,
)
def test_no_signed_answer_breaks_us(system: System, field: str, value: Any) -> None:
    task_id = system.ask(Deed.COPY)
    assert system.answer(task_id, **{field: value}).status in {200, 400, 413, 422}


class TestCarriedOut:
    """With the requests' own worker."""

    def test_an_erasure_ends_when_the_place_has_answered(
        self, system: System, gateway: Gateway, services: Services, clock: FixedClock
    ) -> None:
        made = opened(gateway, services, type="deletion")
        work(services, clock)
        assert status(gateway, made) == "awaiting_approval"
        assert system.asked() == []
        decide(gateway, made, "approve")
        work(services, clock)
        (event,) = system.asked()
        assert status(gateway, made) == "in_progress"
        answer = system.answer(event["data"]["task"], verdict="retained", found=3, kept=[KEPT])
        assert answer.status == 200
        work(services, clock)
        assert status(gateway, made) == "partly_completed"
        (place,) = certificate_of(gateway, made)["places"]
        assert (place["place"], place["verdict"], place["found"]) == (CRM, "retained", 3)
        assert system.state(event["data"]["task"]) is TaskState.TAKEN

    def test_a_copy_holds_what_the_place_sent(
        self, system: System, gateway: Gateway, services: Services, clock: FixedClock
    ) -> None:
        made = opened(gateway, services)
        work(services, clock)
        (event,) = system.asked()
        rows = [{"collection": "people", "values": {"name": "Siti"}}]
        system.answer(event["data"]["task"], found=1, changed=0, rows=rows)
        work(services, clock)
        decide(gateway, made, "approve")
        work(services, clock)
        assert status(gateway, made) == "completed"

    def test_a_correction_says_what_to_write(
        self, system: System, gateway: Gateway, services: Services, clock: FixedClock
    ) -> None:
        made = opened(gateway, services, type="correction", corrections={"user.name": "Siti"})
        work(services, clock)
        decide(gateway, made, "approve")
        work(services, clock)
        (event,) = system.asked()
        assert event["data"]["values"] == {"user.name": "Siti"}
        system.answer(event["data"]["task"], found=1, changed=1)
        work(services, clock)
        assert status(gateway, made) == "completed"

    def test_a_place_that_gave_it_up_is_for_a_person(
        self, system: System, gateway: Gateway, services: Services, clock: FixedClock
    ) -> None:
        made = opened(gateway, services, type="deletion")
        work(services, clock)
        decide(gateway, made, "approve")
        work(services, clock)
        (event,) = system.asked()
        system.answer(event["data"]["task"], verdict="failed", found=0, changed=0)
        work(services, clock)
        assert status(gateway, made) == "in_progress"
        progress = services._plans.get(made.json()["request_id"])
        assert progress
        (task,) = progress.failed
        assert task.failure == "failed_there"

    def test_a_worker_that_dies_over_an_answer_finds_it_again(
        self, system: System, gateway: Gateway, services: Services, clock: FixedClock
    ) -> None:
        made = opened(gateway, services, type="deletion")
        work(services, clock)
        decide(gateway, made, "approve")
        work(services, clock)
        (event,) = system.asked()
        system.answer(event["data"]["task"])
        task = services.remote_tasks.get(event["data"]["task"])
        assert task
        kept = services.remote_tasks.open(task)
        assert kept
        # It died after the plan was moved on and before the answer was closed.
        services.fulfilment_tasks.answer(task.request_id, CRM, Deed.ERASE, kept.outcome, kept.rows)
        work(services, clock)
        assert status(gateway, made) == "completed"
        assert system.state(task.task_id) is TaskState.TAKEN

    def test_who_cannot_know_the_person_is_not_asked(
        self,
        system: System,
        gateway: Gateway,
        services: Services,
        clock: FixedClock,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(services.places, "locate", lambda _identities: {CRM: Seeds()})
        made = opened(gateway, services, type="deletion")
        work(services, clock)
        decide(gateway, made, "approve")
        work(services, clock)
        assert system.asked() == []
        assert status(gateway, made) == "completed"


def test_nothing_is_done_there_at_once(system: System) -> None:
    assert system.place.description.answers_later
    for deed in (system.place.rows, system.place.erase, system.place.restrict):
        with pytest.raises(AnswersLater):
            deed(Seeds())
