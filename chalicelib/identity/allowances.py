"""How many codes may be asked for, and how many proofs tried: by network, by address, by all."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from chalicelib.errors import TooMany
from chalicelib.identity.limits import DAY, Limit, Limits
from chalicelib.tables.transactions import Action, Moved
from chalicelib.vault.blind_index import BlindIndex, Kind
from chalicelib.vault.errors import UnusableIdentifier

# What one network may do, so that it neither floods people with mail nor guesses for long. Many
# people can share one (carriers' address translation), so these are not tight.
CODES_PER_NETWORK = Limit("codes_network", 60)
PROOFS_PER_NETWORK = Limit("proofs_network", 200)
# What one address gets. From one network five an hour, so that a stranger's asking does not use up
# the holder's; from everywhere twenty a day, which leaves a hundred guesses at a million.
CODES_PER_ADDRESS_AND_NETWORK = Limit("codes_address_network", 5)
CODES_PER_ADDRESS = Limit("codes_address", 20, DAY)
# What all may ask for: a flood of mail to strangers ends before the mail provider ends it for all.
CODES_IN_ALL = Limit("codes_all", 3000)
# What is counted in the place of an address that gets none, so that as much is written.
NOBODYS_CODES = Limit("codes_nobody", 10**9)

_NOWHERE = "0.0.0.0"  # whose network a call without an address counts for


class TooManyProofs(TooMany):
    """Too many codes asked for, or proofs tried, from this network or by all."""

    code = "too_many_proofs"


@dataclass(frozen=True, slots=True)
class CodeAllowance:
    """Whether an address gets a code, and the writes that count it, for the same transaction."""

    granted: bool
    counts: list[Action]


class Allowances:
    """Counts against the limits above. Networks and addresses are counted as blind indexes."""

    def __init__(self, limits: Limits, index: BlindIndex, on_capped: Callable[[], None]) -> None:
        """`on_capped` hears of each code that an address does not get for what it, or all together,
        got before."""
        self._limits = limits
        self._index = index
        self._on_capped = on_capped

    def take_proof(self, source_ip: str) -> None:
        """Counts a proof that is tried. Raises `TooManyProofs`. One write."""
        if not self._limits.allows(PROOFS_PER_NETWORK, self._network(source_ip)):
            raise self._refusal(PROOFS_PER_NETWORK)

    def code(self, address: str, source_ip: str, *, can_wait: bool) -> CodeAllowance:
        """Whether the address (a blind index) gets a code that is asked for from `source_ip`.

        One read, and as many writes whatever comes of it: their number must not tell what an
        address was asked for before. The writes fail with `TooManyProofs` for the network, and with
        `Moved` when the last code was given meanwhile: ask anew then. When all asked for too many,
        the address gets none if the code `can_wait`; else they fail with `TooManyProofs`.
        """
        network = self._network(source_ip)
        from_one, from_all = (
            (CODES_PER_ADDRESS_AND_NETWORK, f"{address}.{network}"),
            (CODES_PER_ADDRESS, address),
        )
        of_all = (CODES_IN_ALL, "all")
        from_here, today, some_left = self._limits.left(from_one, from_all, of_all)
        in_all = some_left or not can_wait
        if from_here and not (today and in_all):
            self._on_capped()
        granted = from_here and today and in_all
        # What was too many from here does not count for the day, or strangers would use it up; and
        # what was too many of all counts for no address.
        counted = (
            from_one if from_here and in_all else (NOBODYS_CODES, network),
            from_all if granted else (NOBODYS_CODES, address),
        )
        refused = ((CODES_PER_NETWORK, network), *(() if can_wait else (of_all,)))
        waiting = (of_all if some_left else (NOBODYS_CODES, "all"),) if can_wait else ()
        return CodeAllowance(
            granted,
            [
                *(
                    self._limits.turn(limit, whom, partial(self._refusal, limit))
                    for limit, whom in refused
                ),
                *(self._limits.turn(limit, whom, Moved) for limit, whom in (*waiting, *counted)),
            ],
        )

    def _refusal(self, limit: Limit) -> TooManyProofs:
        return TooManyProofs(self._limits.seconds_left(limit))

    def _network(self, source_ip: str) -> str:
        try:
            return self._index.token(Kind.NETWORK, source_ip)
        except UnusableIdentifier:
            return self._index.token(Kind.NETWORK, _NOWHERE)
