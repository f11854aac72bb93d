"""Which requests are of a kind, and that of one kind a person has at most one open."""

from collections import Counter
from typing import cast

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.requests.models import (
    Accepted,
    Capacity,
    ClientUser,
    Content,
    DataRequest,
    Mandate,
    RequestType,
)
from chalicelib.requests.register import Register
from chalicelib.requests.rules import ImpossibleNow
from chalicelib.services import Services
from chalicelib.tables.table import Table
from tests.contract.office import office
from tests.fakes import FixedClock
from tests.unit.requests.asked import request

REGISTER = Register(cast("Table", None), lambda: bytes(32))
TEXT = st.text(max_size=20)
CONTENTS = st.builds(
    Content,
    email=st.sampled_from(["siti@example.test", "budi@example.test", ""]),
    language=st.just("id"),
    client=TEXT,
    details=TEXT,
    corrections=st.dictionaries(st.sampled_from(["user.name", "user.phone"]), TEXT, max_size=2),
    mandate=st.none()
    | st.builds(Mandate, st.sampled_from(Capacity), name=TEXT, email=st.sampled_from(["", "a@b"])),
)


@given(type_=st.sampled_from(RequestType), content=CONTENTS)
def test_a_kind_names_a_type_and_nothing_that_was_said(
    type_: RequestType, content: Content
) -> None:
    kind, _, mac = REGISTER.kind_of(request(type=type_, content=content)).partition("#")
    assert kind == type_.value
    assert mac == "" or (len(mac) == 64 and set(mac) <= set("0123456789abcdef"))


@given(
    corrections=st.dictionaries(TEXT, TEXT, max_size=4),
    others=st.dictionaries(TEXT, TEXT, max_size=4),
)
def test_corrections_are_of_a_kind_when_they_say_the_same_in_any_order(
    corrections: dict[str, str], others: dict[str, str]
) -> None:
    def kind(said: dict[str, str]) -> str:
        content = Content("siti@example.test", "id", corrections=said)
        return REGISTER.kind_of(request(type=RequestType.CORRECTION, content=content))

    backwards = dict(reversed(corrections.items()))
    assert kind(corrections) == kind(backwards)
    assert (kind(corrections) == kind(others)) == (corrections == others)


STEPS = st.lists(
    st.tuples(st.sampled_from(["open", "withdraw"]), st.integers(0, 3), st.integers(0, 5)),
    min_size=1,
    max_size=12,
)
KINDS = [(RequestType.ACCESS, ""), (RequestType.ACCESS, "PT"), (RequestType.DELETION, "")]


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
def test_of_a_kind_a_person_has_at_most_one_open_whatever_they_do(
    steps: list[tuple[str, int, int]],
) -> None:
    with office(FixedClock()) as services:
        made: list[str] = []
        for step, which, number in steps:
            if step == "open":
                made.append(opened(services, *KINDS[which % len(KINDS)]))
            elif made:
                withdrawn(services, made[number % len(made)])
            check(services, made)


def opened(services: Services, type_: RequestType, client: str) -> str:
    """The id of a request that the platform vouched for."""
    common = Content("", "id", client=client)
    user = ClientUser("siti@example.test")
    (row,) = services.client_intake.take_in(type_, common, [user], "platform", None)
    assert isinstance(row, Accepted)
    return row.request_id


def withdrawn(services: Services, request_id: str) -> None:
    try:
        services.requests.withdraw(request_id, f"request/{request_id}")
    except ImpossibleNow:
        assert services.request_book.get(request_id).status == "joined"


def check(services: Services, made: list[str]) -> None:
    """What holds between any two steps."""
    requests: list[DataRequest] = [services.request_book.get(each) for each in made]
    living = Counter((each.type, each.content.client) for each in requests if each.open_as)
    assert all(count == 1 for count in living.values())
    items = services.dynamodb.scan(TableName=services.settings.records_table)["Items"]
    markers = {each["request"]["S"] for each in items if each["et"]["S"] == "open_request"}
    assert markers == {each.request_id for each in requests if each.status == "open"}
    by_id = {each.request_id: each for each in requests}
    for each in requests:
        if each.joined_to:
            first = by_id[each.joined_to]
            assert (first.type, first.content.client) == (each.type, each.content.client)
            assert first.request_id < each.request_id
