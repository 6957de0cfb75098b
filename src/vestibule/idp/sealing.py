"""Sign and encrypt with xmlsec, a library that the server does not use: what one gets wrong the other tells."""

import base64

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from vestibule.idp.conduct import Cipher
from vestibule.idp.keys import SigningKey
from vestibule.idp.xml import ASSERTION, ENCRYPTION, Element, build, parse, write, xmlsec

_CIPHERS: dict[Cipher, str] = {
    "aes128-cbc": "TransformAes128Cbc",
    "aes256-cbc": "TransformAes256Cbc",
    "aes128-gcm": "TransformAes128Gcm",
    "aes256-gcm": "TransformAes256Gcm",
}
_KEY_BITS = {"aes128-cbc": 128, "aes256-cbc": 256, "aes128-gcm": 128, "aes256-gcm": 256}


def sign(message: Element, key: SigningKey, *, sha1: bool = False) -> None:
    """Put an enveloped signature behind the Issuer (or first, in metadata) of a message with an ID."""
    constants = xmlsec.constants
    method, digest = (
        (constants.TransformRsaSha1, constants.TransformSha1)
        if sha1
        else (constants.TransformRsaSha256, constants.TransformSha256)
    )
    signature = xmlsec.template.create(message, constants.TransformExclC14N, method)
    issuer = message.find(f"{ASSERTION}Issuer")
    message.insert(0 if issuer is None else 1, signature)
    reference = xmlsec.template.add_reference(signature, digest, uri=f"#{message.get('ID')}")
    xmlsec.template.add_transform(reference, constants.TransformEnveloped)
    xmlsec.template.add_transform(reference, constants.TransformExclC14N)
    data = xmlsec.template.add_x509_data(xmlsec.template.ensure_key_info(signature))
    xmlsec.template.x509_data_add_certificate(data)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(key.private_pem, constants.KeyDataFormatPem)
    context.key.load_cert_from_memory(key.certificate_pem, constants.KeyDataFormatPem)
    context.register_id(message, "ID")
    context.sign(signature)


def encrypt(response: Element, assertion: Element, certificate_pem: bytes, cipher: Cipher) -> Element:
    """The response with an EncryptedAssertion in the assertion's place (RSA-OAEP with SHA-1 and MGF1, as Entra ID)."""
    constants, template = xmlsec.constants, xmlsec.template
    around = build("encrypted_assertion.xml")
    response.replace(assertion, around)
    data = template.encrypted_data_create(
        around, getattr(constants, _CIPHERS[cipher]), type=constants.TypeEncElement, ns="xenc"
    )
    template.encrypted_data_ensure_cipher_value(data)
    info = template.encrypted_data_ensure_key_info(data, ns="ds")
    wrapped = template.add_encrypted_key(info, constants.TransformRsaOaep)
    template.encrypted_data_ensure_cipher_value(wrapped)
    keys = xmlsec.KeysManager()
    keys.add_key(xmlsec.Key.from_memory(certificate_pem, constants.KeyDataFormatCertPem))
    context = xmlsec.EncryptionContext(keys)
    context.key = xmlsec.Key.generate(constants.KeyDataAes, _KEY_BITS[cipher], constants.KeyDataTypeSession)
    # As text of its own, so that the assertion inside declares its namespaces itself.
    around.append(context.encrypt_binary(data, write(assertion)))
    return _with_recipient(response, certificate_pem)


def _with_recipient(response: Element, certificate_pem: bytes) -> Element:
    """Say in the EncryptedKey for which certificate it is."""
    # lxml finds no elements by name that xmlsec made, so the document is read anew.
    response = parse(write(response))
    wrapped = response.find(f".//{ENCRYPTION}EncryptedKey")
    assert wrapped is not None  # noqa: S101 -- xmlsec made it
    der = x509.load_pem_x509_certificate(certificate_pem).public_bytes(Encoding.DER)
    wrapped.insert(1, build("recipient.xml", certificate=base64.b64encode(der).decode()))
    return response
