"""Anonymised rows: nothing of what was dropped is in them, and none stands alone."""

import json
from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.connectors.anonymising import anonymiser_for, transform_for
from chalicelib.connectors.datamap.models import (
    Anonymising,
    Anonymity,
    Collection,
    Dataset,
    Field,
    Strategy,
)
from chalicelib.connectors.disposals import Disposal, NotAnonymous
from chalicelib.connectors.places import Outcome
from chalicelib.connectors.stored_place import StoredPlace
from tests.fakes import FixedClock
from tests.unit.connectors.model_store import ModelStore

KEY = bytes(32)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.dates().map(str)
    | st.datetimes(timezones=st.timezones() | st.none()).map(lambda at: at.isoformat())
    | st.decimals(allow_nan=True).map(str)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner),
    max_leaves=5,
)
STEPS = st.integers(1, 10**9) | st.sampled_from([0.1, 0.25, 0.001, 2.5])
LASTING = st.one_of(
    st.just(Anonymising(Strategy.DROP)),
    st.sampled_from(["year", "month"]).map(lambda to: Anonymising(Strategy.GENERALISE, to=to)),
    STEPS.map(lambda step: Anonymising(Strategy.GENERALISE, step=step)),
    st.integers(1, 9).map(lambda prefix: Anonymising(Strategy.GENERALISE, prefix=prefix)),
    st.lists(st.integers(-100, 100) | st.sampled_from([0.5, 2.25]), min_size=1, unique=True).map(
        lambda edges: Anonymising(Strategy.BUCKET, edges=tuple(sorted(edges)))
    ),
)


@given(how=LASTING, value=VALUES)
def test_done_again_it_changes_nothing(how: Anonymising, value: Any) -> None:
    transform = transform_for(Field("f", anonymising=how), KEY)
    once = transform(value)
    assert once is None or transform(once) == once


SECRETS = st.text("abcdef", min_size=8, max_size=12).map(lambda text: f"secret-{text}")
TREES = st.recursive(
    SECRETS | st.none(), lambda inner: st.lists(inner, max_size=3), max_leaves=6
) | st.dictionaries(st.text(max_size=2), SECRETS, max_size=3)


@given(top=TREES, inner=st.lists(st.fixed_dictionaries({"name": TREES, "at": st.integers()})))
def test_nothing_that_is_dropped_or_hashed_is_left(top: Any, inner: Any) -> None:
    hashed = Anonymising(Strategy.KEYED_HASH)
    fields = {
        "id": Field("id", primary_key=True),
        "top": Field("top", ("user",)),
        "hashed": Field("hashed", ("user",), anonymising=hashed),
        "people.name": Field("people.name", ("user.name",)),
        "people.at": Field("people.at"),
    }
    row = {"id": 1, "top": top, "hashed": top, "people": inner}
    changes = anonymiser_for(Collection("c", fields), KEY).changes(row)
    left = {**row, **changes}
    assert "secret" not in json.dumps(left)
    assert [each["at"] for each in left["people"]] == [each["at"] for each in inner]


ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "name": st.text(max_size=3),
            "born": st.dates().map(lambda day: f"199{day.day % 2}-0{1 + day.month % 9}-07"),
            "city": st.sampled_from(["Surabaya", "Surakarta", "Medan", None]),
            "pay": st.integers(0, 5_000),
        }
    ),
    max_size=25,
)


@given(rows=ROWS, k=st.integers(2, 5), chosen=st.sets(st.integers(0, 24)), data=st.data())
def test_whoever_is_anonymised_is_one_of_k(
    rows: list[dict[str, Any]], k: int, chosen: set[int], data: st.DataObject
) -> None:
    quasi = data.draw(st.sampled_from([("born",), ("born", "city"), ("born", "city", "pay")]))
    fields = {
        "id": Field("id", primary_key=True),
        "name": Field("name", ("user.name",)),
        "born": Field("born", ("user",), anonymising=Anonymising(Strategy.GENERALISE, to="year")),
        "city": Field("city", ("user",), anonymising=Anonymising(Strategy.GENERALISE, prefix=3)),
        "pay": Field("pay", ("user",), anonymising=Anonymising(Strategy.BUCKET, edges=(0, 1_000))),
    }
    collection = Collection("people", fields, anonymity=Anonymity(k, quasi))
    store = ModelStore({"people": [row | {"id": number} for number, row in enumerate(rows)]})
    place = StoredPlace(Dataset("d", "D", {"people": collection}), store, dict, FixedClock())
    guards = {str(each): () for each in sorted(chosen)}
    came = dict(place.dispose_many("people", guards, Disposal.ANONYMISE, rehearse=False))
    assert came.keys() == guards.keys()
    left = {str(row["id"]): row for row in store.rows["people"]}

    def group(row: dict[str, Any]) -> tuple[Any, ...]:
        generalised = {
            "born": f"{row['born'][:4]}-01-01",
            "city": row["city"] and row["city"][:3],
            "pay": row["pay"] // 1_000 and 1_000,
        }
        return tuple(generalised[each] for each in quasi)

    sizes = Counter(map(group, rows))
    for number, row in enumerate(rows):
        reference = str(number)
        if reference not in guards:
            assert left[reference] == row | {"id": number}
        elif sizes[group(row)] >= k:
            assert isinstance(came[reference], Outcome)
            assert not left[reference]["name"]
            assert left[reference]["born"] == f"{row['born'][:4]}-01-01"
        else:
            assert isinstance(came[reference], NotAnonymous)
            assert left[reference] == row | {"id": number}
