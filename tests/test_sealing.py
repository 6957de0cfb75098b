"""Secrets at rest open where they were sealed for, with a key that is at hand, and nowhere else."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule import settings
from vestibule.sealing import Seal, SealError, key_id
from vestibule.settings import InvalidSettings

OLD, NEW = bytes(range(32)), bytes(range(1, 33))


def code_of(seal: Seal, sealed: str, context: str) -> str:
    with pytest.raises(SealError) as caught:
        seal.open(sealed, context)
    return caught.value.code


@given(st.text(), st.text())
def test_what_was_sealed_opens_again_and_does_not_show(text: str, context: str) -> None:
    seal = Seal((NEW,))
    sealed = seal.seal(text, context)
    assert seal.open(sealed, context) == text
    assert sealed != seal.seal(text, context)
    assert len(text) < 8 or text not in sealed


def test_a_secret_of_another_row_does_not_open() -> None:
    """One copied from one connection to another, or into another column of the same."""
    seal = Seal((NEW,))
    sealed = seal.seal("hush", "con_1 oidc.client_secret")
    for other in ("con_2 oidc.client_secret", "con_1 oidc.other", "", "con_1 oidc.client_secret "):
        assert code_of(seal, sealed, other) == "tampered"


@given(st.integers(0, 200), st.sampled_from("abcXYZ019-_.=~ é\n"))
def test_a_changed_letter_is_noticed(place: int, letter: str) -> None:
    seal = Seal((NEW,))
    sealed = seal.seal("a secret of some length", "here")
    place %= len(sealed)
    changed = sealed[:place] + letter + sealed[place + 1 :]
    if changed != sealed:
        try:
            opened = seal.open(changed, "here")
        except SealError:
            return
        # The last letter of base64 has bits that mean nothing.
        assert (place, opened) == (len(sealed) - 1, "a secret of some length")


@given(st.text())
def test_no_text_but_a_sealed_one_opens(text: str) -> None:
    for tried in (text, f"v1.{text}", f"v1.{key_id(NEW)}.{text}"):
        code_of(Seal((NEW,)), tried, "here")


def test_keys_roll_over() -> None:
    """The old key opens what it sealed, behind the new one that seals; without it the key is named."""
    sealed = Seal((OLD,)).seal("hush", "here")
    both = Seal((NEW, OLD))
    assert both.open(sealed, "here") == "hush"
    assert not both.is_newest(sealed)
    again = both.seal("hush", "here")
    assert both.is_newest(again)
    assert Seal((NEW,)).open(again, "here") == "hush"
    with pytest.raises(SealError, match=f"the key {key_id(OLD)}.*VESTIBULE_SECRET_KEYS") as caught:
        Seal((NEW,)).open(sealed, "here")
    assert (caught.value.code, caught.value.facts) == ("key_unknown", {"key_id": key_id(OLD)})


@pytest.mark.parametrize("keys", [(), (b"",), (b"x" * 31,), (NEW, b"x" * 33)])
def test_a_seal_takes_keys_of_32_bytes_alone(keys: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match="32"):
        Seal(keys)


def test_keys_are_read_from_the_environment_the_newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [base64.b64encode(NEW).decode(), base64.urlsafe_b64encode(b"\xff" * 32).decode()]
    monkeypatch.setenv("VESTIBULE_SECRET_KEYS", ", ".join(texts))
    read = settings.read()
    assert read.secret_keys == (NEW, b"\xff" * 32)
    assert "\\x01" not in repr(read)


@pytest.mark.parametrize("text", ["short", "*", base64.b64encode(b"x" * 31).decode(), "x" * 44])
def test_a_key_that_is_none_is_told_by_its_number_only(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("VESTIBULE_SECRET_KEYS", f"{base64.b64encode(NEW).decode()},{text}")
    with pytest.raises(
        InvalidSettings, match=r"Key number 2 of VESTIBULE_SECRET_KEYS .*`openssl rand -base64 32`"
    ) as caught:
        settings.read()
    assert text not in str(caught.value).split()


def test_lists_of_the_environment_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VESTIBULE_ALLOW_NETWORKS", "10.0.0.0/8, idp.corp,,")
    monkeypatch.setenv("VESTIBULE_DNS_SERVERS", "9.9.9.9")
    assert (settings.read().allow_networks, settings.read().dns_servers) == (("10.0.0.0/8", "idp.corp"), ("9.9.9.9",))


def test_mail_needs_a_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VESTIBULE_SMTP_URL", "smtp://me:hush@mail.example")
    with pytest.raises(InvalidSettings, match="VESTIBULE_MAIL_FROM") as caught:
        settings.read()
    assert "hush" not in str(caught.value)
    monkeypatch.setenv("VESTIBULE_MAIL_FROM", "noreply@acme.com")
    assert "hush" not in repr(settings.read())
