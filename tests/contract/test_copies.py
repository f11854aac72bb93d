"""Parts and archives on moto: streamed, sealed, replaced whole or not at all."""

import csv
import hashlib
import io
import json
import os
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError

from chalicelib.connectors.places import PlaceUnavailable, Row, Verdict
from chalicelib.requests.copies.errors import PartMissing
from chalicelib.requests.copies.frames import FRAME_BYTES, FrameReader
from chalicelib.requests.copies.models import PartDescription
from chalicelib.services import Services
from chalicelib.vault.errors import KeyDestroyed, SealBroken
from chalicelib.vault.keys import Scope
from tests.contract.copying import BOOKS, LOGS, PLATFORM, ROWS, Copying, many
from tests.gateway import Gateway


@pytest.fixture
def copying(gateway: Gateway, services: Services) -> Copying:
    return Copying.of(gateway, services)


def rows_of(reader: FrameReader) -> list[Row]:
    return [
        Row(collection, json.loads(line))
        for collection in reader.collections
        for line in reader.lines(collection)
    ]


def read(copying: Copying, place_id: str = PLATFORM.id) -> FrameReader:
    return copying.services.copy_parts.read(copying.request.request_id, place_id)


class TestParts:
    def test_what_was_written_is_read(self, copying: Copying) -> None:
        assert copying.gather() == 3
        part = read(copying)
        assert rows_of(part) == list(ROWS)
        assert {name: each.rows for name, each in part.collections.items()} == {
            "users": 1,
            "payments": 2,
        }
        assert list(part.collections["payments"].columns) == ["id", "amount", "tags", "at", "memo"]

    def test_long_parts_go_in_pieces_and_come_back_in_order(self, copying: Copying) -> None:
        noise = [
            Row("noise", {"number": number, "text": os.urandom(60_000).hex()})
            for number in range(180)
        ]
        copying.gather([*many(5000), *noise])
        found = rows_of(read(copying))
        assert found[:2500] == [row for row in many(5000) if row.collection == "even"]
        assert [row.values for row in found[5000:]] == [row.values for row in noise]
        assert len(copying.object(copying.names()[0])) > 8 * 1024 * 1024  # several pieces

    def test_a_row_may_be_longer_than_a_frame(self, copying: Copying) -> None:
        row = Row("files", {"content": os.urandom(FRAME_BYTES).hex()})
        copying.gather([row, row])
        assert rows_of(read(copying)) == [row, row]

    def test_a_place_without_rows_has_an_empty_part(self, copying: Copying) -> None:
        assert copying.gather([]) == 0
        assert rows_of(read(copying)) == []

    def test_writing_again_replaces_it(self, copying: Copying) -> None:
        for rows in (ROWS, ROWS, ROWS[:1]):
            copying.gather(rows)
        assert rows_of(read(copying)) == [ROWS[0]]
        assert len(copying.names()) == 1

    @pytest.mark.parametrize("count", [1, 4000], ids=["at once", "in pieces"])
    def test_a_crash_in_the_middle_leaves_what_was_there(
        self, copying: Copying, count: int
    ) -> None:
        copying.gather()

        def breaks() -> Iterator[Row]:
            for number in range(count):
                yield Row("users", {"number": number, "text": os.urandom(4000).hex()})
            raise PlaceUnavailable

        with pytest.raises(PlaceUnavailable):
            copying.gather(breaks())
        assert rows_of(read(copying)) == list(ROWS)
        assert pending_uploads(copying) == 0

    def test_what_was_never_written_is_missing(self, copying: Copying) -> None:
        with pytest.raises(PartMissing):
            read(copying)

    def test_what_s3_will_not_tell_us_of_is_missing(self, copying: Copying) -> None:
        def refuse(**_: object) -> None:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "GetObject")

        copying.services.s3.meta.events.register("before-call.s3.GetObject", refuse)
        with pytest.raises(PartMissing):
            read(copying)

    def test_what_goes_while_it_is_read_is_missing_and_named(self, copying: Copying) -> None:
        copying.gather()
        part = read(copying)
        copying.services.copy_parts.remove(copying.request.request_id)
        with pytest.raises(PartMissing) as missing:
            list(part.lines("users"))
        assert missing.value.place_id == PLATFORM.id

    def test_it_is_sealed_under_the_requests_key(self, copying: Copying) -> None:
        copying.gather()
        stored = copying.object(copying.names()[0])
        assert b"Siti" not in stored
        assert b"users" not in stored
        here = copying.services
        scope = Scope.request(copying.request.request_id)
        here.run_command(lambda: here.keyring.destroy_actions(scope))
        here.keyring.forget(scope)
        with pytest.raises(KeyDestroyed):
            read(copying)

    def test_it_opens_nowhere_else(self, copying: Copying) -> None:
        copying.gather()
        here = copying.services
        (key,) = copying.names()
        moved = key.replace(PLATFORM.id, LOGS.id)
        here.s3.put_object(Bucket=here.settings.exports_bucket, Key=moved, Body=copying.object(key))
        with pytest.raises(SealBroken):
            read(copying, LOGS.id)

    def test_no_byte_of_it_can_be_changed(self, copying: Copying) -> None:
        copying.gather()
        here = copying.services
        (key,) = copying.names()
        whole = copying.object(key)
        for position in (*range(0, len(whole), 41), *range(len(whole) - 4, len(whole))):
            changed = bytearray(whole)
            changed[position] ^= 1
            here.s3.put_object(Bucket=here.settings.exports_bucket, Key=key, Body=bytes(changed))
            with pytest.raises(SealBroken):
                rows_of(read(copying))

    def test_frames_of_two_writes_do_not_mix(self, copying: Copying) -> None:
        here = copying.services
        copying.gather()
        (key,) = copying.names()
        first = copying.object(key)
        copying.gather()
        second = copying.object(key)
        half = len(first) // 2
        for mixed in (first[:half] + second[half:], second[:half] + first[half:]):
            here.s3.put_object(Bucket=here.settings.exports_bucket, Key=key, Body=mixed)
            with pytest.raises(SealBroken):
                rows_of(read(copying))

    def test_removing_leaves_other_requests_alone(
        self, copying: Copying, gateway: Gateway, services: Services
    ) -> None:
        other = Copying.of(gateway, services)
        for each in (copying, other):
            each.gather()
            each.gather(place=LOGS)
        services.copy_parts.remove(copying.request.request_id)
        assert (len(copying.names()), len(other.names())) == (0, 2)


