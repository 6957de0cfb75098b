"""The package oidc-provider as a company's OpenID Provider: somebody else's code, on loopback."""

import contextlib
import json
import shutil
import subprocess
from collections.abc import Generator
from pathlib import Path
from typing import Any

from joserfc.jwk import RSAKey

HERE = Path(__file__).parent / "oidc_provider"
INSTALLED = HERE.parents[2] / ".interop" / "oidc_provider"
NONE_HERE = "no oidc-provider here: make interop installs it, with node and npm"
MARTA = "marta"
PEOPLE: dict[str, dict[str, Any]] = {
    MARTA: {
        "preferred_username": "marta@harbour.example",
        "email": "marta@harbour.example",
        "email_verified": True,
        "name": "Marta Kowalska",
        "given_name": "Marta",
        "family_name": "Kowalska",
        "groups": ["Harbour masters", "Pilots"],
    },
    "jan": {"preferred_username": "jan@harbour.example", "email": "jan@harbour.example", "email_verified": False},
}


def is_here() -> bool:
    """Whether it was installed."""
    return shutil.which("node") is not None and (INSTALLED / "node_modules" / "oidc-provider").is_dir()


def signing_key(kid: str) -> dict[str, Any]:
    key = RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"}, private=True)
    return dict(key.as_dict(private=True))


@contextlib.contextmanager
def openid_provider(port: int, client: dict[str, Any], keys: list[dict[str, Any]]) -> Generator[str]:
    """Run it for one client, and yield its issuer. What it knew of browsers is forgotten when it stops."""
    given = {"folder": str(INSTALLED), "port": port, "client": client, "keys": keys, "people": PEOPLE}
    process = subprocess.Popen(
        ["node", HERE / "op.mjs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with process.stdin as question:
            question.write(json.dumps(given).encode())
        assert process.stdout.readline() == b"listening\n", "the OpenID Provider did not start"
        yield f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()
