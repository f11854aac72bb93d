"""Where a webhook may go: the defence against server-side request forgery (OWASP SSRF, CWE-918).

A URL is read by one strict grammar and sent as what was read, so no second parser can understand it
differently. What its host resolves to is decided upon address by address; the connection then goes
to the address that was looked at (client.py), so that a name which resolves differently a moment
later gains nothing.

`ipaddress.is_global` alone does not do: it lets through multicast, IPv4 in IPv6 clothing
(`::ffff:127.0.0.1`, NAT64's `64:ff9b::/96`), site-local and documentation prefixes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_network

from chalicelib.errors import FieldError, InvalidInput

type Address = IPv4Address | IPv6Address

LONGEST_URL = 2000
_HTTPS_PORT = 443
_FIRST_UNPRIVILEGED_PORT, _LAST_PORT = 1024, 65535
_LONGEST_HOST = 253
_LOOPBACK_NAMES = ("127.0.0.1", "localhost")

# Printable ASCII without what some reader of URLs takes for a separator or repairs: blank, quotes,
# angle brackets, backslash, caret, backtick, braces, bar. No user information, no fragment.
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9.-]+)(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>(?:/[!$-;=?-\[\]_a-z~]*)?)",
    re.ASCII,
)
_LABEL = r"(?!-)[a-z0-9-]{1,63}(?<!-)"
# At least two labels, the last beginning with a letter: no number, octal, hexadecimal or dotted,
# that a resolver would take for an address. No dot at the end.
_DNS_NAME = re.compile(rf"(?:{_LABEL}\.)+(?=[a-z]){_LABEL}", re.ASCII)

_GLOBAL_UNICAST = ip_network("2000::/3")
"""RFC 4291, 2.4. Everything else is another kind of address or an IPv4 one in disguise."""

_NEVER = tuple(
    map(
        ip_network,
        (
            "192.0.0.0/24",  # IETF protocol assignments (RFC 6890)
            "192.88.99.0/24",  # 6to4 relays (RFC 7526)
            "2001::/23",  # IETF protocol assignments: Teredo, ORCHID, benchmarks (RFC 2928)
            "2002::/16",  # 6to4: an IPv4 address within (RFC 3056)
            "3fff::/20",  # documentation (RFC 9637)
        ),
    )
)
"""What `is_global` takes for public and is not, or is a tunnel to any IPv4 address."""


class RefusedTarget(InvalidInput):
    """No webhook goes there. The field's code says why, never where."""

    code = "refused_target"

    def __init__(self, reason: str) -> None:
        super().__init__(FieldError("url", reason))
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that was read: `path` is what stands in the request line, query included."""

    tls: bool
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """The Host header (RFC 9110, 7.2)."""
        usual = _HTTPS_PORT if self.tls else 80
        return self.host if self.port == usual else f"{self.host}:{self.port}"


def parse_target(url: str, *, loopback: bool) -> Target:
    """The target that `url` names. Raises `RefusedTarget`.

    An https URL with a DNS name in lower-case ASCII (IDNA: `xn--`) on port 443 or above 1023; with
    `loopback` also `http://127.0.0.1` and `http://localhost`, for receivers on a developer's
    machine.
    """
    match = _URL.fullmatch(url) if len(url) <= LONGEST_URL else None
    if match is None:
        raise RefusedTarget("malformed")
    tls, host = match["scheme"] == "https", match["host"]
    target = Target(tls, host, int(match["port"] or (443 if tls else 80)), match["path"] or "/")
    if target.port > _LAST_PORT:
        raise RefusedTarget("port_not_allowed")
    if loopback and not tls and host in _LOOPBACK_NAMES:
        return target
    if not tls:
        raise RefusedTarget("not_https")
    if len(host) > _LONGEST_HOST or not _DNS_NAME.fullmatch(host):
        raise RefusedTarget("not_a_domain_name")
    if target.port != _HTTPS_PORT and target.port < _FIRST_UNPRIVILEGED_PORT:
        raise RefusedTarget("port_not_allowed")
    return target


def choose_address(target: Target, addresses: Sequence[Address]) -> Address:
    """The first of `addresses`, once every one of them is public. Raises `RefusedTarget`.

    One that is not condemns all: whoever mixes them is probing. Without TLS, which `parse_target`
    grants to the machine itself only, every one must be the loopback instead.
    """
    suits = is_public if target.tls else _is_loopback
    if not addresses:
        raise RefusedTarget("unresolvable")
    if not all(map(suits, addresses)):
        raise RefusedTarget("not_public")
    return addresses[0]


def is_public(address: Address) -> bool:
    """Whether `address` is global unicast and no way to another address (RFC 6890, 4291)."""
    if isinstance(address, IPv6Address) and (address not in _GLOBAL_UNICAST or address.scope_id):
        return False
    return (
        address.is_global
        and not address.is_multicast
        and not any(address in network for network in _NEVER)
    )


def _is_loopback(address: Address) -> bool:
    return address.is_loopback
