"""`vestibule demo`: the story that Vestibule exists for, on this machine, without a network."""

import contextlib
import shlex
import socket
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

import click
import httpx2
from rich.console import Console

from vestibule import connections, tickets
from vestibule.cli.connection import scim_base_url
from vestibule.cli.demo_process import await_log, serving
from vestibule.cli.demo_sign_in import LOOPBACK, SignIn, identity_provider, tell_sign_in
from vestibule.cli.rehearse import job_lines, run_job
from vestibule.cli.roll_table import a_console, show
from vestibule.cli.session import FINDING, Session, command
from vestibule.cli.source import expectations_of
from vestibule.cli.told import as_text
from vestibule.connections import MintedToken
from vestibule.directory import Directory
from vestibule.entra import wire
from vestibule.entra.company import already_in_product, company
from vestibule.entra.tenant import Tenant, write_json
from vestibule.explain import explain
from vestibule.model import Connection
from vestibule.rehearsal import Target
from vestibule.rollcall import GroupRoll, call_roll
from vestibule.scim.scopes import GROUP_SYNC, SCOPES
from vestibule.settings import Settings
from vestibule.store import ExchangeQuery, Store

GROUP_ALL = "grp_all@example.com"
GROUP_SRE = "grp_corporate_sre_base@example.com"
_USER_SCOPES = frozenset(scope for scope in SCOPES if scope.endswith(":users"))


@dataclass(frozen=True, slots=True)
class Stage:
    """What the story plays on."""

    connection: Connection
    token: MintedToken
    tenant: Tenant
    source: Path
    state: Path


@dataclass(slots=True)
class Narrator:
    """Tells the story in numbered steps."""

    console: Console = field(default_factory=a_console)
    number: int = 0

    def step(self, title: str) -> None:
        """Open the next step."""
        self.number += 1
        self.console.print(f"\n[bold]{self.number}. {title}[/bold]")

    def tell(self, text: str) -> None:
        """Something as it is, without markup."""
        self.console.print(text, markup=False)


@click.command()
@click.option("--exit", "leave", is_flag=True, help="Leave when the story has ended instead of serving on.")
@click.option("--port", type=click.IntRange(1, 65_535), help="The server's port; a free one unless given.")
@click.option("--seed", type=int, default=1, show_default=True, help="Which company to make up.")
@command
def demo(session: Session, leave: bool, port: int | None, seed: int) -> None:
    """Watch 290 people sync, every group fail with 403, the reason, the one command that mends it, and 269 of 269.

    Then somebody signs in, after a wrongly mapped claim was found. Everything is kept in a temporary folder. Leaves
    with 0 only if the roll call balances and the person is in.
    """
    with tempfile.TemporaryDirectory(prefix="vestibule-demo-") as folder:
        port = port or _free_port()
        chosen = Settings(f"sqlite:///{folder}/vestibule.db", f"http://127.0.0.1:{port}")
        stage_session = Session(chosen, as_json=False, clock=session.clock)
        stage = _set_the_stage(stage_session, Path(folder), seed)
        with (
            _server(chosen, port, Path(folder) / "server.log"),
            identity_provider(stage.source, _free_port(), Path(folder) / "idp.log") as provider_url,
        ):
            narrator = Narrator()
            good = _play(stage_session, stage, provider_url, narrator)
            if not leave:
                _farewell(stage_session, stage, narrator)
                _wait()
    if not good:
        sys.exit(FINDING)


def _set_the_stage(session: Session, folder: Path, seed: int) -> Stage:
    tenant = company(seed=seed)
    source = folder / "source.json"
    source.write_text(write_json(tenant), encoding="utf-8")

    async def work(store: Store) -> tuple[Connection, MintedToken]:
        enterprise = await connections.create_enterprise(store, session.clock, "Acme")
        connection = await connections.create_connection(store, session.clock, enterprise.id, "entra")
        directory = Directory(store, session.clock)
        present = tuple(already_in_product(tenant))
        await directory.create_app_group(connection.id, GROUP_ALL, present)
        await directory.create_app_group(connection.id, GROUP_SRE, ())
        token = await connections.create_token(
            store, session.clock, connection.id, _USER_SCOPES, name="Acme's Entra ID", actor="demo"
        )
        return connection, token

    connection, token = session.run(work, makes=True)
    return Stage(connection, token, tenant, source, folder / "entra-job.db")


def _play(session: Session, stage: Stage, provider_url: str, narrator: Narrator) -> bool:
    _introduce(session, stage, narrator)
    _test_connection(session, stage, narrator)
    narrator.step("Entra's initial cycle: users first, then groups")
    _cycle(session, stage, narrator)
    narrator.step("The roll call says who is missing, and why")
    _rolls(session, stage, narrator)
    _explain_refusal(session, stage, narrator)
    _grant(session, stage, narrator)
    narrator.step("The admin presses Restart provisioning: the next cycle, with the very same token")
    _cycle(session, stage, narrator)
    narrator.step("Forty minutes later: nothing has changed, so nothing is sent")
    _cycle(session, stage, narrator)
    narrator.step("The roll call again")
    rolls = _rolls(session, stage, narrator)
    sign_in = SignIn(session, stage.connection, provider_url, narrator.tell)
    signed_in = tell_sign_in(sign_in, _somebody(stage.tenant), narrator.step)
    return signed_in and all(roll.balanced for roll in rolls)


