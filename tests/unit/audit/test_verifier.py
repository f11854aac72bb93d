"""The offline verifier: each kind of tampering is found, under its own code."""

import base64
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from chalicelib.audit import jws
from chalicelib.audit.__main__ import main
from chalicelib.audit.bundle import Bundle, UnreadableBundle, entry_from_json, entry_to_json
from chalicelib.audit.digests import digest_of_receipt, preference_digest, receipt_of
from chalicelib.audit.document import KIND, Checkpoint
from chalicelib.audit.entry import GENESIS
from chalicelib.audit.leaves import Leaves, UnreadableLeaves, digest_leaf
from chalicelib.audit.merkle import verify_inclusion
from chalicelib.audit.verifier import verify, verify_receipt
from chalicelib.tables.codec import Item
from tests.unit.audit.world import LocalSigner, World, new_world

type Json = dict[str, Any]

PREFERENCE: Item = {"pk": "VISITOR#1", "sk": "01J", "sealed": b"\x00\x01", "v": 1}
RECEIPT = receipt_of(preference_digest(PREFERENCE))
ONE, TWO = "request/1", "incident/2"


@pytest.fixture(scope="module")
def story() -> Iterator[tuple[World, str]]:
    """Two chains, preferences and three checkpoints; the export as text. Nobody changes it."""
    with new_world() as world:
        for hour in range(3):
            for _ in range(2):
                world.append(ONE)
            if hour < 2:
                world.append(TWO, "incident.noted", hour=hour)
            world.book.add([preference_digest({**PREFERENCE, "v": hour + 1})], world.clock.now())
            world.clock.advance(timedelta(minutes=59))
            world.checkpoint()
        world.append(ONE)
        yield world, json.dumps(world.export().to_json())


@pytest.fixture
def world(story: tuple[World, str]) -> World:
    return story[0]


@pytest.fixture
def exported(story: tuple[World, str]) -> Json:
    value: Json = json.loads(story[1])
    return value


def codes(world: World, exported: Json, known: tuple[str, ...] = ()) -> set[str]:
    return set(verify(Bundle.from_json(exported), [world.signer.public], known).codes)


def test_nothing_is_found_in_an_honest_export(world: World, exported: Json) -> None:
    report = verify(Bundle.from_json(exported), [world.signer.public])
    assert report.findings == ()
    assert (report.chains, report.entries, report.checkpoints) == (2, 9, 3)
    assert Bundle.from_json(exported).to_json() == exported


def test_one_chain_alone_verifies(world: World) -> None:
    bundle = world.export(TWO)
    assert not bundle.complete
    assert verify(bundle, [world.signer.public]).findings == ()


# --- chains ------------------------------------------------------------------------------------


def entries(exported: Json, entity: str = ONE) -> list[Json]:
    found: list[Json] = exported["chains"][entity]["entries"]
    return found


def edit_content(exported: Json) -> None:
    entries(exported)[2]["action"] = "request.denied"


def edit_and_rehash(exported: Json) -> None:
    entries(exported)[2]["action"] = "request.denied"
    rehash(entries(exported)[2])


def rewrite_from(position: int) -> Callable[[Json], None]:
    """The forger who can do sums: every later entry and the head follow the edit."""

    def forge(exported: Json) -> None:
        chain = entries(exported)
        chain[position]["action"] = "request.denied"
        for before, after in zip([None, *chain], chain, strict=False):
            if before:
                after["previous"] = before["hash"]
            rehash(after)
        set_head(exported)

    return forge


def rehash(entry: Json) -> None:
    entry["hash"] = entry_from_json({**entry, "hash": "00" * 32})[0].hash.hex()


def set_head(exported: Json, entity: str = ONE) -> None:
    last = entries(exported, entity)[-1]
    exported["chains"][entity]["head"] = {"seq": last["seq"], "hash": last["hash"]}


def remove_middle(exported: Json) -> None:
    del entries(exported)[2]


def remove_first(exported: Json) -> None:
    del entries(exported)[0]


def cut_tail(exported: Json) -> None:
    del entries(exported)[-1]


