"""The erasure ledger: a line with what goes, signed documents of all lines, and what is found."""

import contextlib
import json
import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from chalicelib.audit.entry import Entity
from chalicelib.audit.erasing import ErasuresBroken
from chalicelib.audit.erasures import KIND, Erasures, erasures_key, parse
from chalicelib.audit.export import Exporter
from chalicelib.audit.findings import Code
from chalicelib.audit.jws import sign
from chalicelib.audit.trail import head_key
from chalicelib.retention.__main__ import main
from chalicelib.services import Services
from chalicelib.tables.codec import encode
from chalicelib.vault.keys import Scope
from tests.contract.killing import Killed, Killer
from tests.contract.moto_tables import SESSION
from tests.contract.policies import Uses
from tests.contract.restoring import PLENTY, Signer, checked, lines, signed_locally
from tests.contract.retaining import YEAR, Retained
from tests.fakes import FixedClock
from tests.gateway import Gateway

HOUR = timedelta(hours=1)


@pytest.fixture
def signer(services: Services) -> Signer:
    return signed_locally(services)


@pytest.fixture
def destroy(services: Services) -> Callable[[str], None]:
    def destroyed(name: str) -> None:
        scope = Scope.import_(name)
        services.keyring.key_to_seal(scope)
        services.run_command(lambda: services.keyring.destroy_actions(scope, "import_applied"))

    return destroyed


def numbers(services: Services) -> list[int]:
    return [parse(text)[1].number for text in services.erasing.documents()]


def ids(services: Services) -> list[str]:
    return [line.id for text in services.erasing.documents() for line in parse(text)[1].lines]


def test_a_record_goes_with_its_line(
    services: Services, gateway: Gateway, clock: FixedClock
) -> None:
    office = Retained(services, gateway, clock)
    (made,) = office.register("c1", client="acme", user_id="u1", case="k7")
    office.later(YEAR)
    office.swept()
    (line,) = [each for each in lines(services) if each.kind == "record"]
    assert (line.id, line.means, line.rule) == (made["record_id"], "delete", "technical_unused")
    assert line.facts == {
        "place": "shop",
        "collection": "customers",
        "category": "technical",
        "role": "controller",
        "client": "acme",
        "run": office.runs()[0]["run_id"],
    }
    shown = office.shown(made["record_id"])
    assert shown["disposed_at"].startswith(f"{line.moment:%Y-%m-%dT%H:%M:%S}")


def test_documents_hold_every_line_once_and_are_chained(
    services: Services, clock: FixedClock, signer: Signer, destroy: Callable[[str], None]
) -> None:
    destroy("i1")
    assert services.erasing.run(lambda: PLENTY).written == 0  # somebody may still be writing
    clock.advance(HOUR)
    destroy("i2")
    assert services.erasing.run(lambda: PLENTY).written == 1
    clock.advance(HOUR)
    assert services.erasing.run(lambda: PLENTY).lines == 1
    clock.advance(HOUR)
    assert services.erasing.run(lambda: PLENTY).written == 0  # a quiet hour
    destroy("i3")
    clock.advance(HOUR)
    services.erasing.run(lambda: PLENTY)
    assert numbers(services) == [1, 2, 3]
    assert ids(services) == ["import/i1", "import/i2", "import/i3"]
    report = checked(services, signer)
    assert report.findings == ()
    assert [each.start for each in report.documents[1:]] == [
        each.end for each in report.documents[:-1]
    ]


