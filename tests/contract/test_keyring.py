"""The keyring against DynamoDB and KMS: what it stores, how often it asks, what it forgets.

The functions take `clients` and nothing else from the provider, so that the same ones can run
against another implementation of AWS.
"""

import base64
import contextlib
import logging
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

import boto3
import pytest

from chalicelib.clock import to_millis
from chalicelib.ids import UlidFactory
from chalicelib.tables.codec import Item
from chalicelib.tables.conditions import ABSENT
from chalicelib.tables.keys import Key
from chalicelib.tables.table import Page, Table
from chalicelib.tables.transactions import ConditionFailed, Put, transact
from chalicelib.vault.errors import KeyDestroyed, SealBroken
from chalicelib.vault.keyring import Keyring
from chalicelib.vault.keys import Scope
from chalicelib.vault.kms import Branch, KeyService
from chalicelib.vault.ledger import ErasureLedger, Line, lines_bucket
from chalicelib.vault.sealing import SealContext
from chalicelib.vault.vault import Vault
from tests.contract.moto_tables import REGION, moto_tables
from tests.fakes import FixedClock

if TYPE_CHECKING:
    from mypy_boto3_kms import KMSClient

CONTEXT = SealContext("records", "PERSON#1", "PROFILE", "person", 1)
FIVE_MINUTES = timedelta(minutes=5)
SECOND = timedelta(seconds=1)


@dataclass
class Clients:
    """The tables, KMS with a symmetric key, and every call that went out."""

    keys: Table
    records: Table
    audit: Table
    kms: "KMSClient"
    key_arn: str
    stage: str = "test"
    calls: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        for client in (self.keys.client, self.kms):
            plain = getattr(client, "_client", client)  # behind OneCallAtATime
            plain.meta.events.register("before-call", self._count)

    def _count(self, model: Any, **_: object) -> None:
        self.calls[model.name] += 1


@pytest.fixture
def clients() -> Iterator[Clients]:
    with moto_tables() as tables:
        kms = boto3.Session("test", "test", region_name=REGION).client("kms")
        key = kms.create_key()["KeyMetadata"]["Arn"]
        yield Clients(tables.keys, tables.records, tables.audit, kms, key)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def person(fresh: str) -> Callable[[int], Scope]:
    """People under branches that no other test has."""
    return lambda number: Scope(f"person-{fresh}", f"person/{fresh}-{number}")


@pytest.fixture
def budi(person: Callable[[int], Scope]) -> Scope:
    return person(0)


class Container:
    """One Lambda container: its own keyring and caches over the shared tables."""

    def __init__(
        self,
        clients: Clients,
        clock: FixedClock,
        *,
        stage: str | None = None,
        keys: Table | None = None,
    ) -> None:
        self.keys = keys or clients.keys
        self.kms = KeyService(clients.kms, clients.key_arn, stage or clients.stage)
        self.keyring = Keyring(
            self.keys,
            ErasureLedger(clients.records, clients.audit, clock),
            self.kms,
            clock,
            UlidFactory(clock),
            sleep=lambda _: None,
        )
        self.vault = Vault(self.keyring)

    def destroy(self, scope: Scope) -> None:
        transact(self.keys.client, self.keyring.destroy_actions(scope))
        self.keyring.forget(scope)

    def branch_of(self, scope: Scope) -> str:
        return str(stored_key(self.keys, scope)["branch"])


def stored_key(keys: Table, scope: Scope) -> Item:
    item = keys.get(Key(f"SCOPE#{scope.value}", "KEY"), consistent=True)
    assert item is not None
    return item


def overwrite(keys: Table, item: Item, **changes: Any) -> None:
    transact(keys.client, [Put(keys, {**item, **changes})])


class Meeting(Table):
    """A table where all readers of a kind wait for each other before they go on: a sure race."""

    def __init__(self, table: Table, readers: int, *, at: str) -> None:
        super().__init__(table.client, table.logical, table.name)
        self._barrier = threading.Barrier(readers, timeout=20)
        self._at = at

    def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        item = super().get(key, consistent=consistent)
        if self._at == "get" and not consistent:
            self._barrier.wait()
        return item

    def query(self, pk: str, **options: Any) -> Page:
        page = super().query(pk, **options)
        if self._at == "query":
            self._barrier.wait()
        return page


