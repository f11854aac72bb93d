"""How a data subject proves an address: by a code from the mail, or by the platform's word."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from chalicelib.errors import TooMany
from chalicelib.identity.codes import CODE_LIFE, CodePlace, Codes, new_code
from chalicelib.identity.limits import Limit, Limits
from chalicelib.identity.models import SELF, Opened
from chalicelib.identity.sessions import Sessions
from chalicelib.identity.vouching import Voucher, VouchingOff
from chalicelib.ids import Ids
from chalicelib.notices.models import Language
from chalicelib.notices.outbox import Outbox
from chalicelib.tables.transactions import Action
from chalicelib.vault.blind_index import BlindIndex, Kind
from chalicelib.vault.errors import UnusableIdentifier

CODES_PER_ADDRESS = Limit("codes_address", 5)
CODES_PER_NETWORK = Limit("codes_network", 30)
PROOFS_PER_NETWORK = Limit("proofs_network", 60)
_MINUTE = timedelta(minutes=1)
_NOWHERE = "0.0.0.0"  # whose network a call without an address counts for

type RunCommand = Callable[[Callable[[], Sequence[Action]]], None]


class TooManyProofs(TooMany):
    """Too many codes asked for, or proofs tried, from this network in this hour."""

    code = "too_many_proofs"


class Proofs:
    """Codes and vouching; either opens a session."""

    def __init__(
        self,
        codes: Codes,
        limits: Limits,
        outbox: Outbox,
        index: BlindIndex,
        sessions: Sessions,
        ids: Ids,
        run_command: RunCommand,
        voucher: Voucher | None,
    ) -> None:
        self._codes = codes
        self._limits = limits
        self._outbox = outbox
        self._index = index
        self._sessions = sessions
        self._ids = ids
        self._run_command = run_command
        self._voucher = voucher

    def send_code(self, email: str, language: Language, source_ip: str) -> None:
        """Mails a new code to `email`, whoever that is; a code sent before ends.

        Nothing is looked up about the address, so nothing about it can show. Above five codes an
        hour for one address nothing is sent, and nobody is told. Raises `UnusableIdentifier`,
        `TooManyProofs` for the caller's network.
        """
        place = self._place(email)
        self._count(CODES_PER_NETWORK, source_ip)
        if not self._limits.allows(CODES_PER_ADDRESS, place.address):
            return
        code = new_code()
        values = {"code": code, "minutes": str(CODE_LIFE // _MINUTE)}
        mail = self._outbox.mail("sign_in_code", email, language, values)
        issue = self._codes.issue(place, self._ids.new(), code, language)
        self._run_command(lambda: [issue, *mail.actions])

    def by_code(self, email: str, code: str, source_ip: str) -> Opened:
        """Opens a session for the address that `code` was sent to; the code is used up.

        Raises `InvalidCode`, `UnusableIdentifier`, `TooManyProofs` for the caller's network.
        """
        place = self._place(email)
        self._count(PROOFS_PER_NETWORK, source_ip)
        spent = self._codes.spend(place, code)
        return self._sessions.open(email, spent.language, spent.once, "code")

    def by_vouching(self, id_token: str, language: Language, source_ip: str) -> Opened:
        """Opens a session for the address that the client platform vouches for.

        Raises `VouchingOff`, `InvalidToken`, `KeysUnavailable`, `TooManyProofs`.
        """
        if self._voucher is None:
            raise VouchingOff
        self._count(PROOFS_PER_NETWORK, source_ip)
        vouched = self._voucher.accept(id_token)
        return self._sessions.open(vouched.email, language, vouched.once, "vouched")

    def _place(self, email: str) -> CodePlace:
        return CodePlace(SELF, self._index.token(Kind.EMAIL, email))

    def _count(self, limit: Limit, source_ip: str) -> None:
        try:
            network = self._index.token(Kind.NETWORK, source_ip)
        except UnusableIdentifier:
            network = self._index.token(Kind.NETWORK, _NOWHERE)
        if not self._limits.allows(limit, network):
            raise TooManyProofs(self._limits.seconds_left())
