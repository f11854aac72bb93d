"""A place in S3: objects written anew without the person, never over somebody else's write."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.connectors.places import (
    Outcome,
    Place,
    PlaceUnavailable,
    Seeds,
    UnreadableObject,
    Verdict,
)
from chalicelib.connectors.s3 import S3Store
from chalicelib.connectors.s3_versions import KeptBesideErased
from chalicelib.connectors.stored_place import StoredPlace
from chalicelib.inventory.service import mandates
from chalicelib.services import Services
from tests.contract.shop import ANI, BUCKET, MAILS, SITI, VISITS, Shop, open_shop
from tests.contract.test_dynamodb_place import Interposed
from tests.maps import BOTH, dataset

SEEDS = Seeds({"visits.customer_id": ("c1",), "mails.to": (SITI,)})
THEIRS = [each for each in VISITS if each["customer_id"] == "c2"]


@pytest.fixture
def shop(services: Services) -> Shop:
    return open_shop(services)


@pytest.fixture
def place(shop: Shop, services: Services) -> Place:
    return services.places.at("shop_logs")


def place_on(client: Any, services: Services) -> StoredPlace:
    store = S3Store(client, BUCKET)
    return StoredPlace(dataset("shop_logs"), store, mandates, services.clock)


def once(action: Callable[[], object]) -> Callable[[], None]:
    left = [action]

    def act() -> None:
        if left:
            left.pop()()

    return act


def test_rows_are_found_in_every_object(place: Place) -> None:
    found = [(row.collection, row.values) for row in place.rows(SEEDS)]
    visits = [values for name, values in found if name == "visits"]
    assert visits == [each for each in VISITS if each["customer_id"] == "c1"]
    assert ("mails", {"to": SITI, "name": "Rahma, Siti", "sent": "1"}) in found
    assert len(found) == 4


def test_erasure_takes_the_rows_out(place: Place, shop: Shop) -> None:
    assert place.erase(SEEDS, rehearse=True) == Outcome(4, 4)
    assert len(shop.visits()) == 6
    assert place.erase(SEEDS, rehearse=False) == Outcome(4, 4)
    assert shop.visits() == THEIRS
    assert shop.mails() == f"to,name,sent\n{SITI},,1\n{ANI},Ani,2\n"
    assert place.erase(SEEDS, rehearse=False) == Outcome(1, 0)  # the mail, of whose name nothing is


def test_an_object_without_the_person_is_not_touched(place: Place, shop: Shop) -> None:
    before = shop.s3.head_object(Bucket=BUCKET, Key="visits/2.ndjson")
    place.erase(SEEDS, rehearse=False)
    after = shop.s3.head_object(Bucket=BUCKET, Key="visits/2.ndjson")
    assert (after["ETag"], after["LastModified"]) == (before["ETag"], before["LastModified"])


def test_lines_that_stay_stay_byte_by_byte(place: Place, shop: Shop) -> None:
    odd = b'{ "customer_id" : "c2", "at": 1.50, "name": "Se\\u00f1or" }\n'
    mine = b'{"customer_id": "c1"}'
    shop.s3.put_object(
        Bucket=BUCKET,
        Key="visits/3.ndjson",
        Body=odd + b"\n" + mine,
        Metadata={"made-by": "logger"},
        ContentType="application/x-ndjson",
    )
    place.erase(SEEDS, rehearse=False)
    written = shop.s3.get_object(Bucket=BUCKET, Key="visits/3.ndjson")
    assert written["Body"].read() == odd
    assert written["Metadata"] == {"made-by": "logger"}
    assert written["ContentType"] == "application/x-ndjson"


def test_an_object_of_the_person_alone_is_empty_then(place: Place, shop: Shop) -> None:
    body = b'{"customer_id": "c1"}\n' * 3
    shop.s3.put_object(Bucket=BUCKET, Key="visits/4.ndjson", Body=body)
    place.erase(SEEDS, rehearse=False)
    assert shop.visits("visits/4.ndjson") == []


def test_values_are_corrected(place: Place, shop: Shop) -> None:
    assert place.correct(SEEDS, {"user.name": 'Siti "R"'}, rehearse=False) == Outcome(4, 1)
    assert shop.mails() == f'to,name,sent\n{SITI},"Siti ""R""",1\n{ANI},Ani,2\n'


