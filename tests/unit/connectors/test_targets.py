"""Where webhooks may go: every spelling of a URL and every kind of address that must not."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from chalicelib.connectors.webhooks.targets import (
    Address,
    RefusedTarget,
    Target,
    choose_address,
    is_public,
    parse_target,
)

EXAMPLE = Target(tls=True, host="hooks.example.com", port=443, path="/")
PUBLIC = ip_address("93.184.215.14")


def reason(url: str, *, loopback: bool = False) -> str:
    with pytest.raises(RefusedTarget) as refused:
        parse_target(url, loopback=loopback)
    assert str(refused.value) == RefusedTarget.code  # nothing of what was sent
    return refused.value.reason


@pytest.mark.parametrize(
    ("url", "target", "authority"),
    [
        (
            "https://hooks.example.com",
            Target(tls=True, host="hooks.example.com", port=443, path="/"),
            "hooks.example.com",
        ),
        (
            "https://hooks.example.com:8443/a/b?c=%20d&e='(~)'",
            Target(tls=True, host="hooks.example.com", port=8443, path="/a/b?c=%20d&e='(~)'"),
            "hooks.example.com:8443",
        ),
        (
            "https://xn--bcher-kva.example/@x:[1]",
            Target(tls=True, host="xn--bcher-kva.example", port=443, path="/@x:[1]"),
            "xn--bcher-kva.example",
        ),
    ],
)
def test_an_https_url_with_a_domain_name_is_read(url: str, target: Target, authority: str) -> None:
    for loopback in (False, True):
        assert parse_target(url, loopback=loopback) == target
    assert target.authority == authority


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks.example.com",
        "//hooks.example.com/",
        "ftp://hooks.example.com/",
        "file:///etc/passwd",
        "gopher://hooks.example.com/",
        "https:/hooks.example.com/",
        "https:///hooks.example.com/",
        "HTTPS://hooks.example.com/",
        "https://HOOKS.example.com/",
        "https://user@hooks.example.com/",
        "https://user:password@hooks.example.com/",
        "https://hooks.example.com@127.0.0.1/",
        "https://hooks.example.com%40127.0.0.1/",
        "https://hooks.example.com#@127.0.0.1/",
        "https://hooks.example.com/#fragment",
        "https://hooks.example.com\\@127.0.0.1/",
        "https://127.0.0.1\\.hooks.example.com/",
        "https://hooks.example.com?x=1",
        "https://hooks.example.com:/",
        "https://hooks.example.com:0/",
        "https://hooks.example.com:0443/",
        "https://hooks.example.com:+443/",
        "https://hooks.example.com:\u0664\u0664\u0663/",
        "https://hooks\u3002example\uff0ecom/",
        "https://\uff48ooks.example.com/",
        "https://b\u00fccher.example/",
        "https://hooks.example.com/\u00e9",
        "https://hooks.example.com/ x",
        " https://hooks.example.com/",
        "https://hooks.example.com/\n",
        "https://hooks.example.com/\r\nHost: internal",
        "https://hooks.example.com/\x00",
        "https://hooks.example.com/\x7f",
        "https://hooks_internal.example.com/",
        "https://[::1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::ffff:7f00:1]/",
        "https://[fd00:ec2::254]/",
        "https://[2606:4700:4700::1111]/",
        "https://[fe80::1%25eth0]/",
        "https://hooks.example.com/" + "x" * 2000,
    ],
)
def test_what_the_grammar_does_not_know_is_refused(url: str) -> None:
    assert reason(url) == "malformed"
    assert reason(url, loopback=True) == "malformed"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "8.8.8.8",
        "2130706433",
        "127.1",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "0x7f000001",
        "017700000001",
        "169.254.169.254",
        "hooks.example.0x7f",
        "hooks.example.1",
        "localhost",
        "intranet",
        "hooks.example.com.",
        "hooks..example.com",
        ".example.com",
        ".",
        "-hooks.example.com",
        "hooks-.example.com",
        "hooks.-com",
        "x" * 64 + ".example.com",
        ".".join(["x" * 50] * 6),
    ],
)
def test_only_a_domain_name_is_a_host(host: str) -> None:
    assert reason(f"https://{host}/") == "not_a_domain_name"
    assert reason(f"https://{host}/", loopback=True) == "not_a_domain_name"


@pytest.mark.parametrize("port", [1, 22, 25, 80, 442, 444, 1023, 65536, 99999])
def test_ports_of_other_services_are_refused(port: int) -> None:
    assert reason(f"https://hooks.example.com:{port}/") == "port_not_allowed"


@pytest.mark.parametrize(
    "url", ["http://hooks.example.com/", "http://127.0.0.1:8080/", "http://localhost/"]
)
def test_plain_http_is_refused(url: str) -> None:
    assert reason(url) == "not_https"


def test_the_local_stage_may_post_to_its_own_machine() -> None:
    target = parse_target("http://127.0.0.1:8080/hook", loopback=True)
    assert target == Target(tls=False, host="127.0.0.1", port=8080, path="/hook")
    assert choose_address(target, [IPv4Address("127.0.0.1")]) == IPv4Address("127.0.0.1")
    named = parse_target("http://localhost/", loopback=True)
    assert choose_address(named, [IPv6Address("::1"), IPv4Address("127.0.0.1")]).is_loopback


def test_the_local_stage_may_post_nowhere_else_without_tls() -> None:
    assert reason("http://hooks.example.com/", loopback=True) == "not_https"
    assert reason("http://10.0.0.1/", loopback=True) == "not_https"
    assert reason("http://127.0.0.1:65536/", loopback=True) == "port_not_allowed"
    target = parse_target("http://localhost/", loopback=True)
    with pytest.raises(RefusedTarget):
        choose_address(target, [IPv4Address("10.0.0.1")])
    with pytest.raises(RefusedTarget):
        choose_address(target, [PUBLIC])


def test_the_local_stage_refuses_a_name_for_the_loopback_over_https() -> None:
    with pytest.raises(RefusedTarget):
        choose_address(EXAMPLE, [IPv4Address("127.0.0.1")])


@given(st.text())
@example("https://a.example/\u2028")
def test_whatever_is_read_was_written_in_exactly_that_way(text: str) -> None:
    for url in (text, f"https://{text}", f"https://hooks.example.com{text}"):
        try:
            target = parse_target(url, loopback=False)
        except RefusedTarget:
            continue
        port = "" if target.port == 443 and ":443" not in url else f":{target.port}"
        path = target.path if url.endswith(target.path) else ""
        assert url == f"https://{target.host}{port}{path}"
        assert url.isascii()
        assert url.isprintable()


@given(st.ip_addresses())
def test_no_spelling_of_an_address_is_a_host(address: Address) -> None:
    number = int(address)
    spellings = [str(address), f"[{address}]", str(number), hex(number), oct(number)]
    if isinstance(address, IPv4Address):
        octets = address.packed
        spellings += [
            ".".join(map(hex, octets)),
            ".".join(f"{octet:04o}" for octet in octets),
            f"{octets[0]}.{int.from_bytes(octets[1:])}",
            f"[::ffff:{address}]",
        ]
    for spelling in spellings:
        assert reason(f"https://{spelling}/") in {"malformed", "not_a_domain_name"}


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.9",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:0:127.0.0.1",
        "64:ff9b::127.0.0.1",
        "64:ff9b::8.8.8.8",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:2::1",
        "2001:10::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:808:808::1",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700::1111%eth0",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ],
)
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert not is_public(ip_address(address))
    with pytest.raises(RefusedTarget) as refused:
        choose_address(EXAMPLE, [PUBLIC, ip_address(address)])
    assert refused.value.reason == "not_public"


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.215.14", "100.128.0.1", "2606:4700:4700::1111", "2a00:1450::1"]
)
def test_a_public_address_is_taken(address: str) -> None:
    assert choose_address(EXAMPLE, [ip_address(address)]) == ip_address(address)


def test_a_name_without_addresses_is_refused() -> None:
    with pytest.raises(RefusedTarget) as refused:
        choose_address(EXAMPLE, [])
    assert refused.value.reason == "unresolvable"


@given(st.ip_addresses())
def test_what_python_calls_special_is_never_public(address: Address) -> None:
    assume(
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address.is_reserved
    )
    assert not is_public(address)


@given(st.ip_addresses(v=4))
def test_no_ipv4_address_comes_in_through_ipv6(address: IPv4Address) -> None:
    four = int(address)
    for prefix, shift in (
        ("::", 0),
        ("::ffff:0:0", 0),
        ("::ffff:0:0:0", 0),
        ("64:ff9b::", 0),
        ("64:ff9b:1::", 0),
        ("2002::", 80),
        ("2001::", 0),
    ):
        assert not is_public(IPv6Address(int(IPv6Address(prefix)) + (four << shift)))


@given(st.lists(st.ip_addresses(), min_size=1))
def test_one_bad_address_condemns_all(addresses: list[Address]) -> None:
    assume(not all(map(is_public, addresses)))
    with pytest.raises(RefusedTarget):
        choose_address(EXAMPLE, addresses)