def test_many_lines_are_cut_between_milliseconds(
    services: Services,
    clock: FixedClock,
    signer: Signer,
    destroy: Callable[[str], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("chalicelib.audit.erasing.MOST_LINES", 2)
    for name in ("a", "b", "c"):
        destroy(name)  # at one moment
    clock.advance(timedelta(seconds=1))
    destroy("d")
    clock.advance(HOUR)
    services.erasing.run(lambda: PLENTY)
    documents = checked(services, signer).documents
    assert [len(each.lines) for each in documents] == [3, 1]
    assert checked(services, signer).findings == ()


@pytest.mark.parametrize("seed", range(6))
def test_runs_that_die_or_race_write_one_chain(
    services: Services,
    clock: FixedClock,
    signer: Signer,
    destroy: Callable[[str], None],
    seed: int,
) -> None:
    chance = random.Random(seed)  # noqa: S311  # repeatable, not secret
    killer = Killer(lambda _: chance.choice([None, None, "before", "after"]))
    killer.watch(services)
    other = Services(services.settings, clock=clock, ids=services.ids, create_client=SESSION.client)
    other.__dict__["signer"] = signer
    for number in range(8):
        destroy(f"{seed}-{number}")
        clock.advance(HOUR)
        killer.armed = True
        with contextlib.suppress(Killed):
            services.erasing.run(lambda: PLENTY)
        killer.armed = False
        if chance.random() < 0.5:
            other.erasing.run(lambda: PLENTY)
    services.erasing.run(lambda: PLENTY)
    assert killer.kills
    assert ids(services) == [f"import/{seed}-{number}" for number in range(8)]
    assert checked(services, signer).findings == ()
    history = list(services.trail.history(Entity("ledger", "erasures")))
    assert [each.facts["number"] for each in history] == numbers(services)


def test_two_that_collect_the_same_lines_write_one_document(
    services: Services, clock: FixedClock, signer: Signer, destroy: Callable[[str], None]
) -> None:
    destroy("i1")
    clock.advance(HOUR)
    other = Services(services.settings, clock=clock, ids=services.ids, create_client=SESSION.client)
    other.__dict__["signer"] = signer
    others = [lambda: other.erasing.run(lambda: PLENTY)]

    def meanwhile(**_: object) -> None:
        if others:
            others.pop()()

    services.s3.meta.events.register("before-call.s3.PutObject", meanwhile)
    report = services.erasing.run(lambda: PLENTY)
    assert (report.written, report.adopted) == (0, 1)
    assert numbers(services) == [1]
    assert len(list(services.trail.history(Entity("ledger", "erasures")))) == 1


def test_a_document_that_continues_nothing_stops_the_job(
    services: Services, clock: FixedClock, signer: Signer, destroy: Callable[[str], None]
) -> None:
    destroy("i1")
    clock.advance(HOUR)
    services.erasing.run(lambda: PLENTY)
    forged = Erasures(2, bytes(32), 0, 1, 1, ())
    text = sign(signer, KIND, forged.payload())
    services.s3.put_object(
        Bucket=services.settings.trail_bucket, Key=erasures_key(2), Body=text.encode()
    )
    with pytest.raises(ErasuresBroken):
        services.erasing.run(lambda: PLENTY)


def test_the_job_may_do_what_it_does(
    services: Services, clock: FixedClock, signer: Signer, destroy: Callable[[str], None]
) -> None:
    destroy("i1")
    clock.advance(HOUR)
    uses = Uses()
    uses.watch(services)
    counts = services.seal(lambda: PLENTY)
    assert (counts["erasures_written"], counts["written"]) == (1, 1)
    assert uses.refused_by("checkpoint_trail") == set()


# --- offline --------------------------------------------------------------------------------------


@pytest.fixture
def exported(
    services: Services,
    clock: FixedClock,
    signer: Signer,
    destroy: Callable[[str], None],
    tmp_path: Path,
) -> Path:
    """Three documents, the key and the trail's bundle in a folder."""
    for name in ("i1", "i2", "i3"):
        destroy(name)
        clock.advance(HOUR)
        services.erasing.run(lambda: PLENTY)
    exporter = Exporter(
        services.records, services.audit, services.s3, services.settings.trail_bucket, clock
    )
    bundle = exporter.export([signer.jwk()], [Entity("ledger", "erasures")])
    (tmp_path / "bundle.json").write_text(json.dumps(bundle.to_json()))
    (tmp_path / "jwk.json").write_text(json.dumps(signer.jwk()))
    assert main(["export", "--output", str(tmp_path / "ledger")]) == 0
    return tmp_path


def verified(folder: Path, texts: list[str]) -> int:
    (folder / "some").write_text("\n".join(texts))
    some, key, bundle = (str(folder / name) for name in ("some", "jwk.json", "bundle.json"))
    return main(["verify", some, "--key", key, "--trail", bundle])


def test_whoever_has_the_key_reads_what_was_destroyed(
    exported: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verified(exported, (exported / "ledger").read_text().split()) == 0
    said = capsys.readouterr().out
    assert "key import/i2 means destroy_key rule import_applied" in said
    assert "the ledger is sound" in said


@pytest.mark.parametrize(
    ("tamper", "code"),
    [
        (lambda one, two, three: [one, two], Code.ERASURES_MISSING),
        (lambda one, two, three: [one, three], Code.ERASURES_MISSING),
        (lambda one, two, three: [two, three], Code.ERASURES_MISSING),
        (lambda one, two, three: [one, two, two, three], Code.ERASURES_FORKED),
        (lambda one, two, three: [one, two[:-8] + three[-8:], three], Code.ERASURES_BAD_SIGNATURE),
        (lambda one, two, three: [one, "x", three], Code.ERASURES_UNREADABLE),
    ],
)
def test_an_edit_a_gap_and_a_cut_off_end_are_found(
    exported: Path,
    capsys: pytest.CaptureFixture[str],
    tamper: Callable[..., list[str]],
    code: Code,
) -> None:
    assert verified(exported, tamper(*(exported / "ledger").read_text().split())) == 1
    assert f"FOUND {code}" in capsys.readouterr().out


def test_a_document_rewritten_with_the_key_itself_is_found(
    exported: Path, signer: Signer, capsys: pytest.CaptureFixture[str]
) -> None:
    one, two, three = (exported / "ledger").read_text().split()
    payload = dict(parse(two)[0].payload) | {"lines": []}
    assert verified(exported, [one, sign(signer, KIND, payload), three]) == 1
    said = capsys.readouterr().out
    assert "FOUND erasures_broken document 3" in said
    assert "FOUND erasures_forked document 2" in said


def test_a_missing_head_does_not_let_the_job_write_twice(
    services: Services, clock: FixedClock, signer: Signer, destroy: Callable[[str], None]
) -> None:
    destroy("i1")
    clock.advance(HOUR)
    services.erasing.run(lambda: PLENTY)
    key = head_key(Entity("ledger", "erasures"))
    SESSION.client("dynamodb").delete_item(
        TableName=services.records.name, Key=encode({"pk": key.pk, "sk": key.sk})
    )
    assert services.erasing.run(lambda: PLENTY).number == 1
    assert numbers(services) == [1]
