"""The machine that was measured on, described for a reader who has another one."""

import datetime
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import time
from pathlib import Path

_FLUSHES = 200


def describe(scratch: Path, postgres: str | None) -> dict[str, str]:
    """Name and value of everything that figures depend on. `scratch` is on the disk that the databases are on."""
    return {
        "Date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "CPU": _cpu(),
        "Cores": str(len(os.sched_getaffinity(0))),
        "Memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB",
        "Kernel": f"{platform.system()} {platform.release()}",
        "Python": platform.python_version(),
        "Node": _node(),
        "SQLite": sqlite3.sqlite_version,
        "PostgreSQL": postgres or "none",
        "Durable write of 4 KiB": f"{flush_ms(scratch):.2f} ms (p50 of {_FLUSHES}, append and fdatasync)",
        "Load when it began": f"{os.getloadavg()[0]:.2f} (mean of the last minute)",
    }


def flush_ms(folder: Path) -> float:
    """Median of a 4 KiB append and its flush to the disk, in milliseconds."""
    took: list[float] = []
    path = folder / "flush"
    with path.open("wb", buffering=0) as file:
        for _ in range(_FLUSHES):
            started = time.perf_counter()
            file.write(bytes(4096))
            os.fdatasync(file.fileno())
            took.append(time.perf_counter() - started)
    path.unlink()
    return statistics.median(took) * 1_000


def _cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _node() -> str:
    found = shutil.which("node")
    if found is None:
        return "none"
    return subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout.strip()
