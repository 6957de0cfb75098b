"""Whatever is done to a good response, it says who was signed in, or it is refused: never anything third."""

import base64
import xml.etree.ElementTree as Expat
from functools import cache
from typing import Any

import pytest
import xmlsec
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.saml.keys import NOW, certificate
from tests.saml.provider import NS, Reply, encrypt, etree, expected, parse, posted, sign, signed
from vestibule.saml.assertion import Assertion
from vestibule.saml.errors import CODES, SamlError
from vestibule.saml.metadata import read_idp
from vestibule.saml.response import examine

KINDS = ("assertion", "response", "both", "encrypted", "encrypted and signed")


@cache
def good(kind: str, name: str = "alice@example.com", request: str = "_r1") -> bytes:
    reply = Reply(
        name_id=name, in_response_to=request, confirmed_request=request, id=f"_a{name[0]}", response_id=f"_r{name[0]}",
        attributes={"email": [name], "groups": ["eng", "ops"]},
    )  # fmt: skip
    root = signed(reply, kind if kind in KINDS[:3] else "assertion")
    if kind.startswith("encrypted"):
        root = encrypt(root)
    return etree.tostring(sign(root) if kind == "encrypted and signed" else root)


def other(kind: str) -> bytes:
    """A login of another person, as good, for another request: what an attacker may have at hand."""
    return good(kind, "mallory@example.com", "_r2")


def identity(found: Assertion) -> tuple[Any, ...]:
    return (
        found.id, found.issuer, found.name_id, found.name_id_format, found.attributes, found.in_response_to,
        found.session_index, found.authn_instant, found.replay_until,
    )  # fmt: skip


@cache
def alice(kind: str) -> tuple[Any, ...]:
    found = examine(posted(good(kind)), expected(), NOW).assertion
    assert found is not None
    assert found.name_id == "alice@example.com"
    return identity(found)


def held(kind: str, data: bytes) -> None:
    """Refused by a code of the table; or it is Alice, and two other parsers and another verifier agree."""
    examination = examine(posted(data), expected(), NOW)
    if examination.assertion is None:
        assert examination.error is not None
        assert examination.error.code in CODES
        return
    assert identity(examination.assertion) == alice(kind)
    if "encrypted" not in kind:
        tree = Expat.fromstring(data)
        names = tree.findall("saml:Assertion/saml:Subject/saml:NameID", NS)
        assert ["".join(each.itertext()).strip() for each in names] == [examination.assertion.name_id]
        also_verifies(data, examination.assertion.signed)


def also_verifies(data: bytes, what: str) -> None:
    root = parse(data)
    elements = {"response": [root], "assertion": root.findall("saml:Assertion", NS)}
    for element in elements.get(what, elements["response"] + elements["assertion"]):
        context = xmlsec.SignatureContext()
        context.key = xmlsec.Key.from_memory(certificate("idp"), xmlsec.constants.KeyDataFormatCertPem)
        context.register_id(element, "ID")
        context.verify(element.find("ds:Signature", NS))


@pytest.mark.parametrize("kind", KINDS)
def test_the_login_of_another_request_is_not_this_one(kind: str) -> None:
    assert alice(kind)
    error = examine(posted(other(kind)), expected(), NOW).error
    assert error is not None
    assert error.code == "in_response_to"


PIECES = st.sampled_from(
    [b"", b"<", b">", b"</", b"/>", b"&", b"&amp;", b"&#x41;", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?", b"?>", b'"', b"=",
     b" ", b"\n", b"\0", b"xmlns=''", b"xmlns:saml='urn:x'", b" ID='_aa'", b" Id='_aa'", b" xml:id='_aa'", b"<!DOCTYPE a>",
     b"<saml:NameID>eve@example.com</saml:NameID>", b"eve@example.com"]
)  # fmt: skip


@given(
    st.sampled_from(KINDS),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 60), PIECES | st.binary(max_size=6)), min_size=1, max_size=3),
)
@settings(max_examples=250)
def test_no_change_of_octets_makes_another_login_of_it(kind: str, changes: list[tuple[float, int, bytes]]) -> None:
    data = good(kind)
    for where, length, piece in changes:
        start = int(where * len(data))
        data = data[:start] + piece + data[start + length :]
    held(kind, data)


@given(st.sampled_from(KINDS), st.floats(0, 1), st.integers(0, 7))
@settings(max_examples=250)
def test_no_flipped_bit_makes_another_login_of_it(kind: str, where: float, bit: int) -> None:
    data = bytearray(good(kind))
    data[min(int(where * len(data)), len(data) - 1)] ^= 1 << bit
    held(kind, bytes(data))


OPERATIONS = (
    "remove",
    "double",
    "move_into",
    "move_before",
    "wrap",
    "text",
    "tail",
    "rename",
    "attribute",
    "drop_attribute",
    "steal",
    "swap",
)


@given(st.data())
@settings(max_examples=400)
def test_no_change_of_elements_makes_another_login_of_it(data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(KINDS))
    root, foreign = parse(good(kind)), parse(other(kind))
    for _ in range(data.draw(st.integers(1, 3))):
        elements, theirs = list(root.iter()), list(foreign.iter())
        one, two = (elements[data.draw(st.integers(0, len(elements) - 1))] for _ in range(2))
        change(data.draw(st.sampled_from(OPERATIONS)), one, two, theirs[data.draw(st.integers(0, len(theirs) - 1))])
    held(kind, etree.tostring(root))


def change(operation: str, one: Any, two: Any, foreign: Any) -> None:
    parent = one.getparent()
    match operation:
        case "text" | "tail" if parent is not None:
            setattr(one, operation, "eve@example.com")
        case "rename":
            one.tag = two.tag
        case "attribute":
            one.attrib.update(two.attrib)
        case "drop_attribute":
            one.attrib.clear()
        case _ if parent is not None:
            move(operation, one, two, foreign)
        case _:
            pass


def copied(element: Any) -> Any:
    return etree.fromstring(etree.tostring(element, with_tail=False))


def move(operation: str, one: Any, two: Any, foreign: Any) -> None:
    apart = one not in list(two.iterancestors()) and one is not two
    match operation:
        case "remove":
            one.getparent().remove(one)
        case "double" | "steal":
            one.addnext(copied(one if operation == "double" else foreign))
        case "swap":
            one.getparent().replace(one, copied(foreign))
        case "wrap":
            wrapper = etree.Element(f"{{{NS['saml']}}}Advice")
            one.addprevious(wrapper)
            wrapper.append(one)
        case "move_into" if apart:
            two.append(one)
        case "move_before" if apart and two.getparent() is not None:
            two.addprevious(one)
        case _:
            pass


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_any_octets_at_all_are_refused_by_a_code(data: bytes) -> None:
    for field in (base64.b64encode(data).decode(), data.decode("latin-1")):
        error = examine(field, expected(), NOW).error
        assert error is not None
        assert error.code in CODES
    with pytest.raises(SamlError):
        read_idp(data, NOW)