def test_a_write_that_came_between_is_kept(shop: Shop, services: Services) -> None:
    new = {"customer_id": "c2", "ip": "192.0.2.99", "at": 99}
    lines = "".join(f"{json.dumps(each)}\n" for each in [*VISITS, new]).encode()
    write = once(
        lambda: shop.s3.put_object(
            Bucket=BUCKET, Key="visits/1.ndjson.gz", Body=gzip.compress(lines)
        )
    )
    interposed = Interposed(services.s3, "put_object", write)
    place_on(interposed, services).erase(SEEDS, rehearse=False)
    assert shop.visits() == [*THEIRS, new]


def test_an_object_that_went_meanwhile_stays_away(shop: Shop, services: Services) -> None:
    remove = once(lambda: shop.s3.delete_object(Bucket=BUCKET, Key="visits/1.ndjson.gz"))
    interposed = Interposed(services.s3, "put_object", remove)
    place_on(interposed, services).erase(SEEDS, rehearse=False)
    listed = shop.s3.list_objects_v2(Bucket=BUCKET, Prefix="visits/")["Contents"]
    assert [each["Key"] for each in listed] == ["visits/2.ndjson"]


def test_an_object_that_never_stands_still_is_left_to_another_try(
    shop: Shop, services: Services
) -> None:
    count = iter(range(100))

    def write() -> None:
        body = f'{{"customer_id": "c1", "at": {next(count)}}}\n'
        shop.s3.put_object(
            Bucket=BUCKET, Key="visits/1.ndjson.gz", Body=gzip.compress(body.encode())
        )

    with pytest.raises(PlaceUnavailable):
        place_on(Interposed(services.s3, "put_object", write), services).erase(
            SEEDS, rehearse=False
        )


@pytest.fixture
def versions(services: Services) -> Shop:
    return open_shop(services, versions=True)


def all_versions(shop: Shop) -> list[tuple[str, list[dict[str, Any]]]]:
    listed = shop.s3.list_object_versions(Bucket=BUCKET, Prefix="visits/")["Versions"]
    return [(each["Key"], shop.visits(each["Key"], VersionId=each["VersionId"])) for each in listed]


def test_older_versions_go_too(versions: Shop, services: Services) -> None:
    outcome = services.places.at("shop_logs").erase(SEEDS, rehearse=False)
    assert outcome == Outcome(4, 4)
    assert all_versions(versions) == [
        ("visits/1.ndjson.gz", THEIRS),
        ("visits/2.ndjson", [{"customer_id": "c2"}]),
    ]


def test_older_versions_go_though_a_worker_died_before_them(
    versions: Shop, services: Services
) -> None:
    def die() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        place_on(Interposed(services.s3, "delete_object", die), services).erase(
            SEEDS, rehearse=False
        )
    assert len(all_versions(versions)) == 3
    again = place_on(services.s3, services).erase(SEEDS, rehearse=False)
    assert again.verdict is Verdict.DONE
    assert len(all_versions(versions)) == 2


def test_what_was_deleted_with_versions_is_found_in_them(
    versions: Shop, services: Services
) -> None:
    versions.s3.delete_object(Bucket=BUCKET, Key="visits/1.ndjson.gz")
    services.places.at("shop_logs").erase(SEEDS, rehearse=False)
    assert [key for key, _ in all_versions(versions)] == ["visits/2.ndjson"]


KEPT = {"customer_id": "c7", "day": "2025-01-01", "ip": "192.0.2.1"}
OTHERS = {"customer_id": "c8", "day": "2025-01-01", "ip": "192.0.2.2"}
FREE = {"customer_id": "c7", "day": "2012-01-01", "ip": "192.0.2.3"}  # its hold is over
MASKED = {**KEPT, "ip": None}
ONE = Seeds({"visits.customer_id": ("c7",)})


