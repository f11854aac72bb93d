"""Checkpoints: what they cover, what a crash or a rival leaves behind, what a run costs."""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from chalicelib.audit.checkpoint import RESERVE, Checkpoints, CheckpointsBroken
from chalicelib.audit.collector import Collector
from chalicelib.audit.document import Checkpoint, jws_key
from chalicelib.audit.entry import Entity
from chalicelib.audit.jws import Jws
from chalicelib.audit.leaves import Leaves
from chalicelib.audit.link import Link
from chalicelib.audit.pointer import Pointer
from chalicelib.audit.trail import head_key
from chalicelib.audit.verifier import verify
from chalicelib.clock import to_millis
from chalicelib.tables.codec import Item, encode
from chalicelib.tables.keys import Key
from tests.unit.audit.world import PLENTY, SHORT, Countdown, Crash, World

HOUR = timedelta(hours=1)


def digest(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(4)).digest()


def sound(world: World) -> None:
    """The verifier finds nothing wrong."""
    assert verify(world.export(), [world.signer.public]).findings == ()


def sealed(world: World) -> list[Checkpoint]:
    return [
        Checkpoint.from_payload(Jws.parse(each.jws).payload) for each in world.export().checkpoints
    ]


def all_leaves(world: World) -> list[Leaves]:
    return [Leaves.from_bytes(each.leaves or b"") for each in world.export().checkpoints]


def test_a_checkpoint_covers_heads_and_digests(world: World) -> None:
    world.append("request/1")
    world.append("request/1")
    world.append("incident/7")
    world.book.add([digest(1), digest(2)], world.clock.now())
    world.clock.advance(timedelta(minutes=5))

    report = world.checkpoint()

    assert (report.number, report.written, report.heads, report.leaves) == (1, 1, 2, 4)
    assert report.lag_seconds == 0
    (leaves,) = all_leaves(world)
    assert {(str(head.entity), head.seq) for head in leaves.heads} == {
        ("request/1", 2),
        ("incident/7", 1),
    }
    assert set(leaves.digests) == {digest(1), digest(2)}
    sound(world)


def test_checkpoints_follow_one_another_without_a_gap(world: World) -> None:
    for number in range(4):
        world.append(f"request/{number}")
        world.clock.advance(HOUR)
        world.checkpoint()
    checkpoints = sealed(world)
    assert [each.number for each in checkpoints] == [1, 2, 3, 4]
    for before, after in pairwise(checkpoints):
        assert after.start == before.end
    sound(world)


def test_a_quiet_hour_leaves_an_empty_checkpoint(world: World) -> None:
    world.append("request/1")
    world.checkpoint()
    world.clock.advance(HOUR)
    world.checkpoint()  # begins a little before its window, so it has the first one's leaf again
    world.clock.advance(HOUR)
    assert world.checkpoint().leaves == 0
    assert sealed(world)[2].root.hex() == hashlib.sha256().hexdigest()
    sound(world)


def test_a_run_at_the_same_moment_writes_nothing(world: World) -> None:
    world.append("request/1")
    world.checkpoint()
    assert world.checkpoint().written == 0
    assert len(sealed(world)) == 1


def test_what_the_index_showed_too_late_is_in_the_next_checkpoint(world: World) -> None:
    world.append("request/1")
    late = world.tables.records.get(head("request/1"))
    assert late is not None
    hide(world, "request/1")
    world.clock.advance(timedelta(minutes=1))
    world.checkpoint()
    show(world, late)
    world.clock.advance(timedelta(minutes=10))
    assert world.checkpoint().heads == 1


def test_missed_runs_are_caught_up(world: World) -> None:
    world.append("request/1")
    world.checkpoint()
    for number in range(30):
        world.append(f"request/{number}")
        world.book.add([digest(number)], world.clock.now())
        world.clock.advance(HOUR)
    report = world.checkpoint()
    assert (report.heads, report.lag_seconds) == (30, 0)
    assert len(all_leaves(world)[1].digests) == 30
    sound(world)


def test_a_redelivered_batch_is_stored_once_and_another_cut_is_one_leaf(world: World) -> None:
    world.book.add([digest(2), digest(1)], world.clock.now())
    world.book.add([digest(1), digest(2), digest(2)], world.clock.now())
    world.book.add([digest(2)], world.clock.now())
    world.clock.advance(timedelta(minutes=1))
    assert world.checkpoint().leaves == 2
    assert len(world.export().batches) == 2


def test_many_digests_are_cut_into_items_and_paged(world: World) -> None:
    digests = [digest(number) for number in range(1203)]
    assert world.book.add(digests, world.clock.now()) == 3
    world.clock.advance(timedelta(minutes=1))
    assert world.checkpoint().leaves == 1203
    sound(world)


def test_more_heads_than_one_batch_read_takes(world: World) -> None:
    world.append_to_each(f"request/{number}" for number in range(130))
    assert world.checkpoint().heads == 130


def test_before_the_first_checkpoint_nothing_is_sealed(world: World) -> None:
    world.append("request/1")
    report = verify(world.export(), [world.signer.public])
    assert report.codes == {"nothing_checkpointed"}
    assert (report.entries, report.sealed_until) == (1, None)


