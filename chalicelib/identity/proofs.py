"""How a data subject proves an address: by a code from the mail, or by the platform's word."""

from datetime import timedelta

from chalicelib.identity.allowances import Allowances
from chalicelib.identity.codes import CODE_LIFE, CodePlace, Codes, new_code
from chalicelib.identity.models import SELF, Opened
from chalicelib.identity.sessions import Sessions
from chalicelib.identity.vouching import Voucher, VouchingOff
from chalicelib.ids import Ids
from chalicelib.notices.models import Language
from chalicelib.notices.outbox import Outbox
from chalicelib.tables.transactions import Action, RunCommand
from chalicelib.vault.blind_index import BlindIndex, Kind

_MINUTE = timedelta(minutes=1)


class Proofs:
    """Codes and vouching; either opens a session."""

    def __init__(
        self,
        codes: Codes,
        allowances: Allowances,
        outbox: Outbox,
        index: BlindIndex,
        sessions: Sessions,
        ids: Ids,
        run_command: RunCommand,
        voucher: Voucher | None,
    ) -> None:
        self._codes = codes
        self._allowances = allowances
        self._outbox = outbox
        self._index = index
        self._sessions = sessions
        self._ids = ids
        self._run_command = run_command
        self._voucher = voucher

    def send_code(self, email: str, language: Language, source_ip: str) -> None:
        """Mails a new code to `email`, whoever that is; a code sent before ends.

        Nothing is looked up about the address, so nothing about it can show. Above what one address
        gets, nothing is sent and nobody is told: as many calls are made, for nobody. Raises
        `UnusableIdentifier`, `TooManyProofs` for the caller's network or for all.
        """
        place = self._place(email)
        gets_it = self._allowances.take_code(place.address, source_ip)
        code = new_code()
        values = {"code": code, "minutes": str(CODE_LIFE // _MINUTE)}
        mail = self._outbox.mail("sign_in_code", email, language, values)
        actions = [self._codes.issue(place, self._ids.new(), code, language), *mail.actions]
        self._run_command(lambda: actions if gets_it else self._for_nobody(len(actions)))

    def by_code(self, email: str, code: str, source_ip: str) -> Opened:
        """Opens a session for the address that `code` was sent to; the code is used up.

        Raises `InvalidCode`, `UnusableIdentifier`, `TooManyProofs` for the caller's network.
        """
        place = self._place(email)
        self._allowances.take_proof(source_ip)
        spent = self._codes.spend(place, code)
        return self._sessions.open(email, spent.language, spent.once, "code")

    def by_vouching(self, id_token: str, language: Language, source_ip: str) -> Opened:
        """Opens a session for the address that the client platform vouches for.

        Raises `VouchingOff`, `InvalidToken`, `KeysUnavailable`, `TooManyProofs`.
        """
        if self._voucher is None:
            raise VouchingOff
        self._allowances.take_proof(source_ip)
        vouched = self._voucher.accept(id_token)
        return self._sessions.open(vouched.email, language, vouched.once, "vouched")

    def _place(self, email: str) -> CodePlace:
        return CodePlace(SELF, self._index.token(Kind.EMAIL, email))

    def _for_nobody(self, writes: int) -> list[Action]:
        """As many writes as a code takes, of codes that nobody knows for addresses of nobody."""
        return [
            self._codes.issue(CodePlace("nobody", self._ids.new()), self._ids.new(), "none", "en")
            for _ in range(writes)
        ]
