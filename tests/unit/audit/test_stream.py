"""A stream's records become digests; what cannot be digested holds up nothing and loses nothing."""

from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from chalicelib.audit import stream
from chalicelib.audit.digests import LeafBatch, leaves_bucket, preference_digest
from chalicelib.audit.stream import keep_digests
from chalicelib.clock import to_millis
from chalicelib.tables.codec import Item
from chalicelib.tables.table import Table
from tests.unit.audit.test_digests import PREFERENCE, stream_image
from tests.unit.audit.world import World

LATER: Item = {**PREFERENCE, "sk": "01JLATER"}


def written(image: Any) -> dict[str, Any]:
    return {"eventName": "INSERT", "dynamodb": {"NewImage": image}}


def kept(world: World) -> set[bytes]:
    """The digests in the audit table's present hour."""
    bucket = leaves_bucket(to_millis(world.clock.now()))
    return {
        digest
        for item in world.tables.audit.query_all(bucket)
        for digest in LeafBatch.from_item(item).digests
    }


def test_each_written_item_is_kept_and_a_removal_is_not(world: World) -> None:
    removed = {"eventName": "REMOVE", "dynamodb": {"Keys": {}}}
    event = {"Records": [removed, written(stream_image(PREFERENCE))]}
    assert keep_digests(event, world.book, world.clock.now()) == 0
    assert kept(world) == {preference_digest(PREFERENCE)}


@pytest.mark.parametrize(
    "poison",
    [
        {"n": {"NS": ["1", "2"]}},
        {"n": {"SS": ["x"]}},
        {"n": {"N": "1.5"}},
        {"n": {"B": "?"}},
        {"n": "text"},
        "text",
    ],
)
def test_poison_does_not_hold_up_what_is_around_it(
    world: World, poison: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What a log line holds is tests/unit/test_telemetry.py's: the type and the frames.
    logged: list[Exception] = []
    monkeypatch.setattr(stream, "log_failure", lambda error, _: logged.append(error))
    event = {
        "Records": [
            written(stream_image(PREFERENCE)),
            written(poison),
            {"eventName": "INSERT"},
            written(stream_image(LATER)),
        ]
    }
    assert keep_digests(event, world.book, world.clock.now()) == 2
    assert kept(world) == {preference_digest(PREFERENCE), preference_digest(LATER)}
    assert len(logged) == 2


def test_an_outage_is_a_failure_of_the_batch(world: World) -> None:
    """So that the stream keeps it: nothing is acknowledged that was not stored."""

    class Down(Table):
        def put_new(self, item: Item) -> Item | None:
            raise EndpointConnectionError(endpoint_url="x")

    audit = world.tables.audit
    book = type(world.book)(Down(audit.client, audit.logical, audit.name))
    event = {"Records": [written({"n": {"NS": ["1"]}}), written(stream_image(PREFERENCE))]}
    with pytest.raises(EndpointConnectionError):
        keep_digests(event, book, world.clock.now())


def test_a_batch_that_comes_again_changes_nothing(world: World) -> None:
    event = {"Records": [written(stream_image(PREFERENCE)), written(stream_image(LATER))]}
    for _ in range(2):
        keep_digests(event, world.book, world.clock.now())
    bucket = leaves_bucket(to_millis(world.clock.now()))
    assert len(list(world.tables.audit.query_all(bucket))) == 1
