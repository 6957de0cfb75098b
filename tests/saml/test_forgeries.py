"""Forged responses (the published attacks): each is refused by its own code, and what it was made of is accepted."""

import base64
import hmac
import json
from collections.abc import Callable
from typing import Any

import pytest
import xmlsec

from tests.saml.keys import NOW, certificate
from tests.saml.provider import (
    NS,
    Reply,
    Signing,
    encrypt,
    etree,
    expected,
    find,
    octets,
    posted,
    resign,
    sign,
    signed,
    twin,
)  # fmt: skip
from vestibule.saml import trust
from vestibule.saml.errors import SamlError
from vestibule.saml.response import examine, verify

EVIL = "admin@example.com"
DS = f"{{{NS['ds']}}}"
XSLT = (
    '<ds:Transform xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116">'
    '<xsl:stylesheet xmlns:xsl="http://www.w3.org/1999/XSL/Transform" version="1.0"><xsl:template name="t"><xsl:param'
    ' name="n"/><xsl:if test="$n &gt; 0"><xsl:call-template name="t"><xsl:with-param name="n" select="$n - 1"/>'
    '</xsl:call-template><xsl:call-template name="t"><xsl:with-param name="n" select="$n - 1"/></xsl:call-template>'
    '</xsl:if></xsl:template><xsl:template match="/"><xsl:call-template name="t"><xsl:with-param name="n" select="22"/>'
    "</xsl:call-template></xsl:template></xsl:stylesheet></ds:Transform>"
)


def evil_assertion(root: Any, id: str | None = "_evil") -> Any:
    """A copy of the assertion for another person, without its signature."""
    copy = twin(find(root, "saml:Assertion"))
    for signature in copy.findall(f"{DS}Signature"):
        copy.remove(signature)
    if id is not None:
        copy.set("ID", id)
    find(copy, "saml:Subject/saml:NameID").text = EVIL
    return copy


def without_signature(element: Any) -> Any:
    copy = twin(element)
    copy.remove(find(copy, "ds:Signature"))
    return copy


def evil_response(root: Any, rename: bool) -> tuple[Any, Any, Any]:
    """An evil copy of a signed response that has its Signature, that Signature, and the original without it."""
    original = without_signature(root)
    outer = twin(root)
    outer.set("ID", "_evil")
    find(outer, "saml:Assertion/saml:Subject/saml:NameID").text = EVIL
    if rename:
        find(outer, "saml:Assertion").set("ID", "_evil_assertion")
    return outer, find(outer, "ds:Signature"), original


def xsw1(root: Any, rename: bool = False) -> Any:
    outer, signature, original = evil_response(root, rename)
    signature.append(original)
    return outer


def xsw2(root: Any, rename: bool = False) -> Any:
    outer, signature, original = evil_response(root, rename)
    signature.addprevious(original)
    return outer


def xsw3(root: Any) -> Any:
    find(root, "saml:Assertion").addprevious(evil_assertion(root))
    return root


def xsw4(root: Any) -> Any:
    original, evil = find(root, "saml:Assertion"), evil_assertion(root)
    original.addprevious(evil)
    evil.append(original)
    return root


def altered(root: Any) -> tuple[Any, Any]:
    """The signed assertion made evil with a new ID, and the original without its Signature."""
    assertion = find(root, "saml:Assertion")
    original = without_signature(assertion)
    assertion.set("ID", "_evil")
    find(assertion, "saml:Subject/saml:NameID").text = EVIL
    return assertion, original


def xsw5(root: Any) -> Any:
    _, original = altered(root)
    root.append(original)
    return root


def xsw6(root: Any) -> Any:
    assertion, original = altered(root)
    find(assertion, "ds:Signature").append(original)
    return root


def xsw7(root: Any) -> Any:
    extensions = etree.Element(f"{{{NS['samlp']}}}Extensions")
    extensions.append(evil_assertion(root, id=None))
    find(root, "saml:Assertion").addprevious(extensions)
    return root


def xsw8(root: Any) -> Any:
    assertion, original = altered(root)
    etree.SubElement(find(assertion, "ds:Signature"), f"{DS}Object").append(original)
    return root


def xsw9(root: Any) -> Any:
    """The attacker's own SignedInfo beside the right one, the original in a wrapper."""
    assertion, original = altered(root)
    own = sign(without_signature(assertion), Signing("evil"))
    find(assertion, "ds:Signature").append(find(own, "ds:Signature/ds:SignedInfo"))
    etree.SubElement(assertion, "Wrapper").append(original)
    return root


