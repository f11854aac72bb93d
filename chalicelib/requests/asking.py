"""The code that proves a request, and its mail."""

from dataclasses import replace

from chalicelib.identity.proofs import CodeLetter, Proofs
from chalicelib.requests.mandates import proving_address
from chalicelib.requests.models import Capacity, Content, DataRequest
from chalicelib.requests.rules import Event, after
from chalicelib.tables.transactions import Action


class Asking:
    """Asks whoever has the request's address to prove it."""

    def __init__(self, proofs: Proofs) -> None:
        self._proofs = proofs

    def ask(self, request: DataRequest, source_ip: str) -> tuple[DataRequest, list[Action]]:
        """`request` as it waits for its code, with the mail's id; and the writes.

        Above what the address, or all together, get there is no mail, and as many writes. One read;
        the writes fail with `TooManyProofs` for the network, and with `Moved`: ask anew then.
        Raises `UnusableIdentifier`, `UnfitForMail`, `ImpossibleNow`.
        """
        status = after(request.status, Event.ASKED)
        content = request.content
        code = self._proofs.code_for(
            request.request_id, _letter(content), proving_address(content), source_ip
        )
        mails = (*request.messages, code.message_id) if code.message_id else request.messages
        return replace(request, status=status, messages=mails), code.actions


def _letter(content: Content) -> CodeLetter:
    """The mail that the code comes in: whoever confirms an agent is told which."""
    mandate = content.mandate
    if mandate and mandate.capacity is Capacity.AGENT:
        agent = {"agent": mandate.name, "agent_address": mandate.email}
        return CodeLetter("agent_code", content.language, agent)
    return CodeLetter("request_code", content.language)
