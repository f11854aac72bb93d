"""The hourly job that signs the erasure ledger's new lines into the write-once bucket.

    lines in `audit` ──> erasures/<number>.jws ──> an entry of the chain `ledger/erasures`

The second step decides: the object of a number is created under `If-None-Match: *`, so of two runs
at once one wins. The entry says the number, the hash and where the document ended: the next run
goes on from there, and since checkpoints seal the entry, the last documents cannot be cut off
unnoticed. A run that dies between the two is followed by one that adopts what stands in the bucket.

A document covers a time only once nobody can write a line into it any more: until `OVERLAP` ago. So
each line is in exactly one, and the job is late by that much. Without lines there is no document;
the next one covers the quiet time too.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from chalicelib.audit import jws
from chalicelib.audit.checkpoint import RESERVE
from chalicelib.audit.collector import FIRST_LOOKBACK, OVERLAP, hours
from chalicelib.audit.entry import SCHEMA, Actor, Entity, Entry, Fact, entry_key
from chalicelib.audit.erasures import KIND, MOST_LINES, Erasures, erasures_key, parse
from chalicelib.audit.link import Link
from chalicelib.audit.trail import Trail
from chalicelib.clock import Clock, to_millis
from chalicelib.errors import Internal
from chalicelib.tables.table import Table
from chalicelib.tables.transactions import Action, RunCommand
from chalicelib.vault.ledger import Line, lines_bucket

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ENTITY = Entity("ledger", "erasures")
_SYSTEM = Actor("system", "checkpoint_trail")


class ErasuresBroken(Internal):
    """The object after the last document does not continue it. Somebody must look."""

    code = "erasures_broken"


class _Noted(Exception):
    """Another run noted the document."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run did, in counts, and the last document's number."""

    number: int = 0
    written: int = 0
    adopted: int = 0
    lines: int = 0


class Erasing:
    """Writes documents of the lines in `audit`."""

    def __init__(
        self,
        audit: Table,
        s3: "S3Client",
        bucket: str,
        signer: jws.Signer,
        trail: Trail,
        clock: Clock,
        run_command: RunCommand,
    ) -> None:
        self._audit = audit
        self._s3 = s3
        self._bucket = bucket
        self._signer = signer
        self._trail = trail
        self._clock = clock
        self._run_command = run_command

    def run(self, remaining_ms: Callable[[], int]) -> Report:
        """Writes documents until what can be covered is, or `remaining_ms` runs low.

        Raises `ErasuresBroken`, `UnreadableItem`, `Contended` and the clients' errors; whatever was
        written until then stands.
        """
        until = to_millis(self._clock.now()) - OVERLAP
        link = self.last() or Link.start(until - FIRST_LOOKBACK)
        report = Report(number=link.number)
        while remaining_ms() > RESERVE:
            if (text := self._read(link.number + 1)) is not None:
                link = self._adopt(link, text)
                report = replace(report, number=link.number, adopted=report.adopted + 1)
                continue
            document = self._next(link, until)
            if document is None:
                break
            text = jws.sign(self._signer, KIND, document.payload())
            if self._create(erasures_key(document.number), text):
                link = self._adopt(link, text)
                report = replace(
                    report,
                    number=link.number,
                    written=report.written + 1,
                    lines=report.lines + len(document.lines),
                )
        return report

    def last(self) -> Link | None:
        """The last document that the trail notes, read consistently; None before the first."""
        page = self._audit.query(
            entry_key(ENTITY, 1).pk, limit=1, newest_first=True, consistent=True
        )
        return link_of(Entry.from_fields(SCHEMA.lift(page.items[0]))) if page.items else None

    def documents(self) -> Iterator[str]:
        """Every document's JWS in its order, as the bucket has it. Believes nothing."""
        number = 1
        while (text := self._read(number)) is not None:
            yield text
            number += 1

    def _next(self, link: Link, until: int) -> Erasures | None:
        """The document after `link`; None while there is nothing to say."""
        lines = sorted(self._lines(link.end, until), key=lambda line: (line.at, line.kind, line.id))
        if not lines:
            return None
        end = until
        if len(lines) > MOST_LINES:
            end = max(lines[MOST_LINES].at, lines[0].at + 1)
        return Erasures(
            link.number + 1,
            link.sha256,
            link.end,
            end,
            to_millis(self._clock.now()),
            tuple(line for line in lines if line.at < end),
        )

    def _lines(self, start: int, end: int) -> Iterator[Line]:
        for hour in hours(start, end):
            for item in self._audit.query_all(lines_bucket(hour), consistent=True):
                line = Line.from_item(item)
                if start <= line.at < end:
                    yield line

    def _adopt(self, link: Link, text: str) -> Link:
        """Notes the document that stands after `link`, and moves on."""
        _, document = parse(text)
        if (document.number, document.previous, document.start) != (
            link.number + 1,
            link.sha256,
            # The first one's beginning is the choice of the run that wrote it.
            link.end if link.number else document.start,
        ):
            raise ErasuresBroken(erasures_key(link.number + 1))
        following = Link.after(document, text)

        def build() -> list[Action]:
            facts: dict[str, Fact] = {
                "number": following.number,
                "sha256": following.sha256.hex(),
                "end": following.end,
                "lines": len(document.lines),
            }
            noted = self._trail.actions(ENTITY, _SYSTEM, "ledger.sealed", facts)
            # After the head: an entry that came since the head was read makes the write fail.
            last = self.last()
            if last is not None and last.number >= following.number:
                raise _Noted
            return noted

        with suppress(_Noted):
            self._run_command(build)
        return following

    def _create(self, key: str, text: str) -> bool:
        """Creates an object; False when there is one of that name, or is about to be."""
        try:
            self._s3.put_object(Bucket=self._bucket, Key=key, Body=text.encode(), IfNoneMatch="*")
        except self._s3.exceptions.ClientError as refusal:
            if refusal.response["Error"]["Code"] not in {
                "PreconditionFailed",
                "ConditionalRequestConflict",
            }:
                raise
            return False
        return True

    def _read(self, number: int) -> str | None:
        # Without s3:ListBucket a missing object would be answered by 403, not by NoSuchKey.
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=erasures_key(number))
        except self._s3.exceptions.NoSuchKey:
            return None
        return answer["Body"].read().decode()


def link_of(entry: Entry) -> Link:
    """The document that an entry of the chain `ledger/erasures` notes."""
    facts = entry.facts
    return Link(int(facts["number"]), bytes.fromhex(str(facts["sha256"])), int(facts["end"]))