def second_assertion(root: Any) -> Any:
    root.append(evil_assertion(root))
    return root


def elsewhere(root: Any) -> Any:
    """The signed assertion in a harmless place, an evil one where it is looked for (CVE-2025-47949)."""
    extensions = etree.Element(f"{{{NS['samlp']}}}Extensions")
    original, evil = find(root, "saml:Assertion"), evil_assertion(root)
    original.addprevious(extensions)
    extensions.append(original)
    root.append(evil)
    return root


def no_signature(root: Any) -> Any:
    for signature in list(root.iter(f"{DS}Signature")):
        signature.getparent().remove(signature)
    return root


def resigned_by_attacker(root: Any) -> Any:
    return sign(find(no_signature(root), "saml:Assertion"), Signing("evil")).getparent()


def hmac_with(secret: bytes) -> Callable[[Any], Any]:
    def spoil(root: Any) -> Any:
        signature = find(root, "saml:Assertion/ds:Signature")
        method = find(signature, "ds:SignedInfo/ds:SignatureMethod")
        method.set("Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256")
        info = etree.tostring(find(signature, "ds:SignedInfo"), method="c14n", exclusive=True)
        value = hmac.digest(secret, info, "sha256")
        find(signature, "ds:SignatureValue").text = base64.b64encode(value).decode()
        return root

    return spoil


def in_signature(path: str, change: Callable[[Any], object], again: bool = True) -> Callable[[Any], Any]:
    """Alter a part of the assertion's Signature; `again`: with a SignatureValue that is right for it."""

    def spoil(root: Any) -> Any:
        signature = find(root, "saml:Assertion/ds:Signature")
        change(find(signature, path) if path != "." else signature)
        if again:
            resign(signature)
        return root

    return spoil


def removed(element: Any) -> None:
    element.getparent().remove(element)


def doubled(element: Any) -> None:
    element.addnext(twin(element))


def replaced(old: str, new: str) -> Callable[[Any], bytes]:
    """Alter the text of the document once it is signed."""

    def spoil(root: Any) -> bytes:
        text = octets(root).decode()
        assert old in text
        return text.replace(old, new, 1).encode()

    return spoil


def void_canonicalisation(root: Any) -> bytes:
    """A namespace that cannot be canonicalised, and the digest of nothing."""
    find(root, "saml:Assertion/ds:Signature//ds:DigestValue").text = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
    resign(find(root, "saml:Assertion/ds:Signature"))
    return octets(root).replace(b'ID="_assertion"', b'xmlns:v="1" ID="_assertion"', 1)


DOCTYPES = {
    "doctype": "<!DOCTYPE x>",
    "external": '<!DOCTYPE x SYSTEM "http://evil.example/x.dtd">',
    "xxe": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>',
    "laughs": '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>',
    "attlist": '<!DOCTYPE x [<!ATTLIST saml:Assertion ID CDATA "_x">]>',
    "differential": "<!DOCTYPE x SYSTEM 'x\"><!--'>",
}

