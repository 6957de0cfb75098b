"""The HTTP-Redirect binding: DEFLATE in the query, and a signature over the query (SAML 2.0 bindings, section 3.4)."""

import base64
import binascii
import zlib
from urllib.parse import quote, unquote_plus

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from vestibule.idp.keys import SigningKey

_MOST = 64 * 1024
_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_ALGORITHMS: dict[str, hashes.HashAlgorithm] = {
    _SHA256: hashes.SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": hashes.SHA384(),
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": hashes.SHA512(),
    "http://www.w3.org/2000/09/xmldsig#rsa-sha1": hashes.SHA1(),  # noqa: S303 -- Entra ID accepts it
}


class Undecodable(ValueError):
    """A parameter that holds no message; the text says why."""


def inflate(parameter: str) -> bytes:
    """The message in a SAMLRequest or SAMLResponse parameter of a query. Raises Undecodable."""
    packed = unbase64(parameter)
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        message = machine.decompress(packed, _MOST)
    except zlib.error as error:
        raise Undecodable("it is not DEFLATE-compressed") from error
    if machine.unconsumed_tail:
        raise Undecodable(f"it holds more than {_MOST} octets")
    return message


def unbase64(parameter: str) -> bytes:
    """The octets of a base64 parameter, white space ignored. Raises Undecodable."""
    try:
        return base64.b64decode("".join(parameter.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise Undecodable("it is not base64") from error


def url(destination: str, name: str, message: bytes, relay_state: str | None, key: SigningKey | None) -> str:
    """The address to redirect to, with the message as parameter `name`, signed when a key is given."""
    machine = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = base64.b64encode(machine.compress(message) + machine.flush()).decode()
    query = f"{name}={quote(packed, safe='')}"
    if relay_state is not None:
        query += f"&RelayState={quote(relay_state, safe='')}"
    if key is not None:
        query += f"&SigAlg={quote(_SHA256, safe='')}"
        private = serialization.load_pem_private_key(key.private_pem, None)
        assert isinstance(private, rsa.RSAPrivateKey)  # noqa: S101 -- keys.py makes no other
        made = private.sign(query.encode(), padding.PKCS1v15(), hashes.SHA256())
        query += f"&Signature={quote(base64.b64encode(made).decode(), safe='')}"
    return f"{destination}{'&' if '?' in destination else '?'}{query}"


def why_not_signed_by(query: str, name: str, certificates: tuple[bytes, ...]) -> str | None:
    """None when one of the certificates signed the raw query, else what is wrong."""
    raw = dict(part.split("=", 1) for part in query.split("&") if "=" in part)
    algorithm = _ALGORITHMS.get(unquote_plus(raw.get("SigAlg", "")))
    if algorithm is None:
        return f"the algorithm {unquote_plus(raw.get('SigAlg', ''))!r} is not known"
    signed = "&".join(f"{each}={raw[each]}" for each in (name, "RelayState", "SigAlg") if each in raw).encode()
    try:
        signature = unbase64(unquote_plus(raw.get("Signature", "")))
    except Undecodable:
        return "the signature is not base64"
    for pem in certificates:
        public = x509.load_pem_x509_certificate(pem).public_key()
        if isinstance(public, rsa.RSAPublicKey):
            try:
                public.verify(signature, signed, padding.PKCS1v15(), algorithm)
            except InvalidSignature:
                continue
            return None
    return "no certificate of the application's metadata made it"
