"""Which addresses and URLs are refused before anything is connected to."""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.outbound import Unusable
from vestibule.outbound.addresses import NOTHING_ALLOWED, Allowed, not_public, unwrapped
from vestibule.outbound.target import FetchError, read_url

INNER = {
    "127.0.0.1": "loopback", "127.255.255.254": "loopback", "::1": "loopback",
    "10.0.0.1": "private", "172.16.0.1": "private", "172.31.255.255": "private", "192.168.1.1": "private",
    "fc00::1": "private", "fd12:3456::1": "private", "fec0::1": "private",
    "169.254.0.1": "link_local", "fe80::1": "link_local",
    "169.254.169.254": "metadata", "fd00:ec2::254": "metadata", "100.100.100.200": "metadata", "169.254.170.2": "metadata",
    "::ffff:169.254.169.254": "metadata",
    "100.64.0.1": "shared", "100.127.255.255": "shared",
    "224.0.0.1": "multicast", "239.255.255.255": "multicast", "ff02::1": "multicast", "ff0e::1": "multicast",
    "0.0.0.0": "unspecified", "::": "unspecified",
    "0.1.2.3": "private", "192.0.2.1": "private", "198.51.100.1": "private", "203.0.113.1": "private",
    "198.18.0.1": "private", "240.0.0.1": "reserved", "255.255.255.255": "reserved", "192.88.99.1": "reserved",
    "2001:db8::1": "private", "3fff::1": "reserved", "5f00::1": "reserved", "100::1": "reserved",
    "::ffff:127.0.0.1": "loopback", "::ffff:10.0.0.1": "private", "::ffff:0.0.0.0": "unspecified",
    "64:ff9b::127.0.0.1": "loopback", "64:ff9b::10.0.0.1": "private", "64:ff9b:1::10.0.0.1": "reserved",
    "2002:7f00:1::": "loopback", "2002:a00:1::1": "private", "2002:c0a8:101::1": "private",
    "::127.0.0.1": "reserved", "::ffff:0:127.0.0.1": "reserved", "2001:0:4136:e378:8000:63bf:3fff:fdd2": "private",
}  # fmt: skip
PUBLIC = ("8.8.8.8", "1.1.1.1", "172.15.0.1", "172.32.0.1", "100.63.0.1", "2606:4700::1111", "2a00:1450::1",
          "64:ff9b::8.8.8.8", "::ffff:8.8.8.8", "2002:808:808::1")  # fmt: skip


@pytest.mark.parametrize(("address", "kind"), INNER.items())
def test_an_address_of_no_public_net_is_refused(address: str, kind: str) -> None:
    assert (not_public(ip_address(address)) or "").startswith(kind)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_not(address: str) -> None:
    assert not_public(ip_address(address)) is None


@given(st.ip_addresses(v=4))
def test_wrapping_an_address_changes_nothing_of_what_is_thought_of_it(address: IPv4Address) -> None:
    number = int(address)
    wrapped = (0xFFFF << 32 | number, 0x64FF9B << 96 | number, 0x2002 << 112 | number << 80)
    assert {not_public(ip_address(each)) for each in wrapped} == {not_public(address)}
    assert {unwrapped(IPv6Address(each)) for each in wrapped} == {address}


def test_an_allowed_network_opens_itself_and_no_metadata() -> None:
    allowed = Allowed.read(["10.0.0.0/8", "127.0.0.1", "169.254.0.0/16", "idp.corp.", "fd00::/8"])
    assert allowed.networks[1] == IPv4Network("127.0.0.1/32")
    for inside in ("10.9.8.7", "127.0.0.1", "::ffff:10.0.0.1", "169.254.1.1", "fd12::1"):
        assert allowed.has_address(ip_address(inside)), inside
    for outside in ("127.0.0.2", "11.0.0.1", "169.254.169.254", "::ffff:169.254.169.254", "fd00:ec2::254", "::1"):
        assert not allowed.has_address(ip_address(outside)), outside
    assert allowed.has_host("idp.corp")
    assert not allowed.has_host("evil.idp.corp")
    assert not NOTHING_ALLOWED.has_host("idp.corp")


