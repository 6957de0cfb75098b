"""`vestibule rehearse`: run an identity provider's provisioning job against any SCIM server."""

import asyncio
import sys
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from vestibule.cli.session import FINDING, UNREACHABLE, Session, command, fail
from vestibule.cli.source import read_source
from vestibule.entra.tenant import Tenant
from vestibule.entra.wire import Mode
from vestibule.rehearsal import InvalidState, LogNotKept, Rehearsal, Restart, Target, Unreachable
from vestibule.rehearsal import rehearse as run_rehearsal

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_MODES: dict[str, Mode | None] = {"entra": None, "entra-default": "default", "entra-compliant": "compliant"}


@click.command()
@click.option("--source", type=_FILE, required=True, help="The source directory: Graph's JSON, or a CSV export.")
@click.option("--target", required=True, metavar="URL", help="The SCIM base URL (tenant URL).")
@click.option("--token", required=True, help="The bearer token.")
@click.option("--as", "sender", type=click.Choice(list(_MODES)), default="entra", show_default=True)
@click.option("--cycles", type=click.IntRange(1, 1_000), default=1, show_default=True)
@click.option("--state", type=click.Path(dir_okay=False), help="Keep the job here; run again to go on with it.")
@click.option("--restart", is_flag=True, help="Press Restart provisioning first: all objects are read again.")
@command
def rehearse(
    session: Session,
    source: Path,
    target: str,
    token: str,
    sender: str,
    cycles: int,
    state: str | None,
    restart: bool,
) -> None:
    """Run Entra's provisioning job from a source directory against a SCIM server.

    With --state the job is kept; a paused job is restarted by running the command again, as the portal's Restart
    provisioning does. Leaves with 1 when the job has failures or the roll call does not balance.
    """
    tenant = read_source(source)
    pressed: Restart = "always" if restart else "if_stopped"
    try:
        done = run_job(session, tenant, Target(target, token, mode=_MODES[sender]), state, cycles, pressed)
    except Unreachable as error:
        fail(f"{target} cannot be reached: {error}", UNREACHABLE)
    except (InvalidState, LogNotKept) as error:
        fail(str(error))
    session.emit_long(done.parts(), "\n".join(job_lines(done)))
    if not is_clean(done):
        sys.exit(FINDING)


def run_job(
    session: Session,
    tenant: Tenant,
    target: Target,
    state: str | None,
    cycles: int = 1,
    restart: Restart = "if_stopped",
) -> Rehearsal:
    """Run the job with progress bars on a terminal."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=session.as_json or not console.is_terminal) as bars:
        tasks: dict[str, TaskID] = {}

        def progress(phase: str, done: int, total: int) -> None:
            if phase not in tasks:
                tasks[phase] = bars.add_task(phase, total=total)
            bars.update(tasks[phase], completed=done, total=total)

        return asyncio.run(
            run_rehearsal(tenant, target, state, cycles=cycles, clock=session.clock, progress=progress, restart=restart)
        )


def is_clean(done: Rehearsal) -> bool:
    """No failure in the last cycle, a job that goes on, and nobody missing."""
    document = done.parts()
    if document["job"]["status"]["code"] != "Active":
        return False
    return all(
        group["present"] == group["expected"] and not group["missing"] for group in document["rollcall"]["groups"]
    )


def job_lines(done: Rehearsal) -> list[str]:
    """What Entra's admin would read: the cycles, the job, the failures, the roll call."""
    document = done.parts()
    lines: list[str] = []
    for cycle in document["cycles"]:
        lines.append(f"Cycle {cycle['number']} ({cycle['kind']}): {cycle['requests']} requests, {cycle['status']}")
        for kind in ("users", "groups", "memberships"):
            counted = ", ".join(f"{count} {word}" for word, count in cycle[kind].items() if count)
            lines.append(f"  {kind:<12} {counted or 'nothing to do'}")
    status: dict[str, Any] = document["job"]["status"]
    paused = status["code"] == "Paused" and status.get("escrowsPruned")
    lines.append(f"Job: {'Initial sync paused' if paused else status['code']}")
    execution: dict[str, Any] = status.get("lastExecution") or {}
    if execution.get("error"):
        lines.append(f"Last execution: {execution['error']['message']}")
    if done.log.first_failure is not None:
        first = done.log.first_failure["provisioningStatusInfo"]["errorInformation"]
        lines += [f"{done.log.failures} failures in the provisioning log, the first of them:", first["errorCode"]]
        lines += [f"  {line}" for line in first["reason"].splitlines()]
    for group in document["rollcall"]["groups"]:
        present = "not shown to this token" if group["present"] is None else f"present {group['present']}"
        lines.append(f"Roll call {group['name']}: expected {group['expected']}, {present}")
    return lines