AFTER_ASSERTION_SIGNED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "xsw3": ("one_assertion", xsw3),
    "xsw4": ("one_assertion", xsw4),
    "xsw5": ("one_assertion", xsw5),
    "xsw6": ("one_assertion", xsw6),
    "xsw7": ("duplicate_id", xsw7),
    "xsw8": ("one_assertion", xsw8),
    "xsw9": ("sig_shape", xsw9),
    "second_assertion": ("one_assertion", second_assertion),
    "signed_assertion_elsewhere": ("one_assertion", elsewhere),
    "signature_excluded": ("unsigned", no_signature),
    "attackers_certificate_in_key_info": ("bad_signature", resigned_by_attacker),
    "hmac_with_pem": ("signature_algorithm", hmac_with(certificate("idp").encode())),
    "name_altered": ("bad_signature", replaced(">alice@example.com</saml:NameID>", f">{EVIL}</saml:NameID>")),
    "signature_value_altered": (
        "bad_signature", in_signature("ds:SignatureValue", lambda e: setattr(e, "text", "AAAA" + e.text[4:]), False),
    ),
    "signature_method_missing": ("sig_shape", in_signature("ds:SignedInfo/ds:SignatureMethod", removed)),
    "signature_method_none": (
        "signature_algorithm", in_signature("ds:SignedInfo/ds:SignatureMethod", lambda e: e.set("Algorithm", "none")),
    ),
    "two_signed_info": ("sig_shape", in_signature("ds:SignedInfo", doubled, False)),
    "two_signature_values": ("sig_shape", in_signature("ds:SignatureValue", doubled, False)),
    "two_signatures": ("signature_in_odd_place", in_signature(".", doubled, False)),
    "signature_in_subject": (
        "signature_in_odd_place",
        in_signature(".", lambda e: find(e.getparent(), "saml:Subject").append(e), False),
    ),
    "empty_signature_value": ("sig_shape", in_signature("ds:SignatureValue", lambda e: setattr(e, "text", " "), False)),
    "element_in_digest": ("sig_shape", in_signature(".//ds:DigestValue", lambda e: e.append(etree.Element("x")))),
    "comment_in_digest": ("comment_or_pi", in_signature(".//ds:DigestValue", lambda e: e.append(etree.Comment("x")))),
    "object_in_signature": ("sig_extra_child", in_signature(".", lambda e: etree.SubElement(e, f"{DS}Object"), False)),
    "two_references": ("one_reference", in_signature("ds:SignedInfo/ds:Reference", doubled)),
    "no_reference": ("one_reference", in_signature("ds:SignedInfo/ds:Reference", removed)),
    "reference_to_everything": (
        "reference_not_parent", in_signature("ds:SignedInfo/ds:Reference", lambda e: e.set("URI", "")),
    ),
    "reference_to_other_element": (
        "reference_not_parent", in_signature("ds:SignedInfo/ds:Reference", lambda e: e.set("URI", "#_response")),
    ),
    "reference_by_xpointer": (
        "reference_not_parent",
        in_signature("ds:SignedInfo/ds:Reference", lambda e: e.set("URI", "#xpointer(id('_assertion'))")),
    ),
    "reference_without_uri": (
        "reference_not_parent", in_signature("ds:SignedInfo/ds:Reference", lambda e: e.attrib.pop("URI")),
    ),
    "long_names": (
        "sig_extra_child", in_signature(".", lambda e: [etree.SubElement(e, n * 9_000) for n in "abcdefghij"], False),
    ),
    "long_uri": (
        "reference_not_parent", in_signature("ds:SignedInfo/ds:Reference", lambda e: e.set("URI", "#" + "x" * 90_000)),
    ),
    "long_algorithm": (
        "transform", in_signature(".//ds:Transform[2]", lambda e: e.set("Algorithm", "x" * 90_000)),
    ),
    "xslt": ("transform", in_signature(".//ds:Transforms", lambda e: e.append(etree.fromstring(XSLT)))),
    "xslt_first": ("transform", in_signature(".//ds:Transforms", lambda e: e.insert(0, etree.fromstring(XSLT)))),
    "xpath": (
        "transform",
        in_signature(".//ds:Transforms/ds:Transform[2]", lambda e: e.set("Algorithm", "http://www.w3.org/TR/1999/REC-xpath-19991116")),
    ),
    "no_enveloped_transform": ("transform", in_signature(".//ds:Transforms/ds:Transform[1]", removed)),
    "xpath_in_canonicalisation": (
        "transform", in_signature("ds:SignedInfo/ds:CanonicalizationMethod", lambda e: e.append(etree.Element("x"))),
    ),
    "attributes_that_sort_slowly": (
        "too_complex",
        replaced("<ds:SignedInfo", "<ds:SignedInfo " + " ".join(f'a{n * 7919 % 20_000}=""' for n in range(20_000))),
    ),
    "comment_in_name": ("comment_or_pi", replaced("alice@example.com</saml:NameID>", "alice@example.com<!---->.evil</saml:NameID>")),
    "comment_before_root": ("comment_or_pi", lambda root: b"<!-- x -->" + octets(root)),
    "comment_after_root": ("comment_or_pi", lambda root: octets(root) + b"<!-- x -->"),
    "pi_in_name": ("comment_or_pi", replaced("alice@", "alice<?x y?>@")),
    "void_canonicalisation": ("relative_namespace", void_canonicalisation),
    "xml_id": ("odd_id_attribute", replaced('ID="_assertion"', 'xml:id="_x" ID="_assertion"')),
    "saml_id": ("odd_id_attribute", replaced('ID="_assertion"', 'saml:ID="_x" ID="_assertion"')),
    "samlp_id": ("odd_id_attribute", replaced('ID="_response"', 'samlp:ID="_x" ID="_response"')),
    "lower_case_id": ("odd_id_attribute", replaced('ID="_response"', 'id="_x" ID="_response"')),
    "hash_in_id": ("odd_id_attribute", replaced('ID="_response"', 'ID="#_assertion"')),
    "namespace_no_uri": ("not_xml", replaced('ID="_response"', 'xmlns:e="http://e\u0080" ID="_response"')),
    "default_namespace_differs": ("not_xml", replaced("<samlp:Response ", "<samlp:Response samlp:x='&undefined;' ")),
    "name_not_ascii": ("bad_signature", replaced('ID="_assertion"', 'é="" ID="_assertion"')),
    "utf16": ("encoding", lambda root: etree.tostring(root, encoding="utf-16")),
    "utf7": ("encoding", lambda root: b'<?xml version="1.0" encoding="UTF-7"?>' + octets(root)),
    "not_utf8": ("encoding", lambda root: octets(root).replace(b"alice", b"al\xefce")),
    "xml_1_1": ("not_xml", lambda root: b'<?xml version="1.1"?>' + octets(root)),
    "cut_off": ("not_xml", lambda root: octets(root)[:-20]),
    "two_roots": ("not_xml", lambda root: octets(root) + octets(root)),
    "large": ("too_large", replaced("alice@example.com</saml:AttributeValue>", "a" * 600_000 + "</saml:AttributeValue>")),
    "deep": ("too_complex", replaced("<samlp:Status>", "<samlp:Extensions>" + "<a>" * 60 + "</a>" * 60 + "</samlp:Extensions><samlp:Status>")),
    "many_elements": ("too_complex", replaced("<samlp:Status>", "<samlp:Extensions>" + "<a/>" * 21_000 + "</samlp:Extensions><samlp:Status>")),
    "many_namespaces": (
        "too_complex",
        replaced('ID="_response"', "".join(f' xmlns:n{n}="urn:n{n}"' for n in range(25)) + ' ID="_response"'),
    ),
} | {
    f"doctype_{name}": ("doctype", lambda root, text=text: text.encode() + octets(root)) for name, text in DOCTYPES.items()
}  # fmt: skip