def _somebody(tenant: Tenant) -> str:
    """Who signs in: the first of the company with an account and a mailbox."""
    return next(each.user_principal_name for each in tenant.users if each.enabled and each.attributes.get("mail"))


def _introduce(session: Session, stage: Stage, narrator: Narrator) -> None:
    people = len(stage.tenant.users)
    narrator.step(f"Acme has {people} people in Entra ID and two groups that the product knows already")
    narrator.tell(f"   Tenant URL    {scim_base_url(stage.connection.id, session.settings)}")
    narrator.tell(f"   Secret token  {stage.token.text[:14]}…{stage.token.token.last_four}  ({stage.token.token.id})")
    narrator.tell(f"   {GROUP_ALL} has 21 members in the product; Entra expects 269.")
    narrator.tell("   Whoever made the token ticked the scopes for users and missed those for groups.")


def _test_connection(session: Session, stage: Stage, narrator: Narrator) -> None:
    narrator.step("Entra's own Test Connection looks up a user that does not exist")
    request = wire.probe("7f1cbd0e-4c1f-4d39-9f0e-0a5b7f0c2f11")
    url = f"{scim_base_url(stage.connection.id, session.settings)}/{request.target.lstrip('/')}"
    answer = httpx2.get(url, headers={"Authorization": f"Bearer {stage.token.text}"}, trust_env=False)
    narrator.tell(f"   GET {request.target}")
    narrator.tell(f"   {answer.status_code} {answer.text[:110]}…")
    narrator.tell("   Green: the supplied credentials are authorized to enable provisioning.")


def _cycle(session: Session, stage: Stage, narrator: Narrator) -> None:
    target = Target(scim_base_url(stage.connection.id, session.settings), stage.token.text)
    for line in job_lines(run_job(session, stage.tenant, target, str(stage.state))):
        narrator.tell(f"   {line}")
    await_log()


def _rolls(session: Session, stage: Stage, narrator: Narrator) -> list[GroupRoll]:
    wanted = expectations_of(stage.tenant)
    rolls = session.run(lambda store: call_roll(store, stage.connection.id, wanted))
    narrator.tell(f"   vestibule rollcall {stage.connection.id} --expected {stage.source.name}\n")
    show(rolls, narrator.console, names=3)
    return rolls


def _explain_refusal(session: Session, stage: Stage, narrator: Narrator) -> None:
    query = ExchangeQuery(limit=1, refused=True, target=GROUP_ALL)
    found = session.run(lambda store: store.exchanges(stage.connection.id, query))
    if not found:
        return
    narrator.step("Vestibule tells what happened, why, and what to do")
    narrator.tell(f"   vestibule explain {found[0].id}\n")
    narrator.tell("\n".join(f"   {line}" for line in as_text(explain(found[0])).splitlines()))
    narrator.tell(f"\n   The answer that Entra logged:\n   {found[0].response_body}")


def _grant(session: Session, stage: Stage, narrator: Narrator) -> None:
    token_id = stage.token.token.id
    narrator.step("One command grants the missing scopes to the same token; nothing is pasted anew")
    scopes = [scope for scope in SCOPES if scope in GROUP_SYNC]
    narrator.tell(f"   vestibule token grant {token_id} {' '.join(f'--scope {scope}' for scope in scopes)}")
    changed = session.run(lambda store: connections.grant(store, session.clock, token_id, GROUP_SYNC, actor="demo"))
    narrator.tell(f"   {token_id} now has {len(changed.scopes)} scopes.")


def _farewell(session: Session, stage: Stage, narrator: Narrator) -> None:
    narrator.step("Try next")
    database, connection_id = session.settings.database, stage.connection.id
    groups = f"{scim_base_url(connection_id, session.settings)}/Groups?excludedAttributes=members"
    ticket = session.run(
        lambda store: tickets.create(store, session.clock, connection_id, label="Acme's IT admin", actor="demo")
    )
    narrator.tell(f"   Setup ticket  {ticket.link(session.settings.base_url)}")
    narrator.tell("   In another terminal, in this folder (everything is gone when this one ends):")
    for line in (
        f"export PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH",
        f"export VESTIBULE_DATABASE_URL={database} VESTIBULE_BASE_URL={session.settings.base_url}",
        f"vestibule log {connection_id} --refused",
        f"vestibule rollcall {connection_id} --group {GROUP_ALL}=269",
        f"vestibule token list {connection_id}",
        f"vestibule test scim {scim_base_url(connection_id, session.settings)} --token {stage.token.text}",
        f"curl -H 'Authorization: Bearer {stage.token.text}' '{groups}'",
    ):
        narrator.tell(f"   {line}")


def _server(settings: Settings, port: int, log: Path) -> contextlib.AbstractContextManager[None]:
    arguments = ["serve", "--port", str(port), "--database", settings.database, "--allow-network", LOOPBACK]
    return serving("The server", arguments, f"{settings.base_url}/readyz", log)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait() -> None:
    click.echo("\nServing until Ctrl-C.")
    with contextlib.suppress(KeyboardInterrupt):
        import signal

        signal.pause()
