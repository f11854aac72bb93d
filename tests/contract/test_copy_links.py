"""The copy is handed out for 24 hours, five times, to its requester; and can be opened again."""

from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from chalicelib.requests.copies.errors import CopyTooOld, CopyUsedUp
from chalicelib.requests.copies.models import Link
from chalicelib.services import Services
from tests.contract.asking import letter, make, post, prove
from tests.contract.copying import Copying, release_something
from tests.contract.people import EMAIL, mails, signed_in
from tests.contract.test_tables import at_once
from tests.fakes import FixedClock
from tests.gateway import Answer, Gateway
from tests.tokens import bearer, platform_token, staff_token

DAY = timedelta(hours=24)
INSTANT = timedelta(milliseconds=1)


@pytest.fixture
def copying(gateway: Gateway, services: Services) -> Copying:
    return Copying.of(gateway, services)


def test_a_released_copy_is_fetched_by_a_link_of_a_minute(copying: Copying) -> None:
    built = copying.release()
    answer = copying.get()
    assert answer.status == 200
    said = answer.json()
    assert said == {
        "url": said["url"],
        "expires_at": "2026-11-23T10:01:00.000Z",
        "downloads_left": 4,
        "open_until": "2026-11-24T10:00:00.000Z",
        "sha256": built.sha256,
        "size": built.size,
    }
    assert urlsplit(said["url"]).hostname == "jaga-exports.s3.ap-southeast-3.amazonaws.com"
    query = parse_qs(urlsplit(said["url"]).query)
    assert query["X-Amz-Expires"] == ["60"]
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert answer.headers["cache-control"] == "no-store"
    fetched = requests.get(said["url"], timeout=10)
    assert fetched.content == copying.archive(built)
    disposition = fetched.headers["content-disposition"]
    assert disposition == f'attachment; filename="copy-{copying.request.request_id}.zip"'


def test_the_address_names_nobody(copying: Copying) -> None:
    copying.release()
    url = copying.get().json()["url"]
    content = copying.request.content
    for secret in (
        content.email,
        content.email.partition("@")[0],
        copying.token,
        copying.tracking,
        "Siti",
    ):
        assert secret not in url


def test_before_its_release_there_is_no_copy(copying: Copying) -> None:
    copying.gather()
    copying.build()
    for answer in (copying.get(), copying.open_again()):
        assert (answer.status, answer.code) == (404, "no_copy")


def test_five_links_are_all(copying: Copying) -> None:
    copying.release()
    assert [copying.get().json()["downloads_left"] for _ in range(5)] == [4, 3, 2, 1, 0]
    for _ in range(2):
        answer = copying.get()
        assert (answer.status, answer.code) == (410, "copy_used_up")
    assert copying.actions().count("copy.downloaded") == 5


def test_of_ten_at_once_five_get_a_link(racing: Services, gateway: Gateway) -> None:
    copying = Copying.of(gateway, racing)
    copying.release()
    request_id = copying.request.request_id
    caller = f"subject/{copying.request.subject_id}"
    outcomes = at_once(10, lambda _: racing.copies.link(request_id, caller))
    kinds = sorted(type(each).__name__ for each in outcomes)
    assert kinds == [CopyUsedUp.__name__] * 5 + [Link.__name__] * 5
    left = [each.copy.links_left for each in outcomes if isinstance(each, Link)]
    assert sorted(left) == [0, 1, 2, 3, 4]
    assert copying.actions().count("copy.downloaded") == 5


@pytest.mark.parametrize(
    ("passed", "status", "code"),
    [
        (DAY - INSTANT, 200, None),
        (DAY, 410, "copy_expired"),
        (7 * DAY - INSTANT, 410, "copy_expired"),
        (7 * DAY, 410, "copy_gone"),
    ],
)
def test_an_opening_lasts_24_hours(
    copying: Copying, clock: FixedClock, passed: timedelta, status: int, code: str | None
) -> None:
    copying.release()
    clock.advance(passed)
    answer = copying.get()
    assert answer.status == status
    if code:
        assert answer.code == code


def test_it_is_opened_twice_more_and_then_no_more(copying: Copying, clock: FixedClock) -> None:
    copying.release()
    for left in (1, 0):
        clock.advance(DAY)
        assert copying.get().code == "copy_expired"
        opened = copying.open_again()
        assert (opened.status, opened.json()["openings_left"]) == (200, left)
        assert opened.json()["downloads_left"] == 5
        assert copying.get().json()["downloads_left"] == 4
    clock.advance(DAY)
    assert copying.open_again().code == "copy_gone"
    assert copying.get().code == "copy_expired"
    assert copying.actions()[-4:] == ["copy.reopened", "copy.downloaded"] * 2


def test_one_that_is_used_up_is_opened_at_once(copying: Copying) -> None:
    copying.release()
    for _ in range(5):
        copying.get()
    assert copying.open_again().json()["downloads_left"] == 5
    assert copying.get().status == 200


def test_opening_what_is_open_changes_nothing(copying: Copying) -> None:
    copying.release()
    copying.get()
    before = copying.actions()
    opened = copying.open_again().json()
    assert (opened["downloads_left"], opened["openings_left"]) == (4, 2)
    assert copying.actions() == before


