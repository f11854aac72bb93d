"""However a sealed chain is tampered with, the verifier finds it; however it grew, it is sound."""

import copy
import json
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.audit import jws
from chalicelib.audit.bundle import (
    Bundle,
    Chain,
    Signed,
    UnreadableBundle,
    entry_from_json,
    entry_to_json,
)
from chalicelib.audit.collector import OVERLAP
from chalicelib.audit.digests import LeafBatch
from chalicelib.audit.document import KIND, Checkpoint
from chalicelib.audit.entry import GENESIS, Actor, Entity, Entry
from chalicelib.audit.leaves import HeadLeaf, Leaves
from chalicelib.audit.link import Link
from chalicelib.audit.verifier import verify
from tests.unit.audit.world import LocalSigner

SIGNER = LocalSigner()
ACTOR = Actor("system", "watcher")
HOUR = 3_600_000
DIGEST = bytes(range(32))

# A busy machine is no failure; exports are made by signing, which takes its time.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(UNHURRIED, max_examples=300)

type Json = dict[str, Any]


def grow(interleaving: list[int], checkpoint_every: int) -> Json:
    """A bundle of chains that grew in this order, all of it sealed, with no table involved."""
    chains: dict[int, list[Entry]] = {}
    checkpoints: list[Signed] = []
    link = Link.start(0)
    now = 0
    for turn, which in enumerate(interleaving, start=1):
        now += HOUR
        chain = chains.setdefault(which, [])
        previous = chain[-1].hash if chain else GENESIS
        entity = Entity("request", str(which))
        chain.append(Entry(f"e{turn}", entity, len(chain) + 1, now, ACTOR, "noted", {}, previous))
        if turn % checkpoint_every == 0 or turn == len(interleaving):
            ends = (chain[-1] for chain in chains.values())
            leaves = Leaves((HeadLeaf(end.entity, end.seq, end.hash) for end in ends), [DIGEST])
            end = now + OVERLAP + 1
            document = Checkpoint(
                link.number + 1,
                link.sha256,
                link.end,
                end,
                len(leaves.heads),
                len(leaves),
                leaves.root,
                end,
            )
            text = jws.sign(SIGNER, KIND, document.payload())
            checkpoints.append(Signed(text, leaves.to_bytes()))
            link = Link.after(document, text)
    bundle = Bundle(
        complete=True,
        exported_at=now,
        keys=(SIGNER.jwk(),),
        chains={
            str(chain[0].entity): Chain(
                (chain[-1].seq, chain[-1].hash), tuple(entry_to_json(entry) for entry in chain)
            )
            for chain in chains.values()
        },
        batches=(LeafBatch(0, (DIGEST,)),),
        checkpoints=tuple(checkpoints),
        latest=link,
    )
    value: Json = json.loads(json.dumps(bundle.to_json()))
    return value


interleavings = st.lists(st.integers(0, 2), min_size=1, max_size=12)
exports = st.builds(grow, interleavings, st.integers(1, 4))


def findings(exported: Json) -> set[str]:
    return set(verify(Bundle.from_json(exported), [SIGNER.public]).codes)


@UNHURRIED
@given(exports)
def test_any_interleaving_is_sound(exported: Json) -> None:
    assert findings(exported) == set()


@dataclass(frozen=True, slots=True)
class Forger:
    """Tampers as `data` says; may be able to do sums, but has not the signing key."""

    data: st.DataObject

    def entity(self, exported: Json) -> str:
        entity: str = self.data.draw(st.sampled_from(sorted(exported["chains"])))
        return entity

    def position(self, entries: list[Json]) -> int:
        return self.data.draw(st.integers(0, len(entries) - 1))

    def edit(self, entries: list[Json]) -> None:
        entry = entries[self.position(entries)]
        field, value = self.data.draw(
            st.sampled_from(
                [
                    ("id", "forged"),
                    ("at", entry["at"] + 1),
                    ("actor", "staff/forged"),
                    ("action", "forged"),
                    ("facts", {"forged": True}),
                    ("seq", entry["seq"] + 1),
                    ("previous", "ff" * 32),
                    ("hash", "ff" * 32),
                ]
            )
        )
        entry[field] = value

    def remove(self, entries: list[Json]) -> None:
        del entries[self.position(entries)]

    def truncate(self, entries: list[Json]) -> None:
        del entries[self.position(entries) :]

    def repeat(self, entries: list[Json]) -> None:
        entries.append(dict(entries[self.position(entries)]))

    def insert(self, entries: list[Json]) -> None:
        at = self.position(entries)
        entries.insert(at, dict(entries[at], id="forged"))
        for seq, entry in enumerate(entries, start=1):
            entry["seq"] = seq

    def append(self, entries: list[Json]) -> None:
        """Backdated: it claims the time of the entry before it."""
        last = entries[-1]
        entries.append(dict(last, id="forged", seq=last["seq"] + 1, previous=last["hash"]))


def do_sums(chain: Json) -> None:
    """Links and hashes everything anew, and sets the head."""
    previous = GENESIS.hex()
    for entry in chain["entries"]:
        entry["previous"] = previous
        previous = entry["hash"] = entry_from_json({**entry, "hash": previous})[0].hash.hex()
    last = chain["entries"][-1:]
    chain["head"] = {"seq": last[0]["seq"], "hash": last[0]["hash"]} if last else None


WAYS = ["edit", "remove", "truncate", "repeat", "insert", "append"]


@MANY
@given(exports, st.data(), st.sampled_from(WAYS), st.booleans())
def test_any_tampering_is_found(
    exported: Json, data: st.DataObject, way: str, knows_sums: bool
) -> None:
    forged = copy.deepcopy(exported)
    forger = Forger(data)
    chain = forged["chains"][forger.entity(forged)]
    getattr(forger, way)(chain["entries"])
    if knows_sums:
        do_sums(chain)
    if forged != exported:
        assert findings(forged) != set()


@UNHURRIED
@given(exports, st.data())
def test_any_changed_octet_of_a_checkpoint_is_found(exported: Json, data: st.DataObject) -> None:
    forged = copy.deepcopy(exported)
    signed = data.draw(st.sampled_from(forged["checkpoints"]))
    field = data.draw(st.sampled_from(["jws", "leaves"]))
    at = data.draw(st.integers(0, len(signed[field]) - 1))
    other = data.draw(st.sampled_from("AQgw0"))
    signed[field] = signed[field][:at] + other + signed[field][at + 1 :]
    try:
        bundle = Bundle.from_json(forged)
    except UnreadableBundle:
        return
    # Stray bits in the last base64 character of a leaves file decode to the same octets.
    if bundle != Bundle.from_json(exported):
        assert set(verify(bundle, [SIGNER.public]).codes) != set()


@UNHURRIED
@given(exports, st.data())
def test_any_missing_checkpoint_is_found(exported: Json, data: st.DataObject) -> None:
    del exported["checkpoints"][data.draw(st.integers(0, len(exported["checkpoints"]) - 1))]
    assert findings(exported) & {"checkpoint_missing", "nothing_checkpointed"}