AFTER_RESPONSE_SIGNED: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "xsw1": ("duplicate_id", xsw1),
    "xsw2": ("duplicate_id", xsw2),
    "xsw1_renamed": ("one_assertion", lambda root: xsw1(root, rename=True)),
    "xsw2_renamed": ("one_assertion", lambda root: xsw2(root, rename=True)),
    "name_altered": ("bad_signature", replaced(">alice@example.com</saml:NameID>", f">{EVIL}</saml:NameID>")),
    "signature_moved_into_assertion": (
        "reference_not_parent",
        lambda root: find(root, "saml:Assertion").insert(1, find(root, "ds:Signature")) or root,
    ),
    "response_signature_excluded": ("unsigned", no_signature),
    "assertion_replaced": (
        "bad_signature",
        lambda root: root.replace(find(root, "saml:Assertion"), evil_assertion(root, id=None)) or root,
    ),
}


@pytest.fixture(scope="module")
def accepted() -> dict[str, bytes]:
    """A good response for each way of signing, accepted before any case is made of it."""
    good = {what: octets(signed(what=what)) for what in ("assertion", "response", "both")}
    for response in good.values():
        assert verify(posted(response), expected(), NOW).name_id == "alice@example.com"
    return good


@pytest.mark.parametrize("name", AFTER_ASSERTION_SIGNED)
def test_a_forgery_of_a_signed_assertion_is_refused_by_its_code(name: str, accepted: dict[str, bytes]) -> None:
    code, spoil = AFTER_ASSERTION_SIGNED[name]
    assert refused(spoil(etree.fromstring(accepted["assertion"]))) == code


@pytest.mark.parametrize("name", AFTER_RESPONSE_SIGNED)
def test_a_forgery_of_a_signed_response_is_refused_by_its_code(name: str, accepted: dict[str, bytes]) -> None:
    code, spoil = AFTER_RESPONSE_SIGNED[name]
    assert refused(spoil(etree.fromstring(accepted["response"]))) == code


@pytest.mark.parametrize("name", AFTER_ASSERTION_SIGNED)
def test_what_forges_an_assertion_does_not_pass_in_a_response_with_both_signed(
    name: str, accepted: dict[str, bytes]
) -> None:
    _, spoil = AFTER_ASSERTION_SIGNED[name]
    forged = spoil(etree.fromstring(accepted["both"]))
    with pytest.raises(SamlError):
        verify(posted(forged), expected(), NOW)


