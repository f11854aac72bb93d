"""The mail transport: Amazon SES takes the bytes, or says why not."""

from typing import Any, Protocol

from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004  # its name
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ProxyConnectionError,
)
from botocore.parsers import ResponseParserError

from chalicelib.aws import is_passing
from chalicelib.errors import Forbidden, Unavailable

MESSAGE_TAG = "jaga-message-id"
"""SES repeats the tag in what it reports of the mail: a bounce names our own id."""

_REFUSED = {"MessageRejected", "InvalidParameterValue"}
_PASSING = {
    "AccountSendingPausedException",
    "ConfigurationSetSendingPausedException",
    "InternalFailure",
}
_OURS_TO_MEND = "not verified"
_NEVER_LEFT = (ConnectTimeoutError, EndpointConnectionError, ProxyConnectionError)
_LEFT_PERHAPS = (HTTPClientError, ConnectionError, ResponseParserError, KeyError)
"""After any other failure of the network, or an answer that is none, SES may have the mail."""


class MailUnavailable(Unavailable):
    """SES throttles, is away or was paused: the same mail may go out later."""

    code = "mail_unavailable"


class OutcomeUnknown(Unavailable):
    """The mail left and no answer came back: whether SES took it, nobody knows."""

    code = "outcome_unknown"


class MailRefused(Forbidden):
    """SES will never take this mail: what it holds, or whom it is for."""

    code = "mail_refused"


class Client(Protocol):
    """What of SES's client we use."""

    def send_raw_email(self, **parameters: Any) -> dict[str, Any]: ...


class Ses:
    """Sends through one configuration set.

    The API of 2010 (`SendRawEmail`): the embedded SES reports bounces of no other.
    """

    def __init__(self, client: Client, configuration_set: str) -> None:
        self._client = client
        self._configuration_set = configuration_set

    def send(self, message_id: str, sender: str, to: str, raw: bytes) -> str:
        """Hands `raw` over, for `to` alone, whatever its headers say. Returns SES's own id.

        Raises `OutcomeUnknown`. After every other error SES does not have the mail: after
        `MailUnavailable`, `MailRefused`, and the client's errors for what somebody has to mend
        first: rights, an identity that is not verified, a configuration set that is missing.
        """
        try:
            answer = self._client.send_raw_email(
                Source=sender,
                Destinations=[to],
                RawMessage={"Data": raw},
                ConfigurationSetName=self._configuration_set,
                Tags=[{"Name": MESSAGE_TAG, "Value": message_id}],
            )
            return str(answer["MessageId"])
        except ClientError as refusal:
            if is_passing(refusal) or _code(refusal) in _PASSING:
                raise MailUnavailable from None
            # Of the account's sandbox or a lapsed DKIM record SES says the same as of a bad mail.
            # Its text is read, since it alone tells them apart, and it is shown nowhere.
            mendable = _OURS_TO_MEND in refusal.response["Error"].get("Message", "")
            if _code(refusal) in _REFUSED and not mendable:
                raise MailRefused from None
            raise
        except _NEVER_LEFT:
            raise MailUnavailable from None
        except _LEFT_PERHAPS:
            raise OutcomeUnknown from None


def _code(refusal: ClientError) -> str:
    return refusal.response["Error"]["Code"]
