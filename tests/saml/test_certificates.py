"""Certificates in the forms in which people paste them, and what is said of what is none."""

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.saml.keys import DAY, NOW, certificate, fingerprint, private_pem
from vestibule.saml.certificates import make_key_pair, read, read_all
from vestibule.saml.errors import SamlError

PEM = certificate("idp")
BARE = "".join(line for line in PEM.splitlines() if "-----" not in line)
DER = base64.b64decode(BARE)


@pytest.mark.parametrize(
    "form",
    [
        PEM, PEM.encode(), BARE, BARE.encode(), f" \n{BARE[:40]}\r\n{BARE[40:]}\n", DER, b"\xef\xbb\xbf" + PEM.encode(),
        PEM.replace("\n", "\r\n"), "subject=CN=idp\n" + PEM, PEM.replace(" CERTIFICATE", " X509 CERTIFICATE"),
    ],
)  # fmt: skip
def test_a_certificate_is_read_in_every_form(form: str | bytes) -> None:
    found = read(form)
    assert (found.fingerprint, found.pem) == (fingerprint(PEM), PEM)
    assert (found.not_before, found.not_after) == (NOW - 30 * DAY, NOW + 365 * DAY)
    assert (found.key_kind, found.key_bits, found.subject, found.strong) == ("RSA", 2048, "CN=idp", True)


@pytest.mark.parametrize(
    ("form", "code", "reason"),
    [
        ("", "certificate_unreadable", "empty"),
        ("hello!", "certificate_unreadable", "not_base64"),
        ("AAAA", "certificate_unreadable", "not_x509"),
        (DER[:-9], "certificate_unreadable", "not_x509"),
        (b"\xff\xfe\x00", "certificate_unreadable", "neither_text_nor_der"),
        (
            "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
            "certificate_unreadable",
            "pem_of_something_else",
        ),
        ("A" * 70_000, "certificate_unreadable", "too_large"),
        (private_pem("idp"), "certificate_is_key", None),
        (PEM + private_pem("idp"), "certificate_is_key", None),
    ],
)
def test_what_is_no_certificate_is_refused_by_what_it_is(form: str | bytes, code: str, reason: str | None) -> None:
    with pytest.raises(SamlError) as refusal:
        read(form)
    assert (refusal.value.code, refusal.value.facts.get("reason")) == (code, reason)
    assert "PRIVATE" not in repr(refusal.value.facts)


@given(st.lists(st.tuples(st.integers(0, len(DER) - 1), st.binary(max_size=2)), min_size=1, max_size=3))
@settings(max_examples=300)
@example([(12, b"\x03")])
def test_a_damaged_certificate_is_read_or_refused(changes: list[tuple[int, bytes]]) -> None:
    damaged = DER
    for position, piece in changes:
        damaged = damaged[:position] + piece + damaged[position + 1 :]
    try:
        read(damaged)
    except SamlError as error:
        assert error.code in {"certificate_unreadable", "certificate_is_key"}


def test_a_text_full_of_marks_is_read_once_through() -> None:
    with pytest.raises(SamlError):
        read("-----BEGIN CERTIFICATE-----" * 2_300)
    assert read("-----BEGIN CERTIFICATE-----" * 900 + PEM).pem == PEM


def test_several_certificates_are_read_out_of_one_text() -> None:
    both = read_all(PEM + certificate("next"))
    assert [each.fingerprint for each in both] == [fingerprint(PEM), fingerprint(certificate("next"))]
    assert [each.pem for each in read_all(BARE)] == [PEM]


def test_weak_and_unusual_keys_are_told() -> None:
    assert (read(certificate("weak")).strong, read(certificate("weak")).key_bits) == (False, 1024)
    assert (read(certificate("ec")).strong, read(certificate("ec")).key_kind) == (True, "EC")


def test_a_key_pair_of_our_own_fits_together() -> None:
    pair = make_key_pair("app.example " * 20, NOW, days=30)
    key = load_pem_private_key(pair.private_key.encode(), None)
    made = x509.load_pem_x509_certificate(pair.certificate.encode())
    assert made.public_key() == key.public_key()
    found = read(pair.certificate)
    assert (found.key_kind, found.key_bits) == ("RSA", 3072)
    assert found.not_before < NOW < found.not_after
    assert (found.not_after - found.not_before) // DAY == 30