def cut_tail_and_head(exported: Json) -> None:
    del entries(exported)[-2:]
    set_head(exported)


def cut_whole_chain_but_head(exported: Json) -> None:
    entries(exported).clear()


def drop_chain(exported: Json) -> None:
    del exported["chains"][ONE]


def fork(exported: Json) -> None:
    other = dict(entries(exported)[3], id="01JOTHER")
    rehash(other)
    entries(exported).append(other)


def swap_chains(exported: Json) -> None:
    chains = exported["chains"]
    chains[ONE], chains[TWO] = chains[TWO], chains[ONE]


def remove_field(exported: Json) -> None:
    del entries(exported)[0]["actor"]


def strange_entry(exported: Json) -> None:
    entries(exported)[0]["facts"] = {"name": "Ani Wijaya"}


def drop_head(exported: Json) -> None:
    exported["chains"][ONE]["head"] = None


def head_back(exported: Json) -> None:
    exported["chains"][ONE]["head"]["seq"] -= 1


def head_hash(exported: Json) -> None:
    exported["chains"][ONE]["head"]["hash"] = "11" * 32


def insert_old_entry(exported: Json) -> None:
    """An entry added today that claims to be from before the first checkpoint."""
    last = entries(exported, TWO)[-1]
    late = dict(last, id="01JLATE", seq=last["seq"] + 1, previous=last["hash"])
    rehash(late)
    entries(exported, TWO).append(late)
    set_head(exported, TWO)


def begin_elsewhere(exported: Json) -> None:
    chain = entries(exported)
    del chain[1:]
    chain[0]["previous"] = "22" * 32
    rehash(chain[0])
    set_head(exported)