@pytest.mark.parametrize("entry", ["10.0.0.1/8", "10.0.0.0/33", "300.1.1.1", "1.2.3", "a b", "http://x", "x:443", ""])
def test_an_entry_that_is_no_network_is_told(entry: str) -> None:
    with pytest.raises(Unusable, match=r"VESTIBULE_ALLOW_NETWORKS has .* write e\.g\. 10\.1\.0\.0/16"):
        Allowed.read([entry])


BAD_URLS = {
    "ftp://idp.example/": "url_scheme", "file:///etc/passwd": "url_scheme", "gopher://x/": "url_scheme",
    "//idp.example/": "url_scheme", "idp.example": "url_scheme", "javascript:alert(1)": "url_scheme", "": "url_host",
    "https://": "url_host", "https:///x": "url_host", "https://user@idp.example/": "url_host",
    "https://user:pw@idp.example/": "url_host", "https://idp.example@127.0.0.1/": "url_host", "https://@x/": "url_host",
    "https://idp.example\\@127.0.0.1/": "url_host", "https://idp.example\t.evil/": "url_host",
    "https://idp .example/": "url_host", "https://idp.example/\r\nX: y": "url_host", "https://idp.example/\0": "url_host",
    "https://2130706433/": "url_host", "https://0x7f000001/": "url_host", "https://0x7f.1/": "url_host",
    "https://017700000001/": "url_host", "https://0177.0.0.1/": "url_host", "https://127.1/": "url_host",
    "https://127.0.0.01/": "url_host", "https://1.2.3.4.5/": "url_host", "https://256.1.1.1/": "url_host",
    "https://a.0x/": "url_host", "https://foo.127/": "url_host", "https://127。1/": "url_host", "https://①②⑦.①/": "url_host",
    "https://[::1": "url_host", "https://[fe80::1%25eth0]/": "url_host", "https://[::1]x/": "url_host", "https://[zz]/": "url_host",
    "https://[v1.a]/": "url_host", "https://idp..example/": "url_host", "https://.example/": "url_host", "https://-a.example/": "url_host",
    "https://idp.example../": "url_host", "https://idp%2eexample/": "url_host", "https://idp!x/": "url_host",
    "https://idp.example:0/": "url_port", "https://idp.example:99999/": "url_host", "https://idp.example:x/": "url_host",
    "https://" + "a" * 64 + ".example/": "url_host", "https://" + "a." * 130 + "example/": "url_host",
    "https://idp.example/" + "a" * 2_048: "url_host", "https://idp.example/ü": "url_host", "https://ex\u200bample.com/\u00ad": "url_host",
}  # fmt: skip


@pytest.mark.parametrize(("url", "code"), BAD_URLS.items())
def test_a_url_that_could_be_read_in_two_ways_is_refused(url: str, code: str) -> None:
    with pytest.raises(FetchError) as caught:
        read_url(url)
    assert caught.value.code == code
    assert "pw" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "plain", "host"),
    [
        ("https://IdP.Example", "https://idp.example/", "idp.example"),
        ("HTTPS://idp.example.:443/a?b=c#d", "https://idp.example/a?b=c", "idp.example"),
        ("https://idp.example:8443/a?b", "https://idp.example:8443/a?b", "idp.example"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/", "xn--bcher-kva.example"),
        ("https://127.0.0.1/", "https://127.0.0.1/", "127.0.0.1"),
        ("https://１２７.０.０.１/", "https://127.0.0.1/", "127.0.0.1"),
        ("https://①②⑦.⓪.⓪.①/", "https://127.0.0.1/", "127.0.0.1"),
        ("https://[::FFFF:127.0.0.1]/", "https://[::ffff:7f00:1]/", "::ffff:7f00:1"),
        ("http://localhost.:9000/x", "http://localhost:9000/x", "localhost"),
    ],
)
def test_a_good_url_is_read_into_its_plain_form(url: str, plain: str, host: str) -> None:
    target = read_url(url)
    assert (target.url, target.host) == (plain, host)
    assert read_url(target.url).url == plain
    assert (target.address is not None) == host[0].isdigit() or host[0] == ":"


@given(st.text(max_size=40))
def test_any_text_is_a_target_or_a_refusal(text: str) -> None:
    for url in (text, "https://" + text):
        try:
            target = read_url(url)
        except FetchError:
            continue
        assert read_url(target.url).authority == target.authority
        assert target.host.isascii()
