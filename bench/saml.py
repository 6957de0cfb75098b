"""`python -m bench.saml`: what verifying a SAML response costs, against the bare check of its signature.

The bare check is what no verifier can leave out: one parse, exclusive canonicalisation of SignedInfo and of the
signed element, one SHA-256 and one RSA verification, with no care for what the document is.
"""

import base64
import hashlib
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import click
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

# The library ships no types.
from lxml import etree as _untyped  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]

from vestibule.clock import SystemClock
from vestibule.saml.certificates import KeyPair, make_key_pair
from vestibule.saml.instants import SECOND, written
from vestibule.saml.names import SIGNATURE, SUCCESS
from vestibule.saml.response import Expected, verify
from vestibule.saml.signing import signed

_etree = cast("Any", _untyped)
_SP, _ACS, _IDP = "https://app.example/sso", "https://app.example/sso/acs", "https://idp.example/metadata"
_SAML, _DS = "urn:oasis:names:tc:SAML:2.0:assertion", "{http://www.w3.org/2000/09/xmldsig#}"
_ASSERTION = (
    '<saml:Assertion xmlns:saml="{saml}" ID="_assertion" Version="2.0" IssueInstant="{now}">'
    '<saml:Issuer>{idp}</saml:Issuer><ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="placeholder"/>'
    "<saml:Subject><saml:NameID>alice@example.com</saml:NameID>"
    '<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:bearer">'
    '<saml:SubjectConfirmationData InResponseTo="_r" Recipient="{acs}" NotOnOrAfter="{end}"/>'
    '</saml:SubjectConfirmation></saml:Subject><saml:Conditions NotBefore="{now}" NotOnOrAfter="{end}">'
    "<saml:AudienceRestriction><saml:Audience>{sp}</saml:Audience></saml:AudienceRestriction></saml:Conditions>"
    '<saml:AuthnStatement AuthnInstant="{now}"/><saml:AttributeStatement><saml:Attribute Name="email">'
    "<saml:AttributeValue>alice@example.com</saml:AttributeValue></saml:Attribute>"
    '<saml:Attribute Name="groups">{groups}</saml:Attribute></saml:AttributeStatement></saml:Assertion>'
)
_RESPONSE = (
    '<samlp:Response xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol" ID="_response" Version="2.0"'
    ' IssueInstant="{now}" Destination="{acs}" InResponseTo="_r"><saml:Issuer xmlns:saml="{saml}">{idp}</saml:Issuer>'
    '{place}<samlp:Status><samlp:StatusCode Value="{success}"/></samlp:Status>{assertion}</samlp:Response>'
)


@dataclass(frozen=True, slots=True)
class Sample:
    """A response to measure with: what is signed in it, how many groups it has, and its octets."""

    what: str
    groups: int
    octets: bytes


def _sample(what: str, groups: int, pair: KeyPair, now: int) -> Sample:
    values = "".join(
        f"<saml:AttributeValue>c1a1d7a0-0000-4000-8000-{n:012}</saml:AttributeValue>" for n in range(groups)
    )
    words = {
        "saml": _SAML,
        "now": written(now),
        "end": written(now + 3_600 * SECOND),
        "idp": _IDP,
        "sp": _SP,
        "acs": _ACS,
    }
    assertion = _etree.fromstring(_ASSERTION.format(groups=values, **words))
    inner = signed(assertion, pair.private_key, pair.certificate).decode()
    place = f'<ds:Signature xmlns:ds="{_DS[1:-1]}" Id="placeholder"/>' if what == "both" else ""
    text = _RESPONSE.format(success=SUCCESS, assertion=inner, place=place, **words)
    if what == "both":
        return Sample(what, groups, signed(_etree.fromstring(text), pair.private_key, pair.certificate))
    return Sample(what, groups, text.encode())


def _bare_check(octets: bytes, key: rsa.RSAPublicKey) -> None:
    """One signature, checked with no care at all: the floor."""
    root = _etree.fromstring(octets)
    signature = next(root.iter(SIGNATURE))
    info, value = signature.find(f"{_DS}SignedInfo"), signature.find(f"{_DS}SignatureValue")
    octets = _etree.tostring(info, method="c14n", exclusive=True)
    element = signature.getparent()
    element.remove(signature)
    digest = hashlib.sha256(_etree.tostring(element, method="c14n", exclusive=True, with_comments=False)).digest()
    if base64.b64decode(info.find(f".//{_DS}DigestValue").text) != digest:
        raise SystemExit("the sample does not verify")
    key.verify(base64.b64decode(value.text), octets, padding.PKCS1v15(), hashes.SHA256())


def _milliseconds(work: Callable[[], object], seconds: float) -> float:
    times: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 20:
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return statistics.median(times) * 1_000


def _row(sample: Sample, pair: KeyPair, now: int, seconds: float) -> str:
    field = base64.b64encode(sample.octets).decode()
    expected = Expected(_SP, _ACS, _IDP, (pair.certificate,), "_r")
    key: Any = x509.load_pem_x509_certificate(pair.certificate.encode()).public_key()
    verify(field, expected, now)
    floor = _milliseconds(lambda: _bare_check(sample.octets, key), seconds)
    ours = _milliseconds(lambda: verify(field, expected, now), seconds)
    signatures = 2 if sample.what == "both" else 1
    return (
        f"| {sample.what} | {sample.groups} | {len(sample.octets):,} | {floor:.3f} | {ours:.3f} "
        f"| {ours / floor:.1f}× | {ours / floor / signatures:.1f}× | {1_000 / ours:,.0f} |"
    )


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--seconds", type=float, default=2, show_default=True, help="How long each figure is timed.")
def main(seconds: float) -> None:
    """Print the table."""
    now = SystemClock().now()
    pair = make_key_pair("idp.example", now)
    click.echo("| Signed | Groups | Bytes | Bare check ms | Verify ms | Ratio | A signature | Logins/s/core |")
    click.echo("|---|---|---|---|---|---|---|---|")
    for what in ("assertion", "both"):
        for groups in (10, 150):
            click.echo(_row(_sample(what, groups, pair, now), pair, now, seconds))


if __name__ == "__main__":
    main(prog_name="python -m bench.saml")