def refused(forged: Any) -> str:
    """The code; what is told of it is short, and can be written as JSON."""
    examination = examine(posted(forged), expected(), NOW)
    with pytest.raises(SamlError) as refusal:
        verify(posted(forged), expected(), NOW)
    assert len(json.dumps(refusal.value.facts)) < 5_000
    assert json.dumps(examination.untrusted)
    return refusal.value.code


@pytest.mark.parametrize("name", ["xslt", "xslt_first", "xpath", "two_references", "hmac_with_pem", "two_signed_info"])
def test_no_transform_and_no_cryptography_is_run_for_a_signature_of_an_odd_shape(
    name: str, accepted: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    forged = posted(AFTER_ASSERTION_SIGNED[name][1](etree.fromstring(accepted["assertion"])))

    def never(*_: Any, **__: Any) -> None:
        pytest.fail("something was run")

    monkeypatch.setattr(trust, "XMLVerifier", never)
    monkeypatch.setattr(trust, "serialised", never)
    with pytest.raises(SamlError) as refusal:
        verify(forged, expected(), NOW)
    assert refusal.value.code == AFTER_ASSERTION_SIGNED[name][0]


@pytest.mark.parametrize(
    ("method", "digest"),
    [
        (xmlsec.constants.TransformRsaSha1, xmlsec.constants.TransformSha1),
        (xmlsec.constants.TransformRsaSha256, xmlsec.constants.TransformSha1),
        (xmlsec.constants.TransformRsaSha1, xmlsec.constants.TransformSha256),
    ],
)
def test_sha1_is_refused_though_it_verifies(method: Any, digest: Any) -> None:
    assert refused(signed(signing=Signing(method=method, digest=digest))) == "signature_algorithm"


def test_inclusive_canonicalisation_is_refused_though_it_verifies() -> None:
    assert refused(signed(signing=Signing(c14n=xmlsec.constants.TransformInclC14N))) == "transform"


def test_comments_and_instructions_are_refused_though_they_are_signed() -> None:
    for inserted in ("<!-- -->", "<?x y?>"):
        assert refused(signed(Reply(name_id=f"admin@example.com{inserted}.evil.test"))) == "comment_or_pi"


def test_character_data_sections_are_text_like_any_other() -> None:
    reply = Reply(name_id="admin@example.com<![CDATA[.evil.test]]>")
    assert verify(posted(signed(reply)), expected(), NOW).name_id == "admin@example.com.evil.test"


def test_whoever_encrypts_a_forged_assertion_with_our_public_certificate_is_refused() -> None:
    assert refused(encrypt(signed(Reply(name_id=EVIL), "none"))) == "unsigned"
    assert refused(encrypt(signed(Reply(name_id=EVIL), signing=Signing("evil")))) == "bad_signature"


def test_an_encrypted_forgery_beside_a_signed_assertion_is_refused() -> None:
    good, forged = signed(), encrypt(signed(Reply(name_id=EVIL), "none"))
    good.append(find(forged, "saml:EncryptedAssertion"))
    assert refused(good) == "one_assertion"


def test_an_assertion_of_another_response_does_not_pass_for_the_one_that_is_signed_outside() -> None:
    """Both are signed by the right key, but not together."""
    one, other = signed(what="both"), signed(Reply(name_id="mallory@example.com"), "both")
    one.replace(find(one, "saml:Assertion"), find(other, "saml:Assertion"))
    assert refused(one) == "bad_signature"


def test_a_response_that_is_not_signed_may_not_lend_its_request_to_an_unsolicited_assertion() -> None:
    """An assertion without InResponseTo, stolen elsewhere, put into an envelope that answers the pending request."""
    assert refused(signed(Reply(confirmed_request=None))) == "in_response_to"
    assert verify(posted(signed(Reply(confirmed_request=None), "response")), expected(), NOW).in_response_to == "_r1"


def test_a_response_whose_signatures_fail_reaches_no_later_check() -> None:
    forged = resigned_by_attacker(signed())
    examination = examine(posted(forged), expected(), NOW)
    passed = {check.name: check.passed for check in examination.checks}
    assert examination.assertion is None
    assert passed["signature"] is False
    assert passed["audience"] is None
    assert examination.untrusted["name_id"] == "alice@example.com"