@pytest.fixture
def taxed(services: Services) -> Shop:
    """Visits are kept for the tax, but for their addresses."""
    keep = "keep: [{rule: tax_books, from: day, fields: [customer_id, day]}]"
    day = "          - name: day\n            data_categories: [system.operations]\n"
    text = BOTH.replace(
        "erase: delete}\n          mails", f"erase: delete, {keep}}}\n          mails"
    )
    return open_shop(
        services,
        text.replace("          - name: ip\n", f"{day}          - name: ip\n"),
        versions=True,
    )


def written(shop: Shop, *versions: list[dict[str, str]]) -> None:
    for rows in versions:
        body = "".join(f"{json.dumps(row)}\n" for row in rows).encode()
        shop.s3.put_object(Bucket=BUCKET, Key="visits/9.ndjson", Body=body)


def stored(shop: Shop) -> list[list[dict[str, Any]]]:
    """The versions of that object, newest first."""
    return [rows for key, rows in all_versions(shop) if key == "visits/9.ndjson"]


def erased(services: Services) -> Outcome:
    outcome = services.places.at("shop_logs").erase(ONE, rehearse=False)
    again = services.places.at("shop_logs").erase(ONE, rehearse=False)
    assert again.kept == outcome.kept
    return outcome


def kept(outcome: Outcome) -> list[int]:
    return [each.rows for each in outcome.kept]


def test_a_version_that_alone_holds_what_the_law_keeps_stays(
    taxed: Shop, services: Services
) -> None:
    written(taxed, [KEPT], [OTHERS])
    assert kept(erased(services)) == [1]
    assert stored(taxed) == [[OTHERS], [KEPT]]


def test_of_several_such_versions_the_newest_stays(taxed: Shop, services: Services) -> None:
    written(taxed, [KEPT], [KEPT, OTHERS], [OTHERS])
    assert kept(erased(services)) == [1]
    assert stored(taxed) == [[OTHERS], [KEPT, OTHERS]]


def test_a_version_goes_when_what_the_law_keeps_is_in_the_current_one(
    taxed: Shop, services: Services
) -> None:
    written(taxed, [FREE, KEPT], [KEPT, OTHERS])
    assert kept(erased(services)) == [1]
    assert stored(taxed) == [[MASKED, OTHERS]]


def test_a_deleted_objects_version_that_the_law_keeps_stays(
    taxed: Shop, services: Services
) -> None:
    written(taxed, [KEPT])
    taxed.s3.delete_object(Bucket=BUCKET, Key="visits/9.ndjson")
    assert kept(erased(services)) == [1]
    assert stored(taxed) == [[KEPT]]


def test_what_has_to_go_beside_what_alone_is_kept_is_left_to_people(
    taxed: Shop, services: Services
) -> None:
    written(taxed, [FREE], [FREE, KEPT], [OTHERS])
    for _ in range(2):
        with pytest.raises(KeptBesideErased):
            services.places.at("shop_logs").erase(ONE, rehearse=False)
        assert stored(taxed) == [[OTHERS], [FREE, KEPT]]


def test_a_correction_leaves_older_versions(versions: Shop, services: Services) -> None:
    services.places.at("shop_logs").correct(SEEDS, {"user.name": "S"}, rehearse=False)
    listed = versions.s3.list_object_versions(Bucket=BUCKET, Prefix="mails/")["Versions"]
    assert len(listed) == 2