@pytest.mark.parametrize(
    ("tamper", "expected"),
    [
        (edit_content, {"entry_edited", "chain_broken"}),
        (edit_and_rehash, {"chain_broken"}),
        (rewrite_from(2), {"chain_rewritten"}),
        (rewrite_from(0), {"chain_rewritten"}),
        (remove_middle, {"chain_gap"}),
        (remove_first, {"chain_gap"}),
        (cut_tail, {"tail_cut"}),
        (cut_tail_and_head, {"tail_cut"}),
        (cut_whole_chain_but_head, {"tail_cut"}),
        (drop_chain, {"chain_missing"}),
        (fork, {"chain_forked"}),
        (swap_chains, {"entry_edited"}),
        (remove_field, {"entry_unreadable", "chain_gap"}),
        (strange_entry, {"entry_unreadable", "chain_gap"}),
        (drop_head, {"head_missing"}),
        (head_back, {"head_behind"}),
        (head_hash, {"head_edited"}),
        (insert_old_entry, {"not_checkpointed"}),
        (begin_elsewhere, {"chain_broken", "tail_cut"}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_tampered_chains(
    world: World, exported: Json, tamper: Callable[[Json], None], expected: set[str]
) -> None:
    tamper(exported)
    assert expected <= codes(world, exported)


def test_an_edit_after_the_last_checkpoint_is_only_found_in_the_chain(
    world: World, exported: Json
) -> None:
    rewrite_from(6)(exported)
    assert codes(world, exported) == set()  # honest about the limit: at most an hour is unsealed


# --- checkpoints -------------------------------------------------------------------------------


def resign(
    world: World, exported: Json, number: int, signer: LocalSigner | None = None, **change: Any
) -> None:
    signed = exported["checkpoints"][number - 1]
    checkpoint = Checkpoint.from_payload(jws.Jws.parse(signed["jws"]).payload)
    forged = replace(checkpoint, **change)
    signed["jws"] = jws.sign(signer or world.signer, KIND, forged.payload())


def test_a_stranger_s_signature(world: World, exported: Json) -> None:
    resign(world, exported, 3, LocalSigner())
    assert {"checkpoint_bad_signature", "checkpoint_missing"} <= codes(world, exported)


def test_the_key_decides_not_its_name(world: World, exported: Json) -> None:
    report = verify(Bundle.from_json(exported), [LocalSigner().public])
    assert report.codes >= {"checkpoint_bad_signature", "nothing_checkpointed"}


def test_a_key_of_another_name_does_not_count(world: World, exported: Json) -> None:
    renamed = replace(world.signer.public, kid="key-2")
    assert verify(Bundle.from_json(exported), [renamed]).checkpoints == 0


def test_a_missing_checkpoint(world: World, exported: Json) -> None:
    del exported["checkpoints"][1]
    assert "checkpoint_missing" in codes(world, exported)


def test_missing_first_checkpoints(world: World, exported: Json) -> None:
    del exported["checkpoints"][:2]
    report = verify(Bundle.from_json(exported), [world.signer.public])
    assert "checkpoint checkpoint 1 to 2" not in map(str, report.findings)
    assert "checkpoint_missing checkpoint 1 to 2" in map(str, report.findings)


def test_the_last_checkpoint_cut_off(world: World, exported: Json) -> None:
    del exported["checkpoints"][2]
    assert "checkpoint_missing" in codes(world, exported)


def test_a_cut_that_sets_everything_back_is_known_to_whoever_kept_a_checkpoint(
    world: World, exported: Json
) -> None:
    kept = exported["checkpoints"].pop()["jws"]
    exported["latest"] = None
    for entity, keep in ((ONE, 4), (TWO, 2)):
        del entries(exported, entity)[keep:]
        set_head(exported, entity)
    exported["batches"] = exported["batches"][:2]
    assert codes(world, exported) == set()
    assert codes(world, exported, (kept,)) == {"checkpoint_missing"}


def test_an_agreeing_known_checkpoint_changes_nothing(world: World, exported: Json) -> None:
    assert codes(world, exported, (exported["checkpoints"][1]["jws"],)) == set()


def test_a_known_checkpoint_that_differs_shows_a_fork(world: World, exported: Json) -> None:
    kept = exported["checkpoints"][2]["jws"]
    resign(world, exported, 3, created_at=0)
    exported["latest"] = None
    assert codes(world, exported, (kept,)) == {"checkpoint_forked"}


def test_two_checkpoints_of_one_number(world: World, exported: Json) -> None:
    exported["checkpoints"].append(dict(exported["checkpoints"][2]))
    assert codes(world, exported) == set()
    resign(world, exported, 4, created_at=0)
    assert codes(world, exported) == {"checkpoint_forked"}


@pytest.mark.parametrize(
    ("number", "change", "expected"),
    [
        (2, {"previous": GENESIS}, "checkpoint_broken"),
        (1, {"previous": b"\x01" * 32}, "checkpoint_broken"),
        (2, {"created_at": 0}, "checkpoint_broken"),
        (3, {"start": 0}, "checkpoint_window_gap"),
        (3, {"root": GENESIS}, "leaves_edited"),
        (3, {"heads": 9}, "leaves_edited"),
        (3, {"leaves": 9}, "leaves_edited"),
    ],
)
def test_an_edited_checkpoint(
    world: World, exported: Json, number: int, change: Json, expected: str
) -> None:
    resign(world, exported, number, **change)
    assert expected in codes(world, exported)


@pytest.mark.parametrize("text", ["", "a.b.c", "..", "é.é.é", "x" * 70_000])
def test_an_unreadable_checkpoint(world: World, exported: Json, text: str) -> None:
    exported["checkpoints"][0]["jws"] = text
    assert {"checkpoint_unreadable", "checkpoint_missing"} <= codes(world, exported)


def header_of(**change: Any) -> str:
    header = {"alg": "ES256", "kid": "key-1", "typ": KIND} | change
    return base64.urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "change", [{"alg": "none"}, {"alg": "HS256"}, {"crit": ["exp"]}, {"kid": 1}, {"typ": None}]
)
def test_other_headers_are_not_read(world: World, exported: Json, change: Json) -> None:
    parts = exported["checkpoints"][0]["jws"].split(".")
    exported["checkpoints"][0]["jws"] = ".".join([header_of(**change), *parts[1:]])
    assert "checkpoint_unreadable" in codes(world, exported)


def test_a_document_of_another_kind_is_no_checkpoint(world: World, exported: Json) -> None:
    payload = jws.Jws.parse(exported["checkpoints"][2]["jws"]).payload
    exported["checkpoints"][2]["jws"] = jws.sign(world.signer, "receipt+jws", payload)
    assert "checkpoint_bad_signature" in codes(world, exported)


def test_leaves_that_are_missing_or_edited(world: World, exported: Json) -> None:
    exported["checkpoints"][0]["leaves"] = None
    leaves = bytearray(base64.b64decode(exported["checkpoints"][1]["leaves"]))
    leaves[-1] ^= 1
    exported["checkpoints"][1]["leaves"] = base64.b64encode(leaves).decode()
    exported["checkpoints"][2]["leaves"] = ""
    report = verify(Bundle.from_json(exported), [world.signer.public])
    assert [str(finding) for finding in report.findings][:3] == [
        "leaves_missing checkpoint 1",
        "leaves_edited checkpoint 2",
        "leaves_edited checkpoint 3",
    ]


@pytest.mark.parametrize("cut", range(0, 200, 3))
def test_a_leaves_file_is_read_whole_or_not_at_all(exported: Json, cut: int) -> None:
    octets = base64.b64decode(exported["checkpoints"][0]["leaves"])
    assert Leaves.from_bytes(octets).to_bytes() == octets
    with pytest.raises(UnreadableLeaves):
        Leaves.from_bytes(octets[: min(cut, len(octets) - 1)])
    with pytest.raises(UnreadableLeaves):
        Leaves.from_bytes(octets + bytes(cut + 1))


# --- digests -----------------------------------------------------------------------------------


def test_a_batch_that_no_checkpoint_took(world: World, exported: Json) -> None:
    exported["batches"][0]["digests"].append("33" * 32)
    assert codes(world, exported) == {"digest_not_checkpointed"}


def test_a_batch_that_is_gone(world: World, exported: Json) -> None:
    del exported["batches"][0]
    assert codes(world, exported) == {"batch_missing"}


# --- receipts ----------------------------------------------------------------------------------


def test_a_receipt_is_proved_by_a_merkle_path(world: World, exported: Json) -> None:
    report = verify_receipt(Bundle.from_json(exported), [world.signer.public], RECEIPT, PREFERENCE)
    assert report.findings == ()
    assert [inclusion.number for inclusion in report.inclusions] == [1]
    for found in report.inclusions:
        leaf = digest_leaf(digest_of_receipt(RECEIPT))
        assert verify_inclusion(leaf, found.index, found.size, found.proof, found.root)


@pytest.mark.parametrize(
    ("receipt", "item", "expected"),
    [
        ("nonsense", None, {"receipt_invalid"}),
        (receipt_of(bytes(32)), None, {"receipt_not_included"}),
        (RECEIPT, {**PREFERENCE, "v": 9}, {"receipt_item_mismatch"}),
    ],
)
def test_a_receipt_that_does_not_hold(
    world: World, exported: Json, receipt: str, item: Item | None, expected: set[str]
) -> None:
    report = verify_receipt(Bundle.from_json(exported), [world.signer.public], receipt, item)
    assert {finding.code for finding in report.findings} == expected


def test_a_receipt_counts_only_under_a_good_signature(exported: Json) -> None:
    report = verify_receipt(Bundle.from_json(exported), [LocalSigner().public], RECEIPT)
    assert report.inclusions == []


# --- the command -------------------------------------------------------------------------------


@pytest.fixture
def files(tmp_path: Path, world: World, exported: Json) -> Callable[[str, Any], str]:
    def write(name: str, value: Any) -> str:
        path = tmp_path / name
        path.write_text(value if isinstance(value, str) else json.dumps(value))
        return str(path)

    return write


type Files = Callable[[str, Any], str]


def test_the_command_says_that_all_is_well(
    files: Files, world: World, exported: Json, capsys: pytest.CaptureFixture[str]
) -> None:
    item = {"pk": {"S": "VISITOR#1"}, "sk": {"S": "01J"}, "sealed": {"B": "AAE="}, "v": {"N": "1"}}
    arguments = [
        "verify",
        files("bundle.json", exported),
        *("--key", files("key.json", {"keys": [world.signer.jwk()]})),
        *("--known", files("kept.jws", exported["checkpoints"][0]["jws"] + "\n")),
        *("--receipt", RECEIPT),
        *("--item", files("item.json", {"Item": item})),
    ]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    assert "2 chains, 9 entries, 3 checkpoints" in said
    assert "of checkpoint 1" in said
    assert world.signer.public.thumbprint in said
    assert "own" not in said


def test_the_command_trusts_the_bundle_s_key_aloud(
    files: Files, exported: Json, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify", files("bundle.json", exported)]) == 0
    assert "the key is the bundle's own" in capsys.readouterr().out


def test_the_command_fails_on_a_finding(
    files: Files, exported: Json, capsys: pytest.CaptureFixture[str]
) -> None:
    edit_content(exported)
    assert main(["verify", files("bundle.json", exported), "--receipt", "x"]) == 1
    said = capsys.readouterr().out
    assert "FOUND entry_edited request/1 at 3" in said
    assert "FOUND receipt_invalid" in said


@pytest.mark.parametrize("text", ["", "[]", "{}", "not json", '{"format": "jaga-trail"}'])
def test_the_command_fails_on_what_it_cannot_read(files: Files, text: str) -> None:
    assert main(["verify", files("bundle.json", text)]) == 1


def test_the_command_fails_without_a_file_or_a_key(files: Files, exported: Json) -> None:
    assert main(["verify", "nowhere.json"]) == 1
    assert main(["verify", files("bundle.json", exported), "--key", files("key.json", {})]) == 1


BREAK_BUNDLE: list[tuple[str, Any]] = [
    ("format", "other"),
    ("version", 2),
    ("exported_at", "now"),
    ("keys", [1]),
    ("chains", []),
    ("chains", {ONE: {}}),
    ("chains", {ONE: {"head": {"seq": "1", "hash": "00" * 32}, "entries": []}}),
    ("chains", {ONE: {"head": None, "entries": [1]}}),
    ("batches", [{"at": 0, "digests": ["00"]}]),
    ("checkpoints", [{"jws": 1, "leaves": None}]),
    ("checkpoints", [{"jws": "", "leaves": "?"}]),
    ("latest", {"number": 1}),
]


@pytest.mark.parametrize(("field", "value"), BREAK_BUNDLE)
def test_a_malformed_bundle_is_refused(exported: Json, field: str, value: Any) -> None:
    with pytest.raises(UnreadableBundle):
        Bundle.from_json({**exported, field: value})


def test_an_entry_survives_json(world: World) -> None:
    for exported_entry in world.export(ONE).chains[ONE].entries:
        entry, claimed = entry_from_json(exported_entry)
        assert entry.hash == claimed
        assert entry_to_json(entry) == exported_entry


@pytest.mark.parametrize(
    "change", [{"kty": "RSA"}, {"crv": "P-384"}, {"x": "AA"}, {"y": "A" * 43}, {"kid": None}]
)
def test_what_is_no_p256_jwk(change: Json) -> None:
    with pytest.raises(jws.UnreadableJws):
        jws.PublicKey.from_jwk({**LocalSigner().jwk(), **change})


def test_published_answer_of_es256() -> None:
    """RFC 7515, appendix A.3; its thumbprint computed from RFC 7638's words."""
    jwk = {
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "kid": "rfc7515",
    }
    signed = (
        b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNv"
        b"bS9pc19yb290Ijp0cnVlfQ"
    )
    signature = base64.urlsafe_b64decode(
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q=="
    )
    key = jws.PublicKey.from_jwk(jwk)
    assert key.verifies(signature, signed)
    assert not key.verifies(signature, signed + b"x")
    assert not key.verifies(bytes(64), signed)
    members = f'{{"crv":"P-256","kty":"EC","x":"{jwk["x"]}","y":"{jwk["y"]}"}}'
    hashed = hashlib.sha256(members.encode()).digest()
    assert key.thumbprint == base64.urlsafe_b64encode(hashed).decode().rstrip("=")
