"""Finding people without storing who they are: keyed tokens of their normalised identifiers.

    token = "v" version "." base64url(HMAC-SHA-256(key of that version, message)), no padding
    message = length (1 byte) and name of the kind, then the normalised identifier as UTF-8

The key is a scope of its own (`mac/blind-index/v<n>`). To rotate: add a version to `live`, write
the new tokens beside the old while both are looked up, then drop the old version.

Normalisation merges ways of typing one address, never two addresses that could have two owners:
whoever received mail for the one could act as the other. So letters are lower-cased, not case
folded (`ß` is not `ss`, and `straße.de` is not `strasse.de`), and neither dots nor `+tags` are
dropped. Send mail to `normalise`'s answer, never to what was typed: then an exotic spelling leads
to the mailbox that it is found under, and nowhere else.
"""

import base64
import hashlib
import hmac
import ipaddress
import re
import unicodedata
from collections.abc import Callable, Sequence
from enum import StrEnum

from chalicelib.vault.errors import UnusableIdentifier

_NAME = "blind-index"
_LONGEST = 320  # characters: 64 of local part, the sign, 255 of domain (RFC 3696, erratum 1690)
_HOME_COUNTRY = "+62"
_PHONE_PUNCTUATION = re.compile(r"[\s().\-/]")
_INTERNATIONAL = re.compile(r"\+[1-9][0-9]{7,14}")
_ASCII_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_LONGEST_LABEL = 63
_NETWORK_PREFIX = {4: 24, 6: 48}


class Kind(StrEnum):
    """What an identifier is. Tokens of different kinds never meet."""

    EMAIL = "email"
    PHONE = "phone"
    REFERENCE = "reference"
    """A client platform's own opaque id of a person: compared exactly."""
    NETWORK = "network"
    """An IP address, as the network that one household or office has: /24, or /48 of IPv6."""


class BlindIndex:
    """Tokens under the current version's key, and under all versions that are still live."""

    def __init__(self, mac_key: Callable[[str, int], bytes], live: Sequence[int] = (1,)) -> None:
        """`mac_key` is `Keyring.mac_key`; `live` lists key versions, the current one first."""
        if not live:
            raise ValueError("a blind index needs a current version")
        self._mac_key = mac_key
        self._live = tuple(live)

    def token(self, kind: Kind, identifier: str) -> str:
        """The token to store. Raises `UnusableIdentifier`."""
        return self._token(self._live[0], kind, normalise(kind, identifier))

    def tokens(self, kind: Kind, identifier: str) -> list[str]:
        """The tokens to look up, the current version's first. Raises `UnusableIdentifier`."""
        normalised = normalise(kind, identifier)
        return [self._token(version, kind, normalised) for version in self._live]

    def _token(self, version: int, kind: Kind, normalised: str) -> str:
        name = kind.encode()
        message = len(name).to_bytes() + name + normalised.encode()
        tag = _hmac_sha256(self._mac_key(_NAME, version), message)
        return f"v{version}.{base64.urlsafe_b64encode(tag).decode().rstrip('=')}"


def normalise(kind: Kind, identifier: str) -> str:
    """The one spelling of `identifier`. Raises `UnusableIdentifier`. Idempotent.

    E-mail: compatibility forms and case away, the domain in ASCII (RFC 5891's encoding). Phone:
    E.164 with its plus; a national number is Indonesia's. Reference: only surrounding space away.
    Network: the network of an address, or a network.
    """
    if len(identifier) > _LONGEST:
        raise UnusableIdentifier(kind)
    trimmed = identifier.strip()
    match kind:
        case Kind.EMAIL:
            normalised = _email(trimmed)
        case Kind.PHONE:
            normalised = _phone(trimmed)
        case Kind.REFERENCE:
            normalised = trimmed if trimmed.isprintable() else ""
        case Kind.NETWORK:
            normalised = _network(trimmed)
    if not normalised:
        raise UnusableIdentifier(kind)
    return normalised


def _email(address: str) -> str:
    local, sign, domain = _plain(address).rpartition("@")
    host = _domain(domain)
    usable = local and sign and host and local.isprintable() and not re.search(r"[\s@]", local)
    return f"{local}@{host}" if usable else ""


def _domain(domain: str) -> str:
    labels = [_label(label) for label in domain.replace("\u3002", ".").removesuffix(".").split(".")]
    return ".".join(labels) if len(labels) > 1 and all(labels) else ""


def _label(label: str) -> str:
    # Not the standard library's "idna" codec: that is IDNA 2003, which merges ß with ss.
    if not label.isascii():
        if not all(char == "-" or unicodedata.category(char)[0] in "LMN" for char in label):
            return ""
        label = "xn--" + label.encode("punycode").decode()
    return label if len(label) <= _LONGEST_LABEL and _ASCII_LABEL.fullmatch(label) else ""


def _phone(number: str) -> str:
    digits = _PHONE_PUNCTUATION.sub("", _plain(number).replace("(0)", ""))
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    elif digits.startswith("0"):
        digits = _HOME_COUNTRY + digits[1:]
    return digits if _INTERNATIONAL.fullmatch(digits) else ""


def _network(address: str) -> str:
    try:
        network = ipaddress.ip_network(address, strict=False)
    except ValueError:
        return ""
    prefix = _NETWORK_PREFIX[network.version]
    return str(network.supernet(new_prefix=prefix) if network.prefixlen > prefix else network)


def _plain(text: str) -> str:
    # Lower-casing can bring forth a decomposed letter: normalised before and after.
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).lower())


def _hmac_sha256(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)