@pytest.mark.parametrize(
    ("key", "body"),
    [
        ("visits/9.ndjson", b'{"customer_id": "c1"\n'),
        ("visits/9.ndjson", b"[1]\n"),
        ("visits/9.ndjson", b"\xff\xfe\n"),
        ("visits/9.ndjson", b'{"a": "' + b"x" * (8 * 1024 * 1024) + b'"}\n'),
        ("visits/9.ndjson", b'{"customer_id": ' + b"[" * 500 + b"]" * 500 + b"}\n"),
        ("visits/9.ndjson", b'{"customer_id": ' + b"[" * 500_000 + b"]" * 500_000 + b"}\n"),
        ("visits/9.ndjson.gz", b"no gzip"),
        ("visits/9.ndjson.gz", gzip.compress(b'{"customer_id": "c1"}\n')[:-12]),
        ("visits/9.ndjson.gz", gzip.compress(b'{"customer_id": "c1"}\n')[:10] + b"\xff" * 20),
        ("mails/9.csv", MAILS.encode() + b"a,b,c,d\n"),
        ("mails/9.csv", MAILS.encode() + b"a\n"),
        ("mails/9.csv", MAILS.encode() + b'"a,b,c\n'),
    ],
    ids=[
        *("cut off", "no object", "no UTF-8", "too long", "deep", "bottomless"),
        *("no gzip", "gzip cut off", "gzip broken"),
        *("too many columns", "too few columns", "an open quote"),
    ],
)
def test_what_cannot_be_read_cannot_be_judged(
    place: Place, shop: Shop, key: str, body: bytes
) -> None:
    shop.s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    with pytest.raises(UnreadableObject) as unreadable:
        place.erase(SEEDS, rehearse=False)
    assert unreadable.value.code == "place_unreadable_object"
    assert shop.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() == body


@pytest.mark.parametrize("body", [MAILS, MAILS.replace("to,name,sent", '"to","name","sent"')])
def test_a_byte_order_mark_is_no_part_of_a_name_and_stays(
    place: Place, shop: Shop, body: str
) -> None:
    shop.s3.put_object(Bucket=BUCKET, Key="mails/1.csv", Body=f"\ufeff{body}".encode())
    assert place.erase(Seeds({"mails.to": (SITI,)}), rehearse=False) == Outcome(1, 1)
    assert shop.mails() == f"\ufeffto,name,sent\n{SITI},,1\n{ANI},Ani,2\n"


@pytest.mark.parametrize(
    "header",
    ["to;name;sent", "To,name,sent", "to,Name,sent", "\ufeff\ufeffto,name,sent", f"{SITI},Siti,1"],
    ids=["semicolons", "another address", "another name", "two marks", "none"],
)
def test_a_file_without_a_column_of_the_map_is_not_taken_for_one_without_the_person(
    place: Place, shop: Shop, header: str
) -> None:
    body = f"{header}\n{SITI},Siti,1\n".encode()
    shop.s3.put_object(Bucket=BUCKET, Key="mails/9.csv", Body=body)
    for deed in (lambda: list(place.rows(SEEDS)), lambda: place.erase(SEEDS, rehearse=False)):
        with pytest.raises(UnreadableObject):
            deed()
    assert shop.s3.get_object(Bucket=BUCKET, Key="mails/9.csv")["Body"].read() == body


@pytest.mark.parametrize("body", ["", "\ufeff", "sent,name,more,to\n"])
def test_a_file_without_rows_has_nobody(place: Place, shop: Shop, body: str) -> None:
    shop.s3.put_object(Bucket=BUCKET, Key="mails/1.csv", Body=body.encode())
    assert place.erase(Seeds({"mails.to": (SITI,)}), rehearse=False) == Outcome(0, 0)


def test_a_bucket_that_is_not_there_is_unavailable(shop: Shop, services: Services) -> None:
    store = S3Store(services.s3, "another-bucket")
    place = StoredPlace(dataset("shop_logs"), store, mandates, services.clock)
    with pytest.raises(PlaceUnavailable):
        list(place.rows(SEEDS))


class SmallPages:
    """A client whose lists come one by one."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._client, name)
        if not name.startswith("list_"):
            return call
        return lambda **asked: call(MaxKeys=1, **asked)


def test_lists_go_on_from_page_to_page(versions: Shop, services: Services) -> None:
    for key in ("visits/3.ndjson", "visits/4.ndjson"):
        for _ in range(2):
            versions.s3.put_object(Bucket=BUCKET, Key=key, Body=b'{"customer_id": "c1"}\n')
    place_on(SmallPages(services.s3), services).erase(SEEDS, rehearse=False)
    assert "c1" not in str(all_versions(versions))
    assert len(all_versions(versions)) == 4
