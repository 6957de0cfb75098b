"""Encrypted assertions: what is decrypted, and how little is told where it is not."""

import base64
from typing import Any

import pytest
import xmlsec

from tests.saml.keys import NOW, private_pem
from tests.saml.provider import NS, Encrypting, Reply, Signing, encrypt, etree, expected, find, posted, sign, signed
from vestibule.saml.errors import SamlError
from vestibule.saml.response import examine, verify

C = xmlsec.constants
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
OAEP_11 = "http://www.w3.org/2009/xmlenc11#rsa-oaep"
CONTENTS = {
    "aes128-gcm": (C.TransformAes128Gcm, 128), "aes192-gcm": (C.TransformAes192Gcm, 192),
    "aes256-gcm": (C.TransformAes256Gcm, 256), "aes128-cbc": (C.TransformAes128Cbc, 128),
    "aes192-cbc": (C.TransformAes192Cbc, 192), "aes256-cbc": (C.TransformAes256Cbc, 256),
}  # fmt: skip
CBC = Encrypting(content=C.TransformAes128Cbc, bits=128)
CIPHER = "saml:EncryptedAssertion/xenc:EncryptedData/xenc:CipherData/xenc:CipherValue"
KEY = "saml:EncryptedAssertion/xenc:EncryptedData/ds:KeyInfo/xenc:EncryptedKey"


def refused(root: Any, **changes: Any) -> SamlError:
    with pytest.raises(SamlError) as refusal:
        verify(posted(root), expected(**changes), NOW)
    return refusal.value


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize(
    "oaep",
    [{}, {"digest": SHA256}, {"transport_name": OAEP_11, "digest": SHA256, "mask": "http://www.w3.org/2009/xmlenc11#mgf1sha256"}],
    ids=["mgf1p", "mgf1p-sha256", "oaep-sha256"],
)  # fmt: skip
def test_what_is_encrypted_by_the_algorithms_on_the_list_is_read(content: str, oaep: dict[str, Any]) -> None:
    transform, bits = CONTENTS[content]
    root = encrypt(signed(), Encrypting(content=transform, bits=bits, **oaep))
    found = verify(posted(root), expected(), NOW)
    assert (found.name_id, found.signed, found.encrypted) == ("alice@example.com", "assertion", True)
    assert found.notes == (("cbc_unauthenticated",) if "cbc" in content else ())


@pytest.mark.parametrize("key", ["sp", "sp next"])
def test_the_old_key_and_the_next_one_both_decrypt(key: str) -> None:
    keys = (private_pem("sp"), private_pem("sp next"))
    assert verify(posted(encrypt(signed(), Encrypting(key))), expected(decryption_keys=keys), NOW).encrypted


def test_the_claims_of_an_encrypted_assertion_are_told_only_once_it_is_verified() -> None:
    wrong = examine(posted(encrypt(signed(Reply(audience="other")))), expected(), NOW)
    assert (wrong.error and wrong.error.code, wrong.untrusted["audiences"]) == ("audience", ["other"])
    forged = examine(posted(encrypt(signed(signing=Signing("evil")))), expected(), NOW)
    assert "name_id" not in forged.untrusted
    assert forged.untrusted["encrypted"] is True


def test_the_key_may_stand_beside_the_data() -> None:
    root = encrypt(signed())
    find(root, "saml:EncryptedAssertion").append(find(root, KEY))
    assert verify(posted(root), expected(), NOW).encrypted


def test_a_key_for_somebody_else_beside_ours_does_no_harm() -> None:
    root = encrypt(signed(), CBC)
    other = find(encrypt(signed(), Encrypting("other")), KEY)
    find(root, KEY).addprevious(other)
    assert verify(posted(root), expected(), NOW).encrypted


def test_an_algorithm_that_is_not_on_the_list_is_refused() -> None:
    rsa_1_5 = encrypt(signed(), Encrypting(transport=C.TransformRsaPkcs1))
    assert refused(rsa_1_5).code == "encryption_algorithm"
    root = encrypt(signed())
    method = find(root, "saml:EncryptedAssertion/xenc:EncryptedData/xenc:EncryptionMethod")
    method.set("Algorithm", f"{NS['xenc']}tripledes-cbc")
    assert refused(root).code == "encryption_algorithm"
    root = encrypt(signed())
    for _ in range(5):
        find(root, KEY).addnext(etree.fromstring(etree.tostring(find(root, KEY))))
    assert refused(root).code == "encryption_algorithm"


def test_without_a_key_of_ours_it_is_said_that_there_is_none() -> None:
    assert refused(encrypt(signed()), decryption_keys=()).code == "no_decryption_key"


def test_the_certificate_that_was_encrypted_to_is_told_where_it_is_not_ours() -> None:
    assert refused(encrypt(signed(), Encrypting("other"))).facts == {
        "algorithm": "http://www.w3.org/2009/xmlenc11#aes256-gcm"
    }


def flipped(text: str, position: int) -> str:
    data = bytearray(base64.b64decode(text))
    data[position] ^= 1
    return base64.b64encode(bytes(data)).decode()


