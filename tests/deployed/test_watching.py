"""The deployed watcher: an alert in the staff's mailbox, the end of what nobody proved."""

from dataclasses import replace
from datetime import timedelta

from chalicelib.law.case import Case
from chalicelib.law.clocks import deadlines
from chalicelib.requests.models import Content, DataRequest, Status
from infra.local.stack import Stack
from tests.deployed.conftest import invoke
from tests.deployed.mailbox import Delivered, mails_to, wait_for_mail, wait_until
from tests.deployed.test_proof import SCHEDULED
from tests.unit.requests.asked import request


def received(stack: Stack, fresh: str, status: Status, ago: timedelta) -> DataRequest:
    """A request that came in `ago`, in the deployed table."""
    services = stack.services
    at = services.clock.now() - ago
    asked = replace(
        request(status, received_at=at),
        request_id=fresh,
        deadlines=deadlines({"id": None}, "access", Case(received_at=at)),
        content=Content(f"{fresh.lower()}@example.test", "id"),
    )
    services.run_command(lambda: services._request_store.add_actions(asked))
    return asked


def alert_about(stack: Stack, request_id: str) -> Delivered:
    address = stack.settings.alert_address

    def arrived() -> Delivered | None:
        found = [each for each in mails_to(stack, address) if request_id in each.text]
        return found[-1] if found else None

    return wait_until(arrived)


def test_an_alert_reaches_the_staff_once(stack: Stack, fresh: str) -> None:
    received(stack, fresh, Status.OPEN, timedelta(hours=25))
    for _ in range(2):
        invoke(stack, "WatchRequests", SCHEDULED)
    alert = alert_about(stack, fresh)
    assert alert.subject == "A request is due in 47 hours"
    assert "UU PDP 27/2022, article 32" in alert.text
    assert fresh.lower() + "@" not in alert.text + alert.html
    counted = stack.services._request_store.get(fresh)
    assert counted is not None
    assert (counted.alerts, counted.revision) == (1, 2)
    address = stack.settings.alert_address
    assert len([each for each in mails_to(stack, address) if fresh in each.text]) == 1


def test_what_nobody_proved_ends_and_its_address_is_told(stack: Stack, fresh: str) -> None:
    asked = received(stack, fresh, Status.AWAITING_IDENTITY, timedelta(days=28, minutes=1))
    invoke(stack, "WatchRequests", SCHEDULED)
    told = wait_for_mail(stack, asked.content.email)
    assert told.subject == "Permintaan Anda tentang data Anda telah berakhir"
    lapsed = stack.services._request_store.get(fresh)
    assert lapsed is not None
    # With its key, which the watcher may destroy: nobody proved that this was theirs to say.
    assert (lapsed.status, lapsed.forgotten) == (Status.LAPSED, True)
    assert lapsed.content.email == ""


def test_the_schedule_starts_it_every_five_minutes(stack: Stack) -> None:
    events = stack.session.client("events")
    name = stack.deployment.outputs["WatchRequestsName"]
    started = {
        rule["ScheduleExpression"]
        for rule in events.list_rules()["Rules"]
        for target in events.list_targets_by_rule(Rule=rule["Name"])["Targets"]
        if name in target["Arn"]
    }
    assert started == {"rate(5 minutes)"}
