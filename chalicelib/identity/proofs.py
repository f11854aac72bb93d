"""How a data subject proves an address: by a code from the mail, or by the platform's word."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from chalicelib.identity.allowances import Allowances
from chalicelib.identity.codes import CODE_LIFE, CodePlace, Codes, Spent, new_code
from chalicelib.identity.models import SELF, Opened
from chalicelib.identity.sessions import Sessions
from chalicelib.identity.vouching import Voucher, VouchingOff
from chalicelib.ids import Ids
from chalicelib.notices.models import Language
from chalicelib.notices.outbox import Outbox, Queued
from chalicelib.tables.transactions import Action, RunCommand
from chalicelib.vault.blind_index import BlindIndex, Kind

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class CodeLetter:
    """The mail that a code comes in: its template, and what that says beside the code."""

    template: str
    language: Language
    values: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class CodeMail:
    """A code that was asked for: the id of its mail, None above what the address gets; and the
    writes, which are as many then."""

    message_id: str | None
    actions: list[Action]


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
        letter = CodeLetter("sign_in_code", language)
        self._run_command(
            lambda: self.code_for(SELF, letter, email, source_ip, can_wait=False).actions
        )

    def code_for(
        self,
        purpose: str,
        letter: CodeLetter,
        email: str,
        source_ip: str,
        *,
        can_wait: bool = True,
    ) -> CodeMail:
        """A code for `purpose` and its mail, for the transaction of whoever asks for the proof.

        Call it anew whenever the transaction meets `Moved`. `purpose` is also what the mail is
        about. One read and as many writes, whether the address gets one or not; it gets none when
        all asked for too many and it `can_wait`. Raises `UnusableIdentifier`, `UnfitForMail`; the
        writes fail with `TooManyProofs`.
        """
        place = self._place(purpose, email)
        allowance = self._allowances.code(place.address, source_ip, can_wait=can_wait)
        mailed = self._mailed(place, letter, email)
        if allowance.granted:
            return CodeMail(mailed.message_id, [*allowance.counts, *mailed.actions])
        return CodeMail(None, [*allowance.counts, *self._for_nobody(len(mailed.actions))])

    def spend(self, purpose: str, address: str, code: str, source_ip: str) -> Spent:
        """Counts a try at the code for `purpose` of `address`, a blind index.

        Raises `InvalidCode`, `TooManyProofs` for the caller's network.
        """
        self._allowances.take_proof(source_ip)
        return self._codes.spend(CodePlace(purpose, address), code)

    def by_code(self, email: str, code: str, source_ip: str) -> Opened:
        """Opens a session for the address that `code` was sent to; the code is used up.

        Raises `InvalidCode`, `UnusableIdentifier`, `TooManyProofs` for the caller's network.
        """
        spent = self.spend(SELF, self._place(SELF, email).address, code, source_ip)
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

    def _place(self, purpose: str, email: str) -> CodePlace:
        return CodePlace(purpose, self._index.token(Kind.EMAIL, email))

    def _mailed(self, place: CodePlace, letter: CodeLetter, email: str) -> Queued:
        code = new_code()
        values = {**letter.values, "code": code, "minutes": str(CODE_LIFE // _MINUTE)}
        about = None if place.purpose == SELF else place.purpose
        mail = self._outbox.mail(letter.template, email, letter.language, values, about=about)
        issue = self._codes.issue(place, self._ids.new(), code, letter.language)
        return Queued(mail.message_id, [issue, *mail.actions])

    def _for_nobody(self, writes: int) -> list[Action]:
        """As many writes as a code takes, of codes that nobody knows for addresses of nobody."""
        return [
            self._codes.issue(CodePlace("nobody", self._ids.new()), self._ids.new(), "none", "en")
            for _ in range(writes)
        ]
