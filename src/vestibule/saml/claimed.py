"""What an unverified response says of itself, for a diagnosis and for nothing else."""

from collections.abc import Iterator
from typing import Any

from vestibule.saml import certificates
from vestibule.saml.assertion import attributes_of
from vestibule.saml.errors import SamlError
from vestibule.saml.names import ASSERTION, ENCRYPTED_ASSERTION, ISSUER, NAME_ID, SIGNATURE, XENC, ds, saml, samlp
from vestibule.saml.texts import clipped
from vestibule.saml.xml import Element

_MOST = 50
"""Values of one attribute that are told of, and attributes."""


def claims_of(root: Element) -> dict[str, Any]:
    """The claims of a Response that is past the prelude: texts are clipped, absent things are None or empty."""
    assertion = next(root.iter(ASSERTION), None)
    encrypted = next(root.iter(ENCRYPTED_ASSERTION), None)
    found: dict[str, Any] = {
        "id": clipped(root.get("ID")),
        "issuer": _text(root, ISSUER),
        "destination": clipped(root.get("Destination")),
        "in_response_to": clipped(root.get("InResponseTo")),
        "issue_instant": clipped(root.get("IssueInstant")),
        "status": status_codes(root),
        "status_message": status_message(root),
        "signed": [each.tag.rpartition("}")[2] for each in (root, assertion) if each is not None and _signed(each)],
        "encrypted": encrypted is not None,
        "key_info": list(_key_info(root)),
    }
    if encrypted is not None:
        found["encrypted_to"] = list(_recipients(encrypted))
    return found | ({} if assertion is None else claims_of_assertion(assertion))


def claims_of_assertion(assertion: Element) -> dict[str, Any]:
    """The claims of an assertion, in the same form."""
    conditions = assertion.find(saml("Conditions"))
    data = assertion.find(f"{saml('Subject')}/{saml('SubjectConfirmation')}/{saml('SubjectConfirmationData')}")
    name_id = assertion.find(f"{saml('Subject')}/{NAME_ID}")
    attributes, _, _ = attributes_of(assertion)
    return {
        "assertion_id": clipped(assertion.get("ID")),
        "assertion_issuer": _text(assertion, ISSUER),
        "name_id": _text(assertion, f"{saml('Subject')}/{NAME_ID}"),
        "name_id_format": None if name_id is None else clipped(name_id.get("Format")),
        "recipient": None if data is None else clipped(data.get("Recipient")),
        "confirmation_in_response_to": None if data is None else clipped(data.get("InResponseTo")),
        "confirmation_not_on_or_after": None if data is None else clipped(data.get("NotOnOrAfter")),
        "not_before": None if conditions is None else clipped(conditions.get("NotBefore")),
        "not_on_or_after": None if conditions is None else clipped(conditions.get("NotOnOrAfter")),
        "audiences": [clipped(each.text) for each in assertion.iter(saml("Audience"))][:_MOST],
        "attributes": {
            name[:300]: [clipped(value) for value in values[:_MOST]]
            for name, values in list(attributes.items())[:_MOST]
        },
    }


def key_info_of(signed: Element) -> dict[str, Any] | None:
    """The certificate in the KeyInfo of an element's own Signature; it proves nothing."""
    signature = signed.find(SIGNATURE)
    return None if signature is None else next(_certificates(signature), None)


def status_codes(root: Element) -> list[str]:
    """The chain of StatusCode values, the outermost first."""
    chain: list[str] = []
    code = root.find(f"{samlp('Status')}/{samlp('StatusCode')}")
    while code is not None and len(chain) < 5:
        chain.append((code.get("Value") or "")[:200])
        code = code.find(samlp("StatusCode"))
    return chain


def status_message(root: Element) -> str | None:
    """The StatusMessage, if there is one."""
    return _text(root, f"{samlp('Status')}/{samlp('StatusMessage')}", 2_000)


def _text(element: Element, path: str, length: int = 300) -> str | None:
    found = element.find(path)
    return clipped((found.text or "").strip(), length) if found is not None else None


def _signed(element: Element) -> bool:
    return element.find(SIGNATURE) is not None


def _key_info(root: Element) -> Iterator[dict[str, Any]]:
    for signature in list(root.iter(SIGNATURE))[:4]:
        yield from _certificates(signature)


def _certificates(signature: Element) -> Iterator[dict[str, Any]]:
    path = f"{ds('KeyInfo')}/{ds('X509Data')}/{ds('X509Certificate')}"
    yield from _described(signature.findall(path)[:3])


def _recipients(encrypted: Element) -> Iterator[dict[str, Any]]:
    for key in list(encrypted.iter(f"{{{XENC}}}EncryptedKey"))[:4]:
        yield from _described(list(key.iter(ds("X509Certificate")))[:3])


def _described(elements: list[Element]) -> Iterator[dict[str, Any]]:
    for element in elements:
        try:
            yield certificates.read(element.text or "").facts
        except SamlError as error:
            yield {"unreadable": error.facts.get("reason")}