def test_of_several_who_open_it_at_once_one_does(racing: Services, gateway: Gateway) -> None:
    copying = Copying.of(gateway, racing)
    copying.release()
    racing.clock.advance(DAY)  # type: ignore[attr-defined]  # the test's own
    request_id = copying.request.request_id
    caller = f"subject/{copying.request.subject_id}"
    outcomes: Any = at_once(5, lambda _: racing.copies.reopen(request_id, caller))
    assert [each.openings for each in outcomes] == [2] * 5
    assert copying.actions().count("copy.reopened") == 1


def test_no_opening_outlasts_the_archive(copying: Copying, clock: FixedClock) -> None:
    copying.release()
    clock.advance(7 * DAY - timedelta(hours=3))
    opened = copying.open_again().json()
    assert opened["open_until"] == opened["deleted_at"] == "2026-11-30T10:00:00.000Z"
    clock.advance(timedelta(hours=3))
    assert copying.open_again().code == "copy_gone"


def test_an_archive_that_ends_too_soon_is_not_released(copying: Copying, clock: FixedClock) -> None:
    copying.gather()
    built = copying.build()
    clock.advance(6 * DAY + INSTANT)
    with pytest.raises(CopyTooOld):
        copying.services.copies.release_actions(copying.request.request_id, built)
    clock.advance(-INSTANT)
    assert copying.services.copies.release_actions(copying.request.request_id, built)


def test_a_second_release_replaces_the_first(copying: Copying) -> None:
    """After an appeal the request is completed anew, with another copy."""
    copying.release()
    for _ in range(5):
        copying.get()
    second = copying.release()
    said = copying.get().json()
    assert (said["sha256"], said["downloads_left"]) == (second.sha256, 4)


def test_a_release_that_is_retried_begins_anew(copying: Copying) -> None:
    copying.gather()
    built = copying.build()
    here = copying.services
    release = partial(here.copies.release_actions, copying.request.request_id, built)
    here.run_command(release)
    copying.get()
    here.run_command(release)
    assert copying.get().json()["downloads_left"] == 4


def test_only_its_requester_gets_it(copying: Copying, gateway: Gateway, services: Services) -> None:
    copying.release()
    other = Copying.of(gateway, services)
    assert copying.get().status == 200
    for answer in (copying.get(other.token), copying.open_again(other.token)):
        assert (answer.status, answer.code) == (404, "unknown_request")
    for token in ("x", copying.tracking, other.tracking):
        for answer in (copying.get(token), copying.open_again(token)):
            assert answer.status == 401
    assert copying.actions().count("copy.downloaded") == 1


def test_a_confirmed_agent_gets_it_with_a_session_of_their_own(
    gateway: Gateway, services: Services
) -> None:
    agent, person = "budi@agent.test", "siti@example.test"
    mandate = {"capacity": "agent", "name": "Budi", "email": agent}
    made = make(gateway, email=person, on_behalf=mandate)
    session = signed_in(gateway, services, agent)
    release_something(services, made.json()["request_id"])
    assert fetch(gateway, made, session).code == "unknown_request"  # nobody confirmed them
    code = next(each for each in mails(services) if "agent" in each["values"])["values"]["code"]
    assert prove(gateway, made, code).status == 200
    assert fetch(gateway, made, session).json()["downloads_left"] == 4
    assert fetch(gateway, made, signed_in(gateway, services, person)).status == 200
    assert fetch(gateway, made, made.json()["tracking_token"]).status == 401
    stranger = signed_in(gateway, services, "mallory@evil.test")
    assert fetch(gateway, made, stranger).code == "unknown_request"


def test_who_brings_requests_for_others_gets_no_copies(
    gateway: Gateway, services: Services, clock: FixedClock
) -> None:
    """Tokens of the staff's form and of the platform follow requests, and no more."""
    check = {"means": "callback", "reference": "x"}
    form = letter(services, identity_checked=check)
    taken = post(gateway, "/v1/staff/requests", form, staff_token(clock, "agent"))
    body = {"type": "access", "client": "PT", "language": "en", "users": [{"email": EMAIL}]}
    token = platform_token(clock, "requests:write")
    row = post(gateway, "/v1/platform/requests", body, token).json()["requests"][0]
    for made in (taken.json(), row):
        release_something(services, made["request_id"])
        headers = bearer(made["tracking_token"])
        path = f"/v1/requests/{made['request_id']}"
        assert gateway.call("GET", path, headers=headers).status == 200
        assert gateway.call("GET", f"{path}/export", headers=headers).status == 401


def fetch(gateway: Gateway, made: Answer, token: str) -> Answer:
    path = f"/v1/requests/{made.json()['request_id']}/export"
    return gateway.call("GET", path, headers=bearer(token))


def test_removed_archives_cannot_be_fetched(copying: Copying) -> None:
    copying.release()
    url = copying.get().json()["url"]
    copying.services.copies.remove(copying.request.request_id)
    assert [name for name in copying.names() if name.startswith("archives/")] == []
    assert requests.get(url, timeout=10).status_code in {403, 404}  # moto knows no list right
