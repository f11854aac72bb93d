"""The replay: after a restore of `records`, `keys` or both nobody and nothing erased comes back.

    heads of chains  ->  an entry in the trail  ->  people, requests, keys  ->  records

Only lines about keys that our capabilities destroy are believed: no other key is destroyed by a
line that somebody else wrote. Each step asks what is left to do and may be repeated, so a run that
dies is followed by one that does the rest, and one on tables that are true already changes nothing.
Run it before the restored tables serve anybody.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from functools import partial

from chalicelib.audit.entry import Actor, Entity, Entry
from chalicelib.audit.mending import Mending
from chalicelib.audit.trail import Trail
from chalicelib.requests.fulfilment.wiping_again import WipingAgain
from chalicelib.retention.replay.records import RecordsAgain
from chalicelib.tables.transactions import RunCommand
from chalicelib.telemetry import log_failure
from chalicelib.vault.keyring import Keyring
from chalicelib.vault.keys import Scope
from chalicelib.vault.ledger import KEY, RECORD, Line

ENTITY = Entity("ledger", "replay")
DESTROYED = frozenset(
    {
        "affected",
        "archive",
        "breach-notice",
        "finding",
        "handler",
        "import",
        "incident",
        "person",
        "request",
        "visitors",
    }
)
"""The purposes of scopes whose keys are destroyed."""
_OPERATOR = Actor("operator", "replay")


@dataclass(frozen=True, slots=True)
class Left:
    """What a restored table has that is gone, and chains whose heads are behind."""

    lines: int
    """All that the ledger says was destroyed."""
    heads: tuple[Entry, ...]
    keys: tuple[Line, ...]
    records: tuple[Line, ...]
    unbelievable: int = 0
    """Lines about keys that nobody destroys, and items that are no lines."""

    @property
    def is_nothing(self) -> bool:
        """Whether the tables are true."""
        return not (self.heads or self.keys or self.records)


@dataclass(frozen=True, slots=True)
class Report:
    """What was done, in counts. `failed` is left: run it again."""

    heads: int = 0
    keys: int = 0
    records: int = 0
    failed: int = 0


class Replay:
    """Finds what is left, and does it."""

    def __init__(
        self,
        mending: Mending,
        keyring: Keyring,
        wiping: WipingAgain,
        records: RecordsAgain,
        trail: Trail,
        run_command: RunCommand,
    ) -> None:
        self._mending = mending
        self._keyring = keyring
        self._wiping = wiping
        self._records = records
        self._trail = trail
        self._run_command = run_command

    def find(self, signed: Iterable[Line]) -> Left:
        """What is left to do, by the `signed` lines of the ledger's documents and those in `audit`.

        Reads all of `audit`, which is held in memory but for what is no chain's end, and a few
        items for each line. Raises `UnreadableItem` and the clients' errors.
        """
        kept = self._mending.read()
        # One thing may have been destroyed twice, with a restore in between: the first time counts.
        lines: dict[tuple[str, str], Line] = {}
        for line in sorted([*signed, *kept.lines], key=lambda each: each.at):
            lines.setdefault((line.kind, line.id), line)
        forged = [key for key, line in lines.items() if not _is_believable(line)]
        for key in forged:
            del lines[key]
        return Left(
            len(lines),
            tuple(end for end in kept.ends if self._mending.is_behind(end)),
            tuple(each for each in lines.values() if each.kind == KEY and self._is_left(each)),
            tuple(
                each for each in lines.values() if each.kind != KEY and self._records.is_left(each)
            ),
            kept.unreadable + len(forged),
        )

    def do(self, left: Left, *, at_places: bool = False) -> Report:
        """Does what is left, one after the other; one that fails keeps none of the others from it.

        With `at_places` rows of connected places go too: they were restored as well. Raises what
        keeps the heads, and the entry that is written first, from being written.
        """
        if left.is_nothing:
            return Report()
        for end in left.heads:
            self._mending.mend(end)
        counts = {
            "heads": len(left.heads),
            "keys": len(left.keys),
            "records": len(left.records),
        }
        self._run_command(lambda: self._trail.actions(ENTITY, _OPERATOR, "ledger.replayed", counts))
        keys = _done(left.keys, self._destroy)
        records = _done(left.records, partial(self._records.dispose, at_places=at_places))
        failed = len(left.keys) - keys + len(left.records) - records
        return Report(len(left.heads), keys, records, failed)

    def _is_left(self, line: Line) -> bool:
        scope = Scope.parse(line.id)
        _, _, id_ = line.id.partition("/")
        match scope.purpose:
            case "person":
                remains = self._wiping.is_person_left(id_)
            case "request":
                remains = self._wiping.is_request_left(id_)
            case _:
                remains = False
        return remains or not self._keyring.is_destroyed(scope)

    def _destroy(self, line: Line) -> None:
        scope = Scope.parse(line.id)
        _, _, id_ = line.id.partition("/")
        match scope.purpose:
            case "person":
                self._wiping.person(id_, line.moment)
            case "request":
                self._wiping.request(id_, line.moment)
        if not self._keyring.is_destroyed(scope):
            again = self._keyring.destroyed_again_actions(scope, line.moment)
            self._run_command(lambda: again)
        self._keyring.forget(scope)


def _is_believable(line: Line) -> bool:
    purpose, _, rest = line.id.partition("/")
    return line.kind == RECORD or (line.kind == KEY and purpose in DESTROYED and bool(rest))


def counts_of(report: Report) -> str:
    """The report in words."""
    return ", ".join(f"{count} {name}" for name, count in asdict(report).items())


def _done(lines: Iterable[Line], do: Callable[[Line], None]) -> int:
    done = 0
    for line in lines:
        try:
            do(line)
        except Exception as error:  # noqa: BLE001  # whatever it is, the others are to go
            log_failure(error, "")
        else:
            done += 1
    return done
