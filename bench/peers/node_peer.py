"""Peers from npm: installed once into the scratch folder with exact versions, from the lock file beside this one."""

import hashlib
import shutil
from pathlib import Path
from typing import Any

import orjson

from bench.processes import Unavailable, command

SOURCE = Path(__file__).parent / "node"
INSTALLED = Path(__file__).parents[1] / ".peers" / "node"
_STAMP = INSTALLED / ".installed"


def version(package: str) -> str:
    """The version that the lock names."""
    lock: dict[str, Any] = orjson.loads((SOURCE / "package-lock.json").read_bytes())
    return str(lock["packages"][f"node_modules/{package}"]["version"])


def installed() -> Path:
    """The folder with the scripts and their packages, installed when they are not yet. Raises Unavailable."""
    node = shutil.which("node")
    if node is None or shutil.which("npm") is None:
        raise Unavailable("node and npm are not installed")
    INSTALLED.mkdir(parents=True, exist_ok=True)
    lock = (SOURCE / "package-lock.json").read_bytes()
    for script in SOURCE.glob("*.mjs"):
        shutil.copy(script, INSTALLED)
    stamp = hashlib.sha256(lock).hexdigest()
    if not _STAMP.exists() or _STAMP.read_text() != stamp:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(SOURCE / name, INSTALLED)
        install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        command(install, cwd=INSTALLED, what="npm ci")
        _STAMP.write_text(stamp)
    return INSTALLED


def sqlite_driver() -> None:
    """Build or fetch better-sqlite3, which Polis needs for SQLite. Raises Unavailable when it cannot be had."""
    folder = installed()
    built = folder / "node_modules" / "better-sqlite3" / "build" / "Release" / "better_sqlite3.node"
    if built.exists():
        return
    node = shutil.which("node")
    prefix = Path(node).resolve().parents[1] if node else Path()
    # Headers that came with node spare the build a download.
    headers = {"npm_config_nodedir": str(prefix)} if (prefix / "include" / "node").exists() else {}
    command(["npm", "rebuild", "better-sqlite3"], cwd=folder, env=headers, what="npm rebuild better-sqlite3")
    if not built.exists():
        raise Unavailable("better-sqlite3 could neither be fetched nor built")