class TestArchive:
    def test_it_holds_every_row_twice_and_the_report(self, copying: Copying) -> None:
        copying.gather()
        built = copying.build()
        files = copying.files(built)
        assert set(files) == {
            "places/platform/users.json",
            "places/platform/users.csv",
            "places/platform/payments.json",
            "places/platform/payments.csv",
            "report.html",
            "trail.json",
            "keys.json",
            "manifest.json",
            "manifest.jws",
        }
        assert json.loads(files["places/platform/payments.json"]) == [
            row.values for row in ROWS[1:]
        ]
        text = files["places/platform/payments.csv"].decode("utf-8-sig")
        assert list(csv.DictReader(io.StringIO(text, newline=""))) == [
            {"id": "7", "amount": "12.5", "tags": '["a","b"]', "at": "", "memo": ""},
            {"id": "8", "amount": "-3", "tags": "", "at": "", "memo": 'kopi, teh; "susu"\nés'},
        ]
        assert "'=1+1" in files["places/platform/users.csv"].decode()
        assert "=1+1" in files["places/platform/users.json"].decode()
        assert built.rows == 3

    def test_it_knows_its_own_hash_and_size(self, copying: Copying) -> None:
        copying.gather()
        built = copying.build()
        archive = copying.archive(built)
        assert built.sha256 == hashlib.sha256(archive).hexdigest()
        assert built.size == len(archive)
        assert built.facts() == {
            "copy_sha256": built.sha256,
            "copy_bytes": built.size,
            "copy_rows": 3,
        }

    def test_the_trail_goes_along_as_it_is_chained(self, copying: Copying) -> None:
        copying.gather()
        files = copying.files(copying.build())
        trail = json.loads(files["trail.json"])
        assert [each["action"] for each in trail] == ["request.received", "request.proved"]
        assert trail[1]["previous"] == trail[0]["hash"]

    def test_without_any_row_there_is_a_report(self, copying: Copying) -> None:
        files = copying.files(copying.build([PartDescription(LOGS, Verdict.NOTHING_FOUND)]))
        assert "nothing about you" in files["report.html"].decode()

    def test_what_the_staff_did_by_hand_needs_no_part(self, copying: Copying) -> None:
        files = copying.files(copying.build([PartDescription(BOOKS, Verdict.DONE, by_hand=True)]))
        assert "Looked through by our staff" in files["report.html"].decode()

    def test_a_part_that_should_be_there_and_is_not_stops_the_build(self, copying: Copying) -> None:
        with pytest.raises(PartMissing):
            copying.build()
        assert copying.names() == []

    def test_a_build_that_breaks_in_the_middle_leaves_nothing(self, copying: Copying) -> None:
        copying.gather([Row("noise", {"text": os.urandom(30_000).hex()}) for _ in range(400)])
        copying.gather(place=BOOKS)
        books = f"parts/{copying.request.request_id}/{BOOKS.id}"
        broken = bytearray(copying.object(books))
        broken[100] ^= 1
        here = copying.services
        here.s3.put_object(Bucket=here.settings.exports_bucket, Key=books, Body=bytes(broken))
        done = [PartDescription(each, Verdict.DONE) for each in (PLATFORM, BOOKS)]
        with pytest.raises(SealBroken):
            copying.build(done)
        assert all(key.startswith("parts/") for key in copying.names())
        assert pending_uploads(copying) == 0

    def test_building_again_makes_another_object(self, copying: Copying) -> None:
        """Two workers at the same copy: neither's hash is ever said of the other's archive."""
        copying.gather()
        first, second = copying.build(), copying.build()
        assert first.object_id != second.object_id
        for built in (first, second):
            assert hashlib.sha256(copying.archive(built)).hexdigest() == built.sha256


def pending_uploads(copying: Copying) -> int:
    here = copying.services
    listed = here.s3.list_multipart_uploads(Bucket=here.settings.exports_bucket)
    return len(listed.get("Uploads", []))
