"""The only reader of unverified XML: what no honest document has is refused before anything is verified or believed.

`decoded` and `read` are the prelude; `assert_signable` looks at the shape of a Signature before any cryptography;
`verified` checks it with pinned certificates and gives back what was signed, read anew out of the signed octets.
Nothing else of a document may be believed.
"""

import base64
import binascii
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from vestibule.saml.errors import SamlError
from vestibule.saml.names import DS, ENVELOPED, EXC_C14N, SIGNATURE, ds
from vestibule.saml.xml import Element, ParseFault, events, parsed

MAX_BYTES = 512 * 1024
MAX_ELEMENTS = 20_000
MAX_DEPTH = 32
MAX_ATTRIBUTES = 64
"""Of one element: canonicalising sorts them in quadratic time."""
MAX_NAMESPACES = 24
"""That one element declares: canonicalising looks through all that are in scope, for each element."""

_DECLARATION = re.compile(rb"""\s*<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)["']""")
_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,255}\Z")
# What libxml2 can canonicalise: an absolute URI in plain ASCII.
_NAMESPACE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[A-Za-z0-9._~:/?#\[\]@!$&'()*+,;=%-]+\Z")

CANONICALISATIONS: Final = frozenset({EXC_C14N, EXC_C14N + "WithComments"})
_MORE, _NEWER, _SHA2 = (
    "http://www.w3.org/2001/04/xmldsig-more#",
    "http://www.w3.org/2007/05/xmldsig-more#",
    (256, 384, 512),
)
SIGNATURE_ALGORITHMS: Final = frozenset(
    [_MORE + f"rsa-sha{n}" for n in _SHA2]
    + [_MORE + f"ecdsa-sha{n}" for n in _SHA2]
    + [_NEWER + f"sha{n}-rsa-MGF1" for n in _SHA2]
)
DIGEST_ALGORITHMS: Final = frozenset(
    {"http://www.w3.org/2001/04/xmlenc#sha256", _MORE + "sha384", "http://www.w3.org/2001/04/xmlenc#sha512"}
)


def decoded(text: str) -> bytes:
    """The octets of a base64 form field; white space between its lines is let through.

    Raises too_large (facts: `limit`, in bytes), not_base64.
    """
    if len(text) > MAX_BYTES * 3 // 2:
        raise SamlError("too_large", limit=MAX_BYTES)
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise SamlError("not_base64") from None
    if not data:
        raise SamlError("not_base64", reason="empty")
    return data


def read(data: bytes, signed: Collection[str], limit: int = MAX_BYTES, comments: bool = False) -> Element:
    """The root of a document that has nothing odd in it. `signed`: tags that may have a Signature.

    `limit` is in bytes. `comments`: comments and processing instructions are dropped instead of refused.

    Raises too_large, encoding, doctype, not_xml, comment_or_pi, odd_id_attribute, duplicate_id,
    relative_namespace, too_complex, signature_in_odd_place, sig_shape.
    """
    root, has_dtd, version = _parsed(data, limit, comments)
    if has_dtd:
        raise SamlError("doctype")
    if version != "1.0" or root.getprevious() is not None or root.getnext() is not None:
        raise SamlError("not_xml" if version != "1.0" else "comment_or_pi")
    _walk(root, signed)
    return root


def _parsed(data: bytes, limit: int, comments: bool) -> tuple[Element, bool, str]:
    if len(data) > limit:
        raise SamlError("too_large", limit=limit, received=len(data))
    data = data.removeprefix(b"\xef\xbb\xbf")
    declared = _DECLARATION.match(data)
    if declared and declared[1].lower() != b"utf-8":
        raise SamlError("encoding", received=declared[1][:40].decode("ascii", "replace"))
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SamlError("encoding", position=error.start) from None
    if "\0" in text:
        raise SamlError("encoding", position=text.index("\0"))
    if "<!" in text and re.search(r"<!(?!--|\[CDATA\[)", text):
        raise SamlError("doctype")
    try:
        return parsed(data, comments)
    except ParseFault as error:
        raise SamlError("not_xml", reason=str(error)[:200]) from None


def _walk(root: Element, signed: Collection[str]) -> None:
    ids: set[str] = set()
    count = depth = declared = 0
    for event, item in events(root):
        if event == "start":
            count, depth, attributes = count + 1, depth + 1, item.attrib
            if count > MAX_ELEMENTS or depth > MAX_DEPTH or len(attributes) > MAX_ATTRIBUTES:
                raise SamlError("too_complex", elements=count, depth=depth, attributes=len(attributes))
            if declared > MAX_NAMESPACES:
                raise SamlError("too_complex", namespaces=declared)
            declared = 0
            if attributes:
                _attributes(attributes, ids)
            if item.tag == SIGNATURE:
                _placed(item, signed)
        elif event == "end":
            depth -= 1
        elif event == "start-ns":
            declared += 1
            if item[1] and not _NAMESPACE.match(item[1]):
                raise SamlError("relative_namespace", received=item[1][:100])
        else:
            raise SamlError("comment_or_pi")


def _attributes(attributes: Mapping[str, str], ids: set[str]) -> None:
    for name, value in attributes.items():
        if name.rpartition("}")[2].lower() != "id":
            continue
        if name not in {"ID", "Id"} or not _ID.match(value):
            raise SamlError("odd_id_attribute", attribute=name[:100], received=value[:100])
        if value in ids:
            raise SamlError("duplicate_id", received=value[:100])
        ids.add(value)


def _placed(signature: Element, signed: Collection[str]) -> None:
    parent = signature.getparent()
    if parent is None or parent.tag not in signed or len(parent.findall(SIGNATURE)) != 1:
        raise SamlError("signature_in_odd_place", parent=None if parent is None else parent.tag[:200])
    for name in ("SignedInfo", "SignatureValue"):
        if len(signature.findall(ds(name))) != 1:
            raise SamlError("sig_shape", element=name, expected=1, received=len(signature.findall(ds(name))))


@dataclass(frozen=True, slots=True)
class Shape:
    """What a Signature says of itself: URIs of its signature and digest algorithms."""

    signature_algorithm: str
    digest_algorithm: str


def assert_signable(element: Element) -> Shape:
    """Hold the Signature below `element` to the one shape that SAML has (saml-core section 5.4), before cryptography.

    Raises sig_shape, sig_extra_child, one_reference, reference_not_parent, transform, signature_algorithm.
    """
    signature = child(element, SIGNATURE)
    names = [each.tag[:200] for each in signature]
    if set(names) - {ds("SignedInfo"), ds("SignatureValue"), ds("KeyInfo")}:
        raise SamlError("sig_extra_child", received=sorted(set(names))[:10])
    if names not in ([ds("SignedInfo"), ds("SignatureValue")], [ds("SignedInfo"), ds("SignatureValue"), ds("KeyInfo")]):
        raise SamlError("sig_shape", element="Signature", received=names[:10])
    info = child(signature, ds("SignedInfo"))
    if len(references := info.findall(ds("Reference"))) != 1:
        raise SamlError("one_reference", expected=1, received=len(references))
    method, how, reference = _exactly(info, "CanonicalizationMethod", "SignatureMethod", "Reference")
    transforms, digest, value = _exactly(reference, "Transforms", "DigestMethod", "DigestValue")
    if reference.get("URI") != f"#{element.get('ID')}" or element.get("ID") is None:
        raise SamlError(
            "reference_not_parent", expected=f"#{element.get('ID')}", received=(reference.get("URI") or "")[:300]
        )
    _canonicalises(method)
    _transforms(transforms)
    for leaf in (how, digest, value, child(signature, ds("SignatureValue"))):
        if len(leaf):
            raise SamlError("sig_shape", element=_local(leaf), reason="has children")
    for leaf in (value, child(signature, ds("SignatureValue"))):
        _base64(leaf)
    return Shape(_listed(how, SIGNATURE_ALGORITHMS), _listed(digest, DIGEST_ALGORITHMS))


def child(element: Element, tag: str) -> Element:
    """The only child with this tag. Raises sig_shape."""
    found = element.findall(tag)
    if len(found) != 1:
        raise SamlError("sig_shape", element=tag.rpartition("}")[2], expected=1, received=len(found))
    return found[0]


def _exactly(element: Element, *names: str) -> list[Element]:
    children = list(element)
    if [each.tag for each in children] != [ds(name) for name in names]:
        found = [_local(each) for each in children][:10]
        raise SamlError("sig_shape", element=_local(element), expected=list(names), received=found)
    return children


def _local(element: Element) -> str:
    return element.tag.removeprefix(f"{{{DS}}}")[:200]


def _transforms(transforms: Element) -> None:
    steps = list(transforms)
    algorithms = [each.get("Algorithm") or "" for each in steps]
    if any(each.tag != ds("Transform") for each in steps) or len(steps) != 2 or algorithms[0] != ENVELOPED:
        raise SamlError("transform", expected=[ENVELOPED, EXC_C14N], received=[each[:200] for each in algorithms[:10]])
    if len(steps[0]):
        raise SamlError("transform", reason="parameters of the enveloped-signature transform")
    _canonicalises(steps[1])


def _canonicalises(element: Element) -> None:
    algorithm = element.get("Algorithm") or ""
    if algorithm not in CANONICALISATIONS:
        raise SamlError("transform", expected=[EXC_C14N], received=[algorithm[:200]])
    inside = list(element)
    if inside and ([each.tag for each in inside] != [f"{{{EXC_C14N}}}InclusiveNamespaces"] or len(inside[0])):
        raise SamlError("transform", reason="parameters that are not InclusiveNamespaces")


def _listed(element: Element, known: Collection[str]) -> str:
    algorithm = element.get("Algorithm") or ""
    if algorithm not in known:
        raise SamlError(
            "signature_algorithm", element=_local(element), expected=sorted(known), received=algorithm[:200]
        )
    return algorithm


def _base64(leaf: Element) -> None:
    try:
        found = base64.b64decode("".join((leaf.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        found = b""
    if not found:
        raise SamlError("sig_shape", element=_local(leaf), reason="not base64")
