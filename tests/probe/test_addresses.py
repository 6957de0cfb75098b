"""Addresses that are wrong in the usual ways are told as what they are, before anything is written."""

import asyncio
import contextlib
import datetime
import ipaddress
import ssl
import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.conftest import Tenant, free_port
from tests.probe.foreign import Foreign
from vestibule.probe import Report, Unreachable, probe


def run(url: str, token: str = "t", server: Foreign | None = None) -> Report:
    return asyncio.run(probe(url, token, transport=server.transport() if server else None))


def trouble(report: Report) -> tuple[str, str]:
    assert report.trouble is not None
    assert report.finding
    assert report.entra_test == "red"
    return report.trouble.code, report.trouble.fixes[0].label


@pytest.mark.parametrize("slash", ["", "/", "//"])
def test_a_slash_at_the_end_does_no_harm(tenant: Tenant, slash: str) -> None:
    assert run(tenant.vestibule.scim_url(tenant.connection_id) + slash, tenant.text).proven


@pytest.mark.parametrize("path", ["", "/", "/app"])
def test_the_bare_address_of_our_server_leads_to_the_right_one(tenant: Tenant, path: str) -> None:
    code, fix = trouble(run(tenant.vestibule.base_url + path, tenant.text))
    assert code == "wrong_path"
    if path != "/app":
        assert f"{tenant.vestibule.base_url}/scim/v2/connections/CONNECTION_ID" in fix


def test_a_tenant_url_without_its_connection_is_told(tenant: Tenant) -> None:
    assert trouble(run(f"{tenant.vestibule.base_url}/scim/v2", tenant.text))[0] == "connection_unknown"


@pytest.mark.parametrize("tail", ["/Users", "/Groups/", "/ServiceProviderConfig"])
def test_an_endpoint_instead_of_the_tenant_url_is_told_without_it(tail: str) -> None:
    server = Foreign()
    server.before = lambda request: httpx2.Response(404, text="not found")
    code, fix = trouble(run("https://app.example/scim/v2" + tail, server=server))
    assert (code, fix) == ("wrong_path", "Use https://app.example/scim/v2 as the tenant URL")


def test_a_missing_scim_v2_of_another_server_is_found() -> None:
    server = Foreign()
    server.before = lambda request: None if "/scim/v2/" in str(request.url) else httpx2.Response(404, text="not found")
    code, fix = trouble(run("https://app.example", server=server))
    assert (code, fix) == ("wrong_path", "Use https://app.example/scim/v2 as the tenant URL")
    assert {each.split()[0] for each in server.asked()} == {"GET"}


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (httpx2.Response(200, text="<!DOCTYPE html><title>Sign in</title>"), "web_page"),
        (httpx2.Response(403, html="<html>blocked</html>"), "web_page"),
        (httpx2.Response(302, headers={"location": "https://login.example/"}), "redirect"),
        (httpx2.Response(200, json={"hello": "world"}), "not_scim"),
        (httpx2.Response(200, text="[" * 100_000), "not_scim"),
        (httpx2.Response(200, text="x" * 2_000_000), "not_scim"),
    ],
    ids=["page", "firewall", "redirect", "json", "deep", "large"],
)
def test_what_is_no_scim_ends_the_test_before_anything_is_written(answer: httpx2.Response, code: str) -> None:
    server = Foreign()
    server.before = lambda request: answer
    report = run("https://app.example/scim/v2", server=server)
    assert trouble(report)[0] == code
    assert {each.split()[0] for each in server.asked()} == {"GET"}
    if code == "redirect":
        assert "https://login.example/" in report.trouble.sentence  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "url", ["app.example/scim", "http://", "ftp://h/scim", "http://h:99999/scim", "http://[::1/x", "https://u:p@h/"]
)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(Unreachable, match="no address"):
        run(url)


@pytest.mark.parametrize("token", ["", " ", "tok\u00fcn", "to\nken", "Bearer x"])
def test_a_token_that_no_header_can_carry_is_refused(token: str) -> None:
    with pytest.raises(Unreachable, match="Copy it again"):
        run("https://app.example/scim", token)


def test_an_address_where_nobody_listens_is_unreachable() -> None:
    with pytest.raises(Unreachable, match="Nobody answers"):
        run(f"http://127.0.0.1:{free_port()}/scim/v2")


@contextlib.contextmanager
def tls_server(folder: Path, host: str) -> Generator[str]:
    """A server with a certificate of its own making."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert", folder / "key")
    server = HTTPServer((host, 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"https://{host}:{server.server_port}/scim/v2"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_certificate_that_nobody_vouches_for_is_told_as_such(tmp_path: Path) -> None:
    with tls_server(tmp_path, "127.0.0.1") as url, pytest.raises(Unreachable, match="self-signed") as error:
        run(url)
    assert "Entra will refuse it" in str(error.value)


def test_plain_http_where_tls_is_asked_for_is_told_as_a_fault_of_tls(tenant: Tenant) -> None:
    with pytest.raises(Unreachable, match="This port speaks no TLS"):
        run(tenant.vestibule.scim_url(tenant.connection_id).replace("http://", "https://"))