def at_once(count: int, work: Callable[[int], bytes]) -> list[bytes]:
    """What `work` answers in `count` threads."""
    results: list[bytes | None] = [None] * count

    def run(number: int) -> None:
        results[number] = work(number)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert None not in results
    return cast("list[bytes]", results)


# What is stored, and who opens it


def test_what_one_container_seals_another_opens(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    sealed = Container(clients, clock).vault.seal(budi, CONTEXT, b"hello")
    assert Container(clients, clock).vault.open(budi, CONTEXT, sealed) == b"hello"


class Stuttering(Table):
    """Every single write is sent twice, as botocore does when the first answer is lost."""

    def put_new(self, item: Item) -> Item | None:
        super().put_new(item)
        return super().put_new(item)


def test_a_branch_key_whose_write_was_repeated_is_used(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    keys = Stuttering(clients.keys.client, clients.keys.logical, clients.keys.name)
    sealed = Container(clients, clock, keys=keys).vault.seal(budi, CONTEXT, b"hello")
    assert Container(clients, clock).vault.open(budi, CONTEXT, sealed) == b"hello"


def test_a_branch_key_under_an_id_that_came_twice_is_not_used(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    class Taken(Table):
        def put_new(self, item: Item) -> Item | None:
            super().put_new({**item, "wrapped": b"another's"})
            return super().put_new(item)

    keys = Taken(clients.keys.client, clients.keys.logical, clients.keys.name)
    with pytest.raises(SealBroken):
        Container(clients, clock, keys=keys).keyring.key_to_seal(budi)


def test_keys_are_stored_only_wrapped(clients: Clients, clock: FixedClock, budi: Scope) -> None:
    container = Container(clients, clock)
    data_key = container.keyring.key_to_seal(budi).material
    branch = Branch(budi.purpose, container.branch_of(budi))
    branch_key = container.keyring._branches.get([branch])[branch].material
    items = [
        *clients.keys.query_all(f"SCOPE#{budi.value}"),
        *clients.keys.query_all(f"BRANCH#{budi.purpose}"),
    ]
    assert {item["et"] for item in items} == {"data_key", "branch_key"}
    dump = repr(items).encode() + b"".join(
        value for item in items for value in item.values() if isinstance(value, bytes)
    )
    for secret in (data_key, branch_key):
        assert secret not in dump
        assert secret.hex().encode() not in dump
        assert base64.b64encode(secret) not in dump


def test_a_wrapped_key_moved_to_another_scope_does_not_open(
    clients: Clients, clock: FixedClock, person: Callable[[int], Scope]
) -> None:
    container = Container(clients, clock)
    for number in (1, 2):
        container.keyring.key_to_seal(person(number))
    stolen = stored_key(clients.keys, person(1))
    overwrite(clients.keys, stored_key(clients.keys, person(2)), wrapped=stolen["wrapped"])
    with pytest.raises(SealBroken):
        Container(clients, clock).keyring.key_to_seal(person(2))


def test_a_wrapped_key_hung_from_another_branch_does_not_open(
    clients: Clients, clock: FixedClock, person: Callable[[int], Scope]
) -> None:
    container = Container(clients, clock)
    container.keyring.key_to_seal(person(1))
    clock.advance(timedelta(days=31))
    container.keyring.key_to_seal(person(2))
    other = container.branch_of(person(2))
    overwrite(clients.keys, stored_key(clients.keys, person(1)), branch=other)
    with pytest.raises(SealBroken):
        Container(clients, clock).keyring.key_to_seal(person(1))


def test_a_branch_key_opens_only_in_its_stage(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    Container(clients, clock).keyring.key_to_seal(budi)
    with pytest.raises(SealBroken):
        Container(clients, clock, stage="other").keyring.key_to_seal(budi)


def test_a_branch_key_opens_only_under_its_own_name(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    """The whole branch item put under another id, and the data key pointed at it."""
    container = Container(clients, clock)
    container.keyring.key_to_seal(budi)
    [branch] = clients.keys.query_all(f"BRANCH#{budi.purpose}")
    overwrite(clients.keys, branch, sk="01JAGA00000000000000000666")
    overwrite(clients.keys, stored_key(clients.keys, budi), branch="01JAGA00000000000000000666")
    with pytest.raises(SealBroken):
        Container(clients, clock).keyring.key_to_seal(budi)


def test_a_data_key_is_bound_to_its_branch_by_name(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    """Somebody with the right to use KMS gives the same branch key another name."""
    container = Container(clients, clock)
    container.keyring.key_to_seal(budi)
    [branch] = clients.keys.query_all(f"BRANCH#{budi.purpose}")
    old, new = (
        container.kms.context(Branch(budi.purpose, name))
        for name in (str(branch["sk"]), "01JAGA00000000000000000777")
    )
    plain = clients.kms.decrypt(
        CiphertextBlob=cast("bytes", branch["wrapped"]), EncryptionContext=old
    )["Plaintext"]
    wrapped = clients.kms.encrypt(KeyId=clients.key_arn, Plaintext=plain, EncryptionContext=new)[
        "CiphertextBlob"
    ]
    overwrite(clients.keys, branch, sk=new["branch"], wrapped=wrapped)
    overwrite(clients.keys, stored_key(clients.keys, budi), branch=new["branch"])
    with pytest.raises(SealBroken):
        Container(clients, clock).keyring.key_to_seal(budi)


def test_a_changed_branch_key_does_not_open(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    Container(clients, clock).keyring.key_to_seal(budi)
    [branch] = clients.keys.query_all(f"BRANCH#{budi.purpose}")
    wrapped = cast("bytes", branch["wrapped"])
    overwrite(clients.keys, branch, wrapped=wrapped[:-1] + bytes([wrapped[-1] ^ 1]))
    with pytest.raises(SealBroken):
        Container(clients, clock).keyring.key_to_seal(budi)


def test_a_missing_branch_is_broken_not_destroyed(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    """Nobody asked for its destruction: that must not look like an erasure."""
    Container(clients, clock).keyring.key_to_seal(budi)
    overwrite(clients.keys, stored_key(clients.keys, budi), branch="01JAGA00000000000000000404")
    with pytest.raises(SealBroken):
        Container(clients, clock).keyring.keys_to_open([budi])


@pytest.mark.parametrize("damage", [{"branch": 7}, {"wrapped": "text"}, {"wrapped": b""}])
def test_a_malformed_data_key_is_broken(
    clients: Clients, clock: FixedClock, budi: Scope, damage: Item
) -> None:
    Container(clients, clock).keyring.key_to_seal(budi)
    overwrite(clients.keys, stored_key(clients.keys, budi), **damage)
    with pytest.raises(SealBroken):
        Container(clients, clock).keyring.key_to_seal(budi)


@pytest.mark.parametrize("damage", [{"wrapped": "text"}, {"made_at": "yesterday"}])
def test_a_malformed_branch_is_broken(
    clients: Clients, clock: FixedClock, person: Callable[[int], Scope], damage: Item
) -> None:
    Container(clients, clock).keyring.key_to_seal(person(1))
    [branch] = clients.keys.query_all(f"BRANCH#{person(1).purpose}")
    overwrite(clients.keys, branch, **damage)
    with pytest.raises(SealBroken):
        Container(clients, clock).keyring.key_to_seal(person(2))


# How often AWS is asked


def test_a_cold_seal_of_the_very_first_scope(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    container = Container(clients, clock)
    clients.calls.clear()
    container.vault.seal(budi, CONTEXT, b"hello")
    assert clients.calls == {
        "GetItem": 1,  # is there a key?
        "Query": 1,  # is there a branch?
        "GenerateDataKey": 1,
        "PutItem": 1,  # the branch
        "TransactWriteItems": 1,  # the key, if nobody made it and the scope was never destroyed
    }


def test_a_cold_seal_where_the_key_exists(clients: Clients, clock: FixedClock, budi: Scope) -> None:
    Container(clients, clock).keyring.key_to_seal(budi)
    container = Container(clients, clock)
    clients.calls.clear()
    container.vault.seal(budi, CONTEXT, b"hello")
    assert clients.calls == {"GetItem": 1, "BatchGetItem": 1, "Decrypt": 1}


def test_a_first_seal_calls_nobody_and_counts_once_its_key_is_stored(
    clients: Clients, clock: FixedClock, person: Callable[[int], Scope]
) -> None:
    container = Container(clients, clock)
    container.vault.seal(person(1), CONTEXT, b"brings the branch into memory")
    clients.calls.clear()
    sealed, writes = container.vault.seal_first(person(2), CONTEXT, b"hello")
    assert clients.calls == {}
    with pytest.raises(KeyDestroyed):
        container.vault.open(person(2), CONTEXT, sealed)
    transact(container.keys.client, writes)
    assert container.vault.open(person(2), CONTEXT, sealed) == b"hello"
    assert Container(clients, clock).vault.open(person(2), CONTEXT, sealed) == b"hello"


def test_a_scope_gets_no_second_first_key(clients: Clients, clock: FixedClock, budi: Scope) -> None:
    container = Container(clients, clock)
    sealed = container.vault.seal(budi, CONTEXT, b"hello")
    _, writes = container.vault.seal_first(budi, CONTEXT, b"again")
    with pytest.raises(ConditionFailed):
        transact(container.keys.client, writes)
    assert container.vault.open(budi, CONTEXT, sealed) == b"hello"
    container.destroy(budi)
    with pytest.raises(KeyDestroyed):
        transact(container.keys.client, writes)


def test_a_hot_seal_and_a_hot_open_call_nobody(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    vault = Container(clients, clock).vault
    sealed = vault.seal(budi, CONTEXT, b"hello")
    clients.calls.clear()
    for _ in range(10):
        assert vault.open(budi, CONTEXT, sealed) == b"hello"
        vault.seal(budi, CONTEXT, b"again")
    assert clients.calls == {}


def test_fifty_records_of_fifty_people_take_one_batch_read(
    clients: Clients, clock: FixedClock, person: Callable[[int], Scope]
) -> None:
    writer = Container(clients, clock).vault
    sealed = [
        (person(number), CONTEXT, writer.seal(person(number), CONTEXT, b"%d" % number))
        for number in range(51)
    ]
    reader = Container(clients, clock).vault

    clients.calls.clear()
    assert reader.open_many(sealed[50:]) == [b"50"]
    assert clients.calls == {"BatchGetItem": 2, "Decrypt": 1}  # the key, its branch, KMS

    clients.calls.clear()
    assert reader.open_many(sealed[:50]) == [b"%d" % number for number in range(50)]
    assert clients.calls == {"BatchGetItem": 1}  # steady state: the branch is known

    clients.calls.clear()
    reader.open_many(sealed)
    assert clients.calls == {}


def test_a_cold_container_opens_fifty_people_with_one_call_of_kms(
    clients: Clients, clock: FixedClock, person: Callable[[int], Scope]
) -> None:
    writer = Container(clients, clock).vault
    sealed = [
        (person(number), CONTEXT, writer.seal(person(number), CONTEXT, b"x"))
        for number in range(50)
    ]
    reader = Container(clients, clock).vault
    clients.calls.clear()
    assert reader.open_many(sealed) == [b"x"] * 50
    assert clients.calls == {"BatchGetItem": 2, "Decrypt": 1}


def test_a_destroyed_key_among_them_costs_one_more_read(
    clients: Clients, clock: FixedClock, person: Callable[[int], Scope]
) -> None:
    writer = Container(clients, clock)
    sealed = [
        (person(number), CONTEXT, writer.vault.seal(person(number), CONTEXT, b"x"))
        for number in range(3)
    ]
    reader = Container(clients, clock).vault
    reader.open_many(sealed[:1])
    writer.destroy(person(1))
    clients.calls.clear()
    assert reader.open_many(sealed) == [b"x", None, b"x"]
    assert clients.calls == {"BatchGetItem": 2}


def test_opening_nothing_asks_nobody(clients: Clients, clock: FixedClock) -> None:
    container = Container(clients, clock)
    clients.calls.clear()
    assert container.vault.open_many([]) == []
    assert clients.calls == {}


def test_what_cannot_open_is_refused_before_any_key_is_fetched(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    container = Container(clients, clock)
    clients.calls.clear()
    with pytest.raises(SealBroken):
        container.vault.open(budi, CONTEXT, b"\x01 too short")
    assert clients.calls == {}


# The cache


def test_a_plaintext_key_is_gone_after_five_minutes(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    container = Container(clients, clock)
    container.keyring.key_to_seal(budi)
    clock.advance(FIVE_MINUTES - SECOND)
    clients.calls.clear()
    container.keyring.key_to_seal(budi)
    assert clients.calls == {}
    clock.advance(SECOND)
    container.keyring.key_to_seal(budi)
    assert clients.calls == {"GetItem": 1, "BatchGetItem": 1, "Decrypt": 1}


def test_no_keyring_caches_for_longer_than_five_minutes(
    clients: Clients, clock: FixedClock
) -> None:
    kms = KeyService(clients.kms, clients.key_arn, clients.stage)
    ledger = ErasureLedger(clients.records, clients.audit, clock)
    for life in (FIVE_MINUTES + SECOND, timedelta(0)):
        with pytest.raises(ValueError, match="five minutes"):
            Keyring(clients.keys, ledger, kms, clock, UlidFactory(clock), cache_life=life)


# Rotation


def test_branches_are_renewed_after_thirty_days(
    clients: Clients, clock: FixedClock, person: Callable[[int], Scope]
) -> None:
    container = Container(clients, clock)
    first = container.vault.seal(person(1), CONTEXT, b"first")
    clock.advance(timedelta(days=30) - SECOND)
    container.vault.seal(person(2), CONTEXT, b"same branch")
    clock.advance(SECOND)
    last = container.vault.seal(person(3), CONTEXT, b"last")

    branches = [container.branch_of(person(number)) for number in (1, 2, 3)]
    assert branches[0] == branches[1] < branches[2]
    assert Container(clients, clock).vault.open_many(
        [(person(1), CONTEXT, first), (person(3), CONTEXT, last)]
    ) == [b"first", b"last"]


def test_a_new_container_goes_on_with_the_newest_branch(
    clients: Clients, clock: FixedClock, person: Callable[[int], Scope]
) -> None:
    for number in (1, 2):
        Container(clients, clock).keyring.key_to_seal(person(number))
        clock.advance(timedelta(days=20 * number))
    # The second container's branch is 40 days old, the first one's 60: a third is made, and stays.
    for number in (3, 4):
        container = Container(clients, clock)
        container.keyring.key_to_seal(person(number))
    assert container.branch_of(person(3)) == container.branch_of(person(4))
    assert container.branch_of(person(2)) < container.branch_of(person(3))


def test_purposes_have_branches_of_their_own(
    clients: Clients, clock: FixedClock, fresh: str
) -> None:
    container = Container(clients, clock)
    one, other = Scope(f"a-{fresh}", f"a/{fresh}"), Scope(f"b-{fresh}", f"b/{fresh}")
    container.keyring.key_to_seal(one)
    container.keyring.key_to_seal(other)
    assert container.branch_of(one) != container.branch_of(other)


# Races


def test_of_many_creators_one_wins_and_all_use_its_key(
    clients: Clients, clock: FixedClock, person: Callable[[int], Scope]
) -> None:
    Container(clients, clock).keyring.key_to_seal(person(1))  # the branch is there already
    creators = 8
    meeting = Meeting(clients.keys, creators, at="get")
    made = at_once(
        creators,
        lambda _: Container(clients, clock, keys=meeting).keyring.key_to_seal(person(2)).material,
    )
    assert len(set(made)) == 1
    assert Container(clients, clock).keyring.key_to_seal(person(2)).material == made[0]


def test_two_branches_made_at_once_both_serve(
    clients: Clients, clock: FixedClock, person: Callable[[int], Scope]
) -> None:
    meeting = Meeting(clients.keys, 2, at="query")
    sealed = at_once(
        2,
        lambda number: Container(clients, clock, keys=meeting).vault.seal(
            person(number), CONTEXT, b"%d" % number
        ),
    )
    assert len(list(clients.keys.query_all(f"BRANCH#{person(0).purpose}"))) == 2
    assert Container(clients, clock).vault.open_many(
        [(person(number), CONTEXT, each) for number, each in enumerate(sealed)]
    ) == [b"0", b"1"]


def test_a_creator_overtaken_by_a_destruction_makes_nothing(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    """It saw no key; then the key was made and destroyed; then it goes on."""

    class Overtaken(Table):
        def get(self, key: Key, *, consistent: bool = False) -> Item | None:
            item = super().get(key, consistent=consistent)
            other = Container(clients, clock)
            other.keyring.key_to_seal(budi)
            other.destroy(budi)
            return item

    keys = Overtaken(clients.keys.client, clients.keys.logical, clients.keys.name)
    with pytest.raises(KeyDestroyed):
        Container(clients, clock, keys=keys).keyring.key_to_seal(budi)
    assert clients.keys.get(Key(f"SCOPE#{budi.value}", "KEY"), consistent=True) is None


def test_a_loser_whose_winner_was_destroyed_meanwhile_says_so(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    class Overtaken(Table):
        def get(self, key: Key, *, consistent: bool = False) -> Item | None:
            if consistent:  # the loser looks for the winner's key
                Container(clients, clock).destroy(budi)
                return super().get(key, consistent=True)
            Container(clients, clock).keyring.key_to_seal(budi)
            return None

    keys = Overtaken(clients.keys.client, clients.keys.logical, clients.keys.name)
    with pytest.raises(KeyDestroyed):
        Container(clients, clock, keys=keys).keyring.key_to_seal(budi)


# Destruction


def test_a_destroyed_scope_is_unreadable_and_never_made_again(
    clients: Clients, clock: FixedClock, person: Callable[[int], Scope]
) -> None:
    container = Container(clients, clock)
    gone = container.vault.seal(person(1), CONTEXT, b"gone")
    kept = container.vault.seal(person(2), CONTEXT, b"kept")
    container.destroy(person(1))

    for each in (container, Container(clients, clock)):
        with pytest.raises(KeyDestroyed):
            each.vault.open(person(1), CONTEXT, gone)
        with pytest.raises(KeyDestroyed):
            each.vault.seal(person(1), CONTEXT, b"revived")
        assert each.vault.open_many([(person(1), CONTEXT, gone), (person(2), CONTEXT, kept)]) == [
            None,
            b"kept",
        ]


def test_the_ledger_says_when_and_nothing_else(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    container = Container(clients, clock)
    container.keyring.key_to_seal(budi)
    container.destroy(budi)
    assert clients.records.get(Key(f"ERASURE#{budi.value}", "LEDGER"), consistent=True) == {
        "pk": f"ERASURE#{budi.value}",
        "sk": "LEDGER",
        "et": "erasure",
        "v": 1,
        "at": "2026-11-23T10:00:00.000Z",
    }


def test_a_key_goes_with_its_line_or_not_at_all(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    container = Container(clients, clock)
    bucket = lines_bucket(to_millis(clock.now()))
    with pytest.raises(KeyDestroyed):
        container.destroy(budi)
    assert not any(budi.value in str(item) for item in clients.audit.query_all(bucket))
    container.keyring.key_to_seal(budi)
    transact(clients.keys.client, container.keyring.destroy_actions(budi, "erasure"))
    lines = [Line.from_item(item) for item in clients.audit.query_all(bucket, consistent=True)]
    assert [each for each in lines if each.id == budi.value] == [
        Line(to_millis(clock.now()), "key", budi.value, "destroy_key", "erasure")
    ]


def test_what_a_restore_brought_back_goes_again(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    container = Container(clients, clock)
    sealed = container.vault.seal(budi, CONTEXT, b"gone")
    kept, at = stored_key(clients.keys, budi), clock.now()
    container.destroy(budi)
    clients.keys.put_new(kept)
    assert not container.keyring.is_destroyed(budi)
    assert container.vault.open(budi, CONTEXT, sealed) == b"gone"
    for _ in range(2):
        transact(clients.keys.client, container.keyring.destroyed_again_actions(budi, at))
    container.keyring.forget(budi)
    assert container.keyring.is_destroyed(budi)
    with pytest.raises(KeyDestroyed):
        container.vault.open(budi, CONTEXT, sealed)


def test_what_has_no_key_cannot_be_destroyed(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    container = Container(clients, clock)
    with pytest.raises(KeyDestroyed):
        container.destroy(budi)
    container.keyring.key_to_seal(budi)
    container.destroy(budi)
    with pytest.raises(KeyDestroyed):
        container.destroy(budi)


def test_the_window_closes_after_five_minutes(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    """Another container keeps its copy that long; nothing it seals meanwhile is readable later."""
    here, there = Container(clients, clock), Container(clients, clock)
    before = there.vault.seal(budi, CONTEXT, b"before")
    here.destroy(budi)

    clock.advance(FIVE_MINUTES - SECOND)
    assert there.vault.open(budi, CONTEXT, before) == b"before"
    late = there.vault.seal(budi, CONTEXT, b"late")
    clock.advance(SECOND)
    for sealed in (before, late):
        with pytest.raises(KeyDestroyed):
            there.vault.open(budi, CONTEXT, sealed)
    with pytest.raises(KeyDestroyed):
        there.vault.seal(budi, CONTEXT, b"too late")


def test_a_command_in_the_window_fails_instead_of_losing_its_write(
    clients: Clients, clock: FixedClock, budi: Scope, fresh: str
) -> None:
    here, there = Container(clients, clock), Container(clients, clock)
    there.keyring.key_to_seal(budi)

    def write(number: int) -> None:
        item: Item = {
            "pk": f"TEST#{fresh}",
            "sk": str(number),
            "sealed": there.vault.seal(budi, CONTEXT, b"important"),
        }
        put = Put(clients.records, item, ABSENT)
        transact(clients.records.client, [put, there.vault.still_there(budi)])

    write(1)
    here.destroy(budi)
    with pytest.raises(KeyDestroyed):
        write(2)
    assert [item["sk"] for item in clients.records.query_all(f"TEST#{fresh}")] == ["1"]


def test_a_fresh_key_is_not_taken_for_destroyed(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    """An eventually consistent read may not see it yet."""

    class Lagging(Table):
        def batch_get(self, keys: Iterable[Key], *, consistent: bool = False) -> dict[Key, Item]:
            return super().batch_get(keys, consistent=True) if consistent else {}

    sealed = Container(clients, clock).vault.seal(budi, CONTEXT, b"fresh")
    lagging = Lagging(clients.keys.client, clients.keys.logical, clients.keys.name)
    assert Container(clients, clock, keys=lagging).vault.open(budi, CONTEXT, sealed) == b"fresh"


# Keys that end by themselves


def test_a_key_ends_to_the_second_though_its_item_stays(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    end = clock.now() + timedelta(seconds=90)
    writer = Container(clients, clock)
    sealed = writer.vault.seal(budi, CONTEXT, b"short-lived", key_expires=end)
    reader = Container(clients, clock)
    clock.advance(timedelta(seconds=89))
    assert reader.vault.open(budi, CONTEXT, sealed) == b"short-lived"

    clock.advance(SECOND)
    assert stored_key(clients.keys, budi)["ttl"] == int(end.timestamp())
    for each in (writer, reader, Container(clients, clock)):
        with pytest.raises(KeyDestroyed):
            each.vault.open(budi, CONTEXT, sealed)
        with pytest.raises(KeyDestroyed):
            each.vault.seal(budi, CONTEXT, b"more", key_expires=end)


def test_a_key_that_would_be_over_already_is_not_made(
    clients: Clients, clock: FixedClock, budi: Scope
) -> None:
    """The late writer after DynamoDB deleted the ended key, which leaves no ledger entry."""
    with pytest.raises(KeyDestroyed):
        Container(clients, clock).vault.seal(budi, CONTEXT, b"late", key_expires=clock.now())
    assert clients.keys.get(Key(f"SCOPE#{budi.value}", "KEY"), consistent=True) is None


def test_a_key_without_an_end_has_no_ttl(clients: Clients, clock: FixedClock, budi: Scope) -> None:
    Container(clients, clock).keyring.key_to_seal(budi)
    assert "ttl" not in stored_key(clients.keys, budi)


# Keys that authenticate


def test_mac_keys_are_stable_and_of_their_own(clients: Clients, clock: FixedClock) -> None:
    container = Container(clients, clock)
    names = [("cursors", 1), ("receipts", 1), ("receipts", 2)]
    made = [container.keyring.mac_key(*name) for name in names]
    assert len(set(made)) == 3
    assert all(len(key) == 32 for key in made)
    assert [Container(clients, clock).keyring.mac_key(*name) for name in names] == made


# What is said aloud


def test_no_log_line_shows_a_plaintext_key(
    clients: Clients, clock: FixedClock, budi: Scope, caplog: pytest.LogCaptureFixture
) -> None:
    """Not even botocore's debug log, which prints whole answers of KMS."""
    caplog.set_level(logging.DEBUG)
    secrets = []
    for _ in range(2):  # one makes the keys, one unwraps them
        container = Container(clients, clock)
        secrets.append(container.keyring.key_to_seal(budi).material)
        branch = Branch(budi.purpose, container.branch_of(budi))
        secrets.append(container.keyring._branches.get([branch])[branch].material)
    with contextlib.suppress(SealBroken):
        container.vault.open(budi, CONTEXT, b"\x01" + bytes(100))
    assert "GenerateDataKey" in caplog.text  # the log was on
    assert "Decrypt" in caplog.text
    for secret in secrets:
        for shown in (repr(secret), secret.hex(), base64.b64encode(secret).decode()):
            assert shown not in caplog.text