# --- crashes -----------------------------------------------------------------------------------


def moments_of_one_run() -> int:
    return 6  # before and after each of: leaves, JWS, pointer


def test_a_run_has_three_writes(world: World) -> None:
    world.append("request/1")
    counting = Countdown()
    world.checkpoints(counting).run(lambda: PLENTY)
    assert counting.passed == moments_of_one_run()


@pytest.mark.parametrize("earlier_runs", [0, 1])
@pytest.mark.parametrize("moment", range(1, moments_of_one_run() + 1))
def test_a_crash_at_any_moment_is_mended_by_the_next_run(
    world: World, moment: int, earlier_runs: int
) -> None:
    for number in range(earlier_runs):
        world.append(f"consent/{number}")
        world.clock.advance(HOUR)
        world.checkpoint()
    world.append("request/1")
    world.book.add([digest(1)], world.clock.now())
    world.clock.advance(timedelta(minutes=5))
    with pytest.raises(Crash):
        world.checkpoints(Countdown(die_at=moment)).run(lambda: PLENTY)

    world.append("request/2")
    world.clock.advance(HOUR)
    report = world.checkpoint()

    assert report.lag_seconds == 0
    assert report.adopted == (1 if moment in {4, 5} else 0)
    assert [each.number for each in sealed(world)] == list(range(1, report.number + 1))
    covered = {str(head.entity) for leaves in all_leaves(world) for head in leaves.heads}
    assert {"request/1", "request/2"} <= covered
    assert digest(1) in {each for leaves in all_leaves(world) for each in leaves.digests}
    sound(world)


def test_every_run_crashing_still_makes_progress(world: World) -> None:
    for moment in [1, 2, 3, 4, 5, 6] * 2:
        world.append(f"request/{moment}")
        world.clock.advance(HOUR)
        with pytest.raises(Crash):
            world.checkpoints(Countdown(die_at=moment)).run(lambda: PLENTY)
    world.checkpoint()
    sound(world)


def test_a_lost_pointer_is_found_again(world: World) -> None:
    for number in range(3):
        world.append(f"request/{number}")
        world.clock.advance(HOUR)
        world.checkpoint()
    world.tables.records.client.delete_item(
        TableName=world.tables.records.name,
        Key={"pk": {"S": "CHECKPOINT"}, "sk": {"S": "LATEST"}},
    )
    world.clock.advance(HOUR)
    report = world.checkpoint()
    assert (report.adopted, report.written, report.number) == (3, 1, 4)
    sound(world)


# --- rivals ------------------------------------------------------------------------------------


class Interrupted:
    """A bucket in which a rival's whole run happens just before our nth write."""

    def __init__(self, s3: Any, at: int, rival: Callable[[], object]) -> None:
        self._s3 = s3
        self._left = at
        self._rival = rival
        self.exceptions = s3.exceptions
        self.get_object = s3.get_object

    def put_object(self, **parameters: Any) -> Any:
        self._left -= 1
        if self._left == 0:
            self._rival()
        return self._s3.put_object(**parameters)


@pytest.mark.parametrize("at", [1, 2])
@pytest.mark.parametrize("step", [timedelta(0), timedelta(seconds=30)])
def test_of_two_runs_at_once_one_wins(world: World, at: int, step: timedelta) -> None:
    world.append("request/1")
    world.book.add([digest(1)], world.clock.now())
    world.clock.advance(timedelta(minutes=5))

    def rival() -> None:
        world.clock.advance(step)
        world.append("request/2")
        world.checkpoint()

    bucket: Any = Interrupted(world.tables.s3, at, rival)
    slow = Checkpoints(
        Collector(world.tables.records, world.tables.audit),
        Pointer(world.tables.records),
        bucket,
        world.tables.bucket,
        world.signer,
        world.clock,
        first_lookback=SHORT,
    )
    slow.run(lambda: PLENTY)

    assert [name for name in world.objects() if name.endswith(".jws")] == [jws_key(1)]
    world.clock.advance(HOUR)
    world.checkpoint()
    assert [each.number for each in sealed(world)] == [1, 2]
    sound(world)


class Busy:
    """A bucket that answers 409 to the first writes: somebody else is creating the object."""

    def __init__(self, s3: Any, times: int) -> None:
        self._s3 = s3
        self._left = times
        self.exceptions = s3.exceptions
        self.get_object = s3.get_object

    def put_object(self, **parameters: Any) -> Any:
        if self._left:
            self._left -= 1
            error = {"Error": {"Code": "ConditionalRequestConflict", "Message": ""}}
            raise self.exceptions.ClientError(error, "PutObject")
        return self._s3.put_object(**parameters)


