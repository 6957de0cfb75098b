"""SimpleSAMLphp as a company's identity provider: somebody else's code, on loopback, in a folder of its own."""

import contextlib
import json
import os
import shutil
import subprocess
import time
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from tests.conftest import free_port
from tests.idp.browser import Pair, pair

INSTALLED = Path("/usr/share/simplesamlphp")
NONE_HERE = "no SimpleSAMLphp here: apt-get install --no-install-recommends simplesamlphp php-cli php-xml php-mbstring php-sqlite3"
ALICE, PASSWORD = "alice", "wonder-1865"
ADDRESS = "alice@wonderland.example"
PEOPLE = {
    ALICE: {
        "uid": [ALICE],
        "mail": [ADDRESS],
        "givenName": ["Alice"],
        "sn": ["Liddell"],
        "displayName": ["Alice Liddell"],
        "memberOf": ["Tea party", "Croquet"],
    }
}
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
_READ_SP = """
require '%s/lib/_autoload.php';
$entity = SimpleSAML\\Metadata\\SAMLParser::parseString(stream_get_contents(STDIN));
echo json_encode($entity->getMetadata20SP());
"""


def is_here() -> bool:
    """Whether the machine's owner has installed it."""
    return shutil.which("php") is not None and (INSTALLED / "www" / "saml2" / "idp").is_dir()


@dataclass
class SimpleSamlPhp:
    """The running identity provider. Its settings are read anew for every request."""

    url: str
    folder: Path

    @property
    def entity_id(self) -> str:
        return f"{self.url}/idp"

    @property
    def metadata_url(self) -> str:
        return f"{self.url}/saml2/idp/metadata.php"

    def sign_with(self, key: Pair, *, announce: Pair | None = None) -> None:
        """The key that signs from now on; `announce` names the next one in the metadata beside it."""
        hosted: dict[str, Any] = {
            "host": "__DEFAULT__",
            "auth": "people",
            "privatekey": "now.key",
            "certificate": "now.crt",
            "signature.algorithm": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
            "SingleSignOnServiceBinding": [REDIRECT, POST],
            "SingleLogoutServiceBinding": [REDIRECT, POST],
            # Both directions of our signatures are verified by code that is not ours.
            "validate.authnrequest": True,
            "validate.logout": True,
            "sign.logout": True,
        }
        self._certificate("now", key)
        if announce is not None:
            self._certificate("next", announce)
            hosted |= {"new_privatekey": "next.key", "new_certificate": "next.crt"}
        self._write("metadata/saml20-idp-hosted", "metadata", {self.entity_id: hosted})

    def _certificate(self, name: str, key: Pair) -> None:
        (self.folder / "cert" / f"{name}.key").write_bytes(key.private_pem)
        (self.folder / "cert" / f"{name}.crt").write_bytes(key.certificate_pem)

    def knows(self, metadata: bytes, **settings: Any) -> dict[str, Any]:
        """Read a service provider's metadata with SimpleSAMLphp's own reader, and know it and nobody else from now on."""
        read = subprocess.run(
            ["php", "-r", _READ_SP % INSTALLED], input=metadata, capture_output=True, check=True, env=self.environment
        )
        found: dict[str, Any] = json.loads(read.stdout)
        wanted = {"NameIDFormat": PERSISTENT, "simplesaml.nameidattribute": "uid", "simplesaml.attributes": True}
        self._write("metadata/saml20-sp-remote", "metadata", {found["entityid"]: found | wanted | settings})
        return found

    def knows_nobody(self) -> None:
        self._write("metadata/saml20-sp-remote", "metadata", {})

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {"SIMPLESAMLPHP_CONFIG_DIR": str(self.folder / "config")}

    def configure(self) -> None:
        """Its folders and its configuration."""
        for name in ("config", "metadata", "cert", "log", "data", "temp", "sessions"):
            (self.folder / name).mkdir()
        config = {
            "baseurlpath": f"{self.url}/",
            "certdir": f"{self.folder}/cert/",
            "metadatadir": f"{self.folder}/metadata",
            "loggingdir": f"{self.folder}/log/",
            "datadir": f"{self.folder}/data/",
            "tempdir": f"{self.folder}/temp",
            "logging.handler": "file",
            "secretsalt": "salt-of-these-tests",
            "auth.adminpassword": "nobody-asks-for-it",
            "technicalcontact_email": "nobody@wonderland.example",
            "timezone": "UTC",
            "enable.saml20-idp": True,
            "module.enable": {"exampleauth": True, "core": True, "saml": True},
            "session.cookie.secure": False,
            "session.cookie.samesite": None,
            "store.type": "phpsession",
            "metadata.sources": [{"type": "flatfile"}],
        }
        self._write("config/config", "config", config)
        people = {"0": "exampleauth:UserPass"} | {f"{name}:{PASSWORD}": given for name, given in PEOPLE.items()}
        self._write("config/authsources", "config", {"people": people})
        self.sign_with(pair("simplesamlphp"))
        self.knows_nobody()

    def _write(self, name: str, variable: str, value: dict[str, Any]) -> None:
        (self.folder / f"{name}.json").write_text(json.dumps(value))
        (self.folder / f"{name}.php").write_text(
            f"<?php ${variable} = json_decode(file_get_contents('{self.folder / name}.json'), true);"
        )


@contextlib.contextmanager
def simplesamlphp(folder: Path) -> Generator[SimpleSamlPhp]:
    """Start it in a folder, and stop it."""
    port = free_port()
    running = SimpleSamlPhp(f"http://127.0.0.1:{port}", folder)
    running.configure()
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            ["php", "-d", f"session.save_path={folder}/sessions", "-S", f"127.0.0.1:{port}", "-t", INSTALLED / "www"],
            env=running.environment,
            stdout=log,
            stderr=log,
        )
    try:
        _wait(running.metadata_url, process)
        yield running
    finally:
        process.terminate()
        process.wait(10)


def _wait(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while True:
        assert process.poll() is None, "SimpleSAMLphp stopped at once"
        with contextlib.suppress(httpx2.TransportError):
            httpx2.get(url, trust_env=False).raise_for_status()
            return
        assert time.monotonic() < deadline, "SimpleSAMLphp did not start"
        time.sleep(0.05)
