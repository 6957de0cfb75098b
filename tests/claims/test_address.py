"""A mail address is read so that no two parties can read it differently."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.effort import examples
from vestibule.claims import Address, NotAnAddress, read_address
from vestibule.claims.address import read_domain

REFUSED = {
    "empty": "",
    "no @": "ada.example.com",
    "two @": "ada@evil.example@acme.example",
    "nothing before": "@acme.example",
    "nothing behind": "ada@",
    "quoted": '"ada@evil"@acme.example',
    "quoted without @": '"ada"@acme.example',
    "comment": "ada(x)@acme.example",
    "comment behind": "ada@acme.example(x)",
    "a name before it": "Ada <ada@acme.example>",
    "two addresses": "ada@acme.example,bob",
    "space before": " ada@acme.example",
    "space behind": "ada@acme.example ",
    "newline behind": "ada@acme.example\n",
    "header": "ada@acme.example\r\nBcc: x",
    "NUL": "ada\0@acme.example",
    "NUL in the domain": "ada@acme.example\0.evil.example",
    "dot first": ".ada@acme.example",
    "dot last": "ada.@acme.example",
    "two dots": "a..da@acme.example",
    "local name": "ada@localhost",
    "address literal": "ada@[127.0.0.1]",
    "IPv4": "ada@127.0.0.1",
    "dot behind": "ada@acme.example.",
    "dot before": "ada@.acme.example",
    "hyphen first": "ada@-acme.example",
    "underscore": "ada@ac_me.example",
    "slash": "ada@acme.example/x",
    "port": "ada@acme.example:25",
    "percent": "ada@acme%2eexample.com",
    "full-width domain": "ada@\uff41cme.example",
    "full-width @": "ada\uff20acme.example",
    "full-width dot": "ada@acme\u3002example",
    "Kelvin sign": "ada@\u212aelvin.example",
    "long s": "ada@\u017fub.example",
    "soft hyphen": "ada@ac\u00adme.example",
    "zero width": "ada\u200b@acme.example",
    "right to left": "ada\u202e@acme.example",
    "full-width local part": "\uff41da@acme.example",
    "ligature": "\ufb01ona@acme.example",
    "no-break space": "ada\u00a0@acme.example",
    "a lone surrogate": "ada\ud800@acme.example",
    "a lone surrogate in the domain": "ada@acme\ud800.example",
    "label too long": f"ada@{'a' * 64}.example",
    "local part too long": f"{'a' * 65}@acme.example",
    "too long": f"ada@{'a.' * 130}example",
    "punycode of nothing": "ada@xn--zzzzzz.example",
    "A-label that is none": "ada@xn--\u00e9.example",
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_could_be_read_two_ways_is_no_address(name: str) -> None:
    with pytest.raises(NotAnAddress):
        read_address(REFUSED[name])


@pytest.mark.parametrize(
    ("text", "local", "domain"),
    [
        ("ada@acme.example", "ada", "acme.example"),
        ("Ada.Lovelace+x@ACME.Example", "Ada.Lovelace+x", "acme.example"),
        ("bob_partner.example#EXT#@contoso.onmicrosoft.com", "bob_partner.example#EXT#", "contoso.onmicrosoft.com"),
        ("o'brien@acme.example", "o'brien", "acme.example"),
        ("jürgen@MÜLLER.example", "jürgen", "xn--mller-kva.example"),
        ("a@b.c-d.museum", "a", "b.c-d.museum"),
        ("a@1.example", "a", "1.example"),
    ],
)
def test_an_address_keeps_its_local_part_and_folds_its_domain(text: str, local: str, domain: str) -> None:
    assert read_address(text) == Address(local, domain)


def test_two_spellings_of_a_domain_are_one_and_two_look_alikes_are_two() -> None:
    assert read_domain("Müller.example") == read_domain("xn--mller-kva.example") == read_domain("MÜLLER.EXAMPLE")
    assert read_domain("\u0430cme.example") != read_domain("acme.example")


@examples(300)
@given(
    st.text(max_size=40)
    | st.emails()
    | st.builds("{}@{}.example".format, st.text(max_size=8), st.text(min_size=1, max_size=8))
)
def test_reading_is_idempotent_and_raises_nothing_else(text: str) -> None:
    try:
        address = read_address(text)
    except NotAnAddress as refused:
        assert str(refused)
        return
    assert read_address(str(address)) == address
    assert text.startswith(address.local + "@")
    assert address.domain.isascii()
    assert address.domain == address.domain.lower()
