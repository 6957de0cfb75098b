"""Which names can be claimed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.domains.names import MOST, read_claim
from vestibule.domains.refusal import DomainRefused


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("acme.com", "acme.com"), (" Acme.COM. ", "acme.com"), ("eu.acme.co.uk", "eu.acme.co.uk"),
        ("Bücher.example", "xn--bcher-kva.example"), ("xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("acme.公司.cn", "acme.xn--55qx5d.cn"), ("corp.internal", "corp.internal"), ("gmail.acme.com", "gmail.acme.com"),
        ("notgmail.com", "notgmail.com"), ("live.acme.com", "live.acme.com"), ("acme.github.io", "acme.github.io"),
    ],
)  # fmt: skip
def test_an_enterprise_claims_a_name_of_its_own(text: str, domain: str) -> None:
    assert read_claim(text) == domain


REFUSED = {
    "": "not_a_domain", "acme": "not_a_domain", "ana@acme.com": "not_a_domain", "https://acme.com": "not_a_domain",
    "acme.com/path": "not_a_domain", "acme .com": "not_a_domain", "acme..com": "not_a_domain", "10.0.0.1": "not_a_domain",
 "-acme.com": "not_a_domain", "_x.acme.com": "not_a_domain", "\u212aacme.com": "not_a_domain",
    "*.acme.com": "wildcard", "com": "not_a_domain", "co.uk": "public_suffix", "公司.cn": "public_suffix",
    "github.io": "public_suffix", "x.kobe.jp": "public_suffix", "a." * 130 + "com": "not_a_domain",
    "gmail.com": "public_mail", "GMAIL.com.": "public_mail", "googlemail.com": "public_mail", "mx.gmail.com": "public_mail",
    "outlook.com": "public_mail", "hotmail.co.uk": "public_mail", "yahoo.co.jp": "public_mail", "gmx.net": "public_mail",
    "web.de": "public_mail", "qq.com": "public_mail", "icloud.com": "public_mail", "mail.ru": "public_mail",
    "proton.me": "public_mail", "acme.onmicrosoft.com": "public_mail", "live.com": "public_mail", "mailinator.com": "public_mail",
}  # fmt: skip


@pytest.mark.parametrize(("text", "code"), REFUSED.items())
def test_a_name_that_can_be_nobodys_is_refused_with_a_way_out(text: str, code: str) -> None:
    with pytest.raises(DomainRefused) as caught:
        read_claim(text)
    assert caught.value.code == code
    assert "claim" in str(caught.value) or "write it" in str(caught.value)


def test_a_name_is_no_longer_than_its_challenge_can_be() -> None:
    longest = ("a." * (MOST // 2))[: MOST - 4].rstrip(".") + ".com"
    longest = "a" * (MOST - len(longest)) + longest
    assert len(longest) == MOST
    assert read_claim(longest) == longest
    with pytest.raises(DomainRefused) as caught:
        read_claim("a" + longest)
    assert caught.value.code == "too_long"


@given(st.text(max_size=40))
def test_what_was_read_is_read_the_same_again(text: str) -> None:
    for name in (text, f"{text}.acme.com"):
        try:
            domain = read_claim(name)
        except DomainRefused:
            continue
        assert read_claim(domain) == domain
        assert domain.isascii()
        assert domain == domain.lower()
