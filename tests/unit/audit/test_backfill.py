"""The backfill finds the digests that nothing holds, and adds them once."""

from collections.abc import Iterable
from datetime import timedelta

import pytest

from chalicelib.audit.__main__ import main
from chalicelib.audit.archive import Archive
from chalicelib.audit.backfill import ENTITY, Backfill
from chalicelib.audit.collector import FIRST_LOOKBACK, Collector
from chalicelib.audit.digests import preference_digest, receipt_of
from chalicelib.audit.leaves import Leaves
from chalicelib.audit.verifier import verify, verify_receipt
from chalicelib.services import use
from chalicelib.tables.codec import Item
from tests.unit.audit.test_digests import PREFERENCE
from tests.unit.audit.world import World


def stored(world: World, *names: str) -> list[bytes]:
    """Puts preferences into the table; their digests, which nobody has brought to the trail."""
    items: list[Item] = [{**PREFERENCE, "sk": f"EVENT#{name}"} for name in names]
    for item in items:
        world.tables.preferences.put_new(item)
    return [preference_digest(item) for item in items]


def backfill(world: World) -> Backfill:
    tables = world.tables
    return Backfill(
        tables.preferences,
        Archive(tables.s3, tables.bucket),
        Collector(tables.records, tables.audit),
        world.trail,
        world.book,
        world.clock,
    )


def bring(world: World, digests: Iterable[bytes]) -> None:
    """What the stream does."""
    world.book.add(digests, world.clock.now())


def test_before_the_first_checkpoint_what_the_stream_brought_is_held(world: World) -> None:
    one, two = stored(world, "1", "2")
    bring(world, [one])
    gap = backfill(world).find()
    assert (gap.preferences, gap.missing, gap.undigestible) == (2, frozenset([two]), 0)


def test_what_a_checkpoint_or_the_next_one_holds_is_not_missing(world: World) -> None:
    sealed, waiting, lost = stored(world, "1", "2", "3")
    bring(world, [sealed])
    world.clock.advance(timedelta(hours=1))
    world.checkpoint()
    world.clock.advance(timedelta(hours=5))
    world.checkpoint()
    bring(world, [waiting])
    assert backfill(world).find().missing == {lost}


def test_a_batch_that_no_checkpoint_will_collect_any_more_holds_nothing(world: World) -> None:
    """Brought days before the first checkpoint looked."""
    [digest] = stored(world, "1")
    bring(world, [digest])
    world.clock.advance(timedelta(milliseconds=FIRST_LOOKBACK) + timedelta(hours=1))
    world.checkpoint()
    assert backfill(world).find().missing == {digest}


def test_leaves_that_are_gone_hold_nothing(world: World) -> None:
    [digest] = stored(world, "1")
    bring(world, [digest])
    world.clock.advance(timedelta(seconds=1))
    world.checkpoint()
    world.clock.advance(timedelta(hours=3))
    world.checkpoint()
    for name in world.objects():
        if name.endswith(".leaves"):
            world.tables.s3.delete_object(Bucket=world.tables.bucket, Key=name)
    assert backfill(world).find().missing == {digest}


def test_what_was_added_is_sealed_and_its_receipt_verifies(world: World) -> None:
    world.checkpoint()
    digests = stored(world, *map(str, range(1200)))
    mend = backfill(world)
    mend.add(mend.find())
    assert mend.find().missing == set()
    world.clock.advance(timedelta(seconds=1))
    world.checkpoint()

    bundle = world.export()
    keys = [world.signer.public]
    assert verify(bundle, keys).findings == ()
    for digest in (digests[0], digests[-1]):
        report = verify_receipt(bundle, keys, receipt_of(digest))
        assert len(report.inclusions) == 1
    assert mend.find().missing == set()


def test_adding_again_changes_no_tree_and_leaves_no_second_entry(world: World) -> None:
    [digest] = stored(world, "1")
    mend = backfill(world)
    gap = mend.find()
    mend.add(gap)
    mend.add(mend.find())
    [entry] = world.trail.history(ENTITY)
    assert (entry.action, entry.facts) == ("digests.backfilled", {"missing": 1})

    mend.add(gap)  # two operators found the same gap
    world.clock.advance(timedelta(seconds=1))
    world.checkpoint()
    [leaves] = [
        Leaves.from_bytes(
            world.tables.s3.get_object(Bucket=world.tables.bucket, Key=name)["Body"].read()
        )
        for name in world.objects()
        if name.endswith(".leaves")
    ]
    assert leaves.digests == (digest,)


def test_what_our_code_never_wrote_is_counted_and_stops_nothing(world: World) -> None:
    table = world.tables.preferences
    table.client.put_item(
        TableName=table.name, Item={"pk": {"S": "a"}, "sk": {"S": "b"}, "n": {"NS": ["1"]}}
    )
    [digest] = stored(world, "1")
    gap = backfill(world).find()
    assert (gap.undigestible, gap.missing) == (1, frozenset([digest]))


def test_a_table_longer_than_a_page_is_read_whole(world: World) -> None:
    table = world.tables.preferences
    for number in range(4):
        item: Item = {**PREFERENCE, "sk": str(number), "sealed": bytes(390_000)}
        table.put_new(item)
    assert len(backfill(world).find().missing) == 4


def test_the_command_counts_and_adds_only_when_told(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    stored(world, "1", "2")
    use(world.services())
    try:
        assert main(["backfill"]) == 1
        assert "2 preferences, 2 digests missing" in capsys.readouterr().out
        assert main(["backfill", "--add"]) == 0
        assert main(["backfill"]) == 0
    finally:
        use(None)