def broken(encrypting: Encrypting) -> dict[str, Any]:
    """Everything that an attacker who alters a ciphertext may try."""
    cases: dict[str, Any] = {}
    for name, position in {"iv": 0, "first block": 16, "middle": 400, "before the last": -17, "last": -1}.items():
        root = encrypt(signed(), encrypting)
        find(root, CIPHER).text = flipped(find(root, CIPHER).text, position)
        cases[name] = root
    root = encrypt(signed(), encrypting)
    find(root, CIPHER).text = base64.b64encode(base64.b64decode(find(root, CIPHER).text)[:-16]).decode()
    cases["cut by a block"] = root
    root = encrypt(signed(), encrypting)
    find(root, CIPHER).text = base64.b64encode(b"\0" * 7).decode()
    cases["no whole block"] = root
    root = encrypt(signed(), encrypting)
    value = find(find(root, KEY), "xenc:CipherData/xenc:CipherValue")
    value.text = flipped(value.text, 5)
    cases["key"] = root
    cases["for somebody else"] = encrypt(signed(), Encrypting("other", encrypting.content, encrypting.bits))
    cases["not signed"] = encrypt(signed(what="none"), encrypting)
    cases["signed by another"] = encrypt(signed(signing=Signing("evil")), encrypting)
    wrapped = signed()
    assertion = find(wrapped, "saml:Assertion")
    assertion.append(etree.fromstring(etree.tostring(find(assertion, "saml:Subject"))))
    cases["altered"] = encrypt(wrapped, encrypting)
    return cases


def test_whatever_is_done_to_a_cbc_ciphertext_the_answer_is_the_same() -> None:
    answers = {name: refused(root) for name, root in broken(CBC).items()}
    assert {error.code for error in answers.values()} == {"decrypt_failed"}
    assert len({repr(sorted(error.facts.items())) for error in answers.values()}) == 1


def test_a_connection_that_needs_no_cbc_may_refuse_it_where_nothing_signed_covers_it() -> None:
    assert refused(encrypt(signed(), CBC), allow_unauthenticated_cbc=False).code == "encryption_algorithm"
    # A ciphertext of AES-GCM that is passed off as one of AES-CBC is not even tried.
    root = encrypt(signed())
    method = find(root, "saml:EncryptedAssertion/xenc:EncryptedData/xenc:EncryptionMethod")
    method.set("Algorithm", f"{NS['xenc']}aes256-cbc")
    assert refused(root).code == "decrypt_failed"
    assert refused(root, allow_unauthenticated_cbc=False).code == "encryption_algorithm"
    covered = sign(encrypt(signed(), CBC))
    assert verify(posted(covered), expected(allow_unauthenticated_cbc=False), NOW).signed == "both"


def test_whatever_is_done_to_a_gcm_ciphertext_it_is_refused_and_only_its_author_learns_more() -> None:
    answers = {name: refused(root).code for name, root in broken(Encrypting()).items()}
    assert answers.pop("not signed") == "unsigned"
    assert answers.pop("signed by another") == "bad_signature"
    assert answers.pop("altered") == "bad_signature"
    assert set(answers.values()) == {"decrypt_failed"}


def test_below_a_signed_response_a_cbc_ciphertext_tells_what_is_wrong() -> None:
    root = sign(encrypt(signed(signing=Signing("evil")), CBC))
    assert refused(root).code == "bad_signature"
    root = sign(encrypt(signed(what="none"), CBC))
    assert verify(posted(root), expected(), NOW).signed == "response"
    # Altered, it is the outer signature that fails: nothing is decrypted.
    find(root, CIPHER).text = flipped(find(root, CIPHER).text, 20)
    assert refused(root).code == "bad_signature"


@pytest.mark.parametrize(
    "plain",
    [
        b" ",
        b"text",
        b"<a/><b/>",
        b"</surroundings><surroundings>",
        b"<!DOCTYPE x><x/>",
        b"<x/>",
        b"\xff\xfe<\0x\0",
        b"<x><!-- --></x>",
    ],
)
def test_a_plain_text_that_is_no_assertion_is_refused(plain: bytes) -> None:
    for encrypting in (CBC, Encrypting()):
        with pytest.raises(SamlError) as refusal:
            verify(posted(encrypted_octets(plain, encrypting)), expected(), NOW)
        if encrypting is CBC:
            assert refusal.value.code == "decrypt_failed"


def test_an_assertion_with_a_declaration_and_prefixes_of_its_surroundings_is_read() -> None:
    assertion = find(signed(), "saml:Assertion")
    plain = b'<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(assertion)
    sealed = encrypted_octets(plain, Encrypting())
    assert verify(posted(sealed), expected(), NOW).name_id == "alice@example.com"
    borrowed = signed(Reply(outer_namespaces=f'xmlns:q="urn:q" xmlns:saml="{NS["saml"]}"'))
    fragment = etree.tostring(find(borrowed, "saml:Assertion")).replace(f' xmlns:saml="{NS["saml"]}"'.encode(), b"", 1)
    assert b"xmlns:saml=" not in fragment[:200]
    assert verify(posted(encrypted_octets(fragment, Encrypting())), expected(), NOW).name_id == "alice@example.com"


def encrypted_octets(plain: bytes, encrypting: Encrypting) -> Any:
    """A response whose EncryptedAssertion holds just these octets."""
    return encrypt(signed(), encrypting, plain)