@pytest.mark.parametrize(("times", "succeeds"), [(1, True), (2, True), (3, False)])
def test_a_write_that_meets_another_is_tried_again(
    world: World, times: int, succeeds: bool
) -> None:
    world.append("request/1")
    busy: Any = Busy(world.tables.s3, times)
    job = Checkpoints(
        Collector(world.tables.records, world.tables.audit),
        Pointer(world.tables.records),
        busy,
        world.tables.bucket,
        world.signer,
        world.clock,
        first_lookback=SHORT,
    )
    if succeeds:
        assert job.run(lambda: PLENTY).written == 1
    else:
        with pytest.raises(world.tables.s3.exceptions.ClientError):
            job.run(lambda: PLENTY)


def test_a_foreign_object_in_the_way_is_not_followed(world: World) -> None:
    world.append("request/1")
    world.checkpoint()
    first = world.export().checkpoints[0].jws
    world.tables.s3.put_object(Bucket=world.tables.bucket, Key=jws_key(2), Body=first.encode())
    world.clock.advance(HOUR)
    with pytest.raises(CheckpointsBroken):
        world.checkpoint()


# --- time --------------------------------------------------------------------------------------


class Stopwatch:
    """`remaining_ms` that shrinks by `step` at each look."""

    def __init__(self, start: int, step: int) -> None:
        self._left = start
        self._step = step

    def __call__(self) -> int:
        self._left -= self._step
        return self._left


def test_no_time_no_checkpoint(world: World) -> None:
    world.append("request/1")
    assert world.checkpoints().run(lambda: RESERVE).written == 0
    assert world.objects() == []


@pytest.mark.parametrize("looks", range(1, 50, 4))
def test_a_run_that_is_cut_short_anywhere_loses_nothing(world: World, looks: int) -> None:
    world.append("request/0")
    world.checkpoint()
    for number in range(6):
        world.append(f"request/{number}")
        world.book.add([digest(number)], world.clock.now())
        world.clock.advance(HOUR)

    cut = world.checkpoints().run(Stopwatch(RESERVE + looks, 1))
    sound_so_far = verify(world.export(), [world.signer.public]).findings
    assert sound_so_far == ()
    report = world.checkpoint()

    assert cut.lag_seconds >= report.lag_seconds == 0
    covered = {str(head.entity) for leaves in all_leaves(world) for head in leaves.heads}
    assert covered == {f"request/{number}" for number in range(6)}
    assert {each for leaves in all_leaves(world) for each in leaves.digests} == {
        digest(number) for number in range(6)
    }
    sound(world)


# --- cost --------------------------------------------------------------------------------------


class Counting:
    """A DynamoDB client that counts calls and the items they return."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.exceptions = client.exceptions
        self.calls = 0
        self.items = 0

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)

        def counted(**parameters: Any) -> Any:
            self.calls += 1
            answer = call(**parameters)
            self.items += len(answer.get("Items", ()))
            self.items += sum(len(found) for found in answer.get("Responses", {}).values())
            return answer

        return counted


@pytest.mark.parametrize("stored", [5, 150])
def test_cost_follows_what_changed_not_what_is_stored(world: World, stored: int) -> None:
    world.append_to_each(f"request/{number}" for number in range(stored))
    world.clock.advance(HOUR)
    world.checkpoint()
    world.clock.advance(3 * HOUR)
    world.checkpoint()
    world.append("request/1")
    world.clock.advance(timedelta(minutes=1))

    counting: Any = Counting(world.tables.records.client)
    records, audit = world.tables.records, world.tables.audit
    job = Checkpoints(
        Collector(
            type(records)(counting, "records", records.name),
            type(audit)(counting, "audit", audit.name),
        ),
        Pointer(records),
        world.tables.s3,
        world.tables.bucket,
        world.signer,
        world.clock,
        first_lookback=SHORT,
    )
    assert job.run(lambda: PLENTY).heads == 1
    assert (counting.calls, counting.items) == (5, 2)  # two hours, two tables, one batch of heads


# --- helpers -----------------------------------------------------------------------------------


def head(entity: str) -> Key:
    return head_key(Entity.parse(entity))


def hide(world: World, entity: str) -> None:
    key = head(entity)
    world.tables.records.client.update_item(
        TableName=world.tables.records.name,
        Key={"pk": {"S": key.pk}, "sk": {"S": key.sk}},
        UpdateExpression="REMOVE due_pk",
    )


def show(world: World, item: Item) -> None:
    world.tables.records.client.put_item(TableName=world.tables.records.name, Item=encode(item))


def test_the_pointer_says_what_was_written(world: World) -> None:
    world.append("request/1")
    world.checkpoint()
    link = Pointer(world.tables.records).read()
    assert link is not None
    assert (link.number, link.end) == (1, to_millis(world.clock.now()))


@pytest.mark.parametrize("noted", [1, 5])
def test_a_slow_run_does_not_set_the_pointer_back(world: World, noted: int) -> None:
    pointer = Pointer(world.tables.records)
    first, ahead = Link(1, digest(1), 10), Link(noted + 1, digest(2), 20)
    pointer.move(Link.start(0), Link(noted, digest(noted), 10))
    pointer.move(Link(noted, digest(noted), 10), ahead)

    pointer.move(Link.start(0), first)
    assert pointer.read() == ahead
    pointer.move(first, Link(2, digest(3), 11))
    assert pointer.read() == ahead
