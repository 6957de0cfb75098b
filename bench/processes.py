"""Server processes: started, watched until they answer, weighed in /proc, and ended."""

import os
import signal
import socket
import subprocess
import time
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_PATIENCE = 60.0
"""Seconds that a server has to open its port."""
_TICKS = os.sysconf("SC_CLK_TCK")


class Unavailable(Exception):
    """Something cannot be installed or started here; the message is the reason that is printed."""


def free_port() -> int:
    """A port of the loopback interface that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def command(arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str] | None = None, what: str) -> str:
    """Run a command to its end and return what it printed. Raises Unavailable with the end of its output."""
    try:
        done = subprocess.run(
            arguments, cwd=cwd, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise Unavailable(f"{what}: {error.filename} is not installed") from error
    if done.returncode != 0:
        raise Unavailable(f"{what}: {_last_line(done.stderr or done.stdout)}")
    return done.stdout


@contextmanager
def serving(arguments: Sequence[str], port: int, *, cwd: Path, env: Mapping[str, str] | None = None) -> Generator[int]:
    """A server in a process group of its own: its pid, once `port` is open. Raises Unavailable."""
    log = cwd / "server.log"
    with log.open("wb") as output:
        try:
            process = subprocess.Popen(
                arguments,
                cwd=cwd,
                env={**os.environ, **(env or {})},
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            raise Unavailable(f"{error.filename} is not installed") from error
    try:
        _await_port(process, port, log)
        yield process.pid
    finally:
        _end(process)


def _await_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + START_PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise Unavailable(f"the server ended with {process.returncode}: {_last_line(log.read_text('utf-8'))}")
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise Unavailable(f"the server did not open its port within {START_PATIENCE:.0f} s")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the process group that `serving` began, politely first."""
    for sign, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, sign)
            process.wait(patience)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue
        return


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"


@dataclass(frozen=True, slots=True)
class Weight:
    """Resident and peak megabytes of the largest process, and the resident ones of all together."""

    largest: float
    peak: float
    total: float


def cpu_seconds(roots: Iterable[int]) -> float:
    """User and system time of some processes and all their descendants, those that ended included."""
    ticks = 0
    for pid in _with_descendants(roots):
        fields = _stat(pid)
        if fields is not None:
            ticks += sum(int(value) for value in fields[11:15])
    return ticks / _TICKS


def weight(roots: Iterable[int]) -> Weight:
    """What some processes and all their descendants hold in memory."""
    resident: list[tuple[float, float]] = []
    for pid in _with_descendants(roots):
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            continue
        sizes = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith(("VmRSS", "VmHWM"))}
        if "VmRSS" in sizes:
            resident.append((int(sizes["VmRSS"]) / 1024, int(sizes["VmHWM"]) / 1024))
    largest = max(resident, default=(0.0, 0.0))
    return Weight(largest[0], largest[1], sum(size for size, _ in resident))


def parent(pid: int) -> int | None:
    """The parent of a process on this machine."""
    fields = _stat(pid)
    return None if fields is None else int(fields[1])


def _with_descendants(roots: Iterable[int]) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (above := parent(int(entry.name))) is not None:
            children.setdefault(above, []).append(int(entry.name))
    found = list(roots)
    for pid in found:
        found.extend(child for child in children.get(pid, ()) if child not in found)
    return found


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat after the name: state, parent, …; user time is the twelfth."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
