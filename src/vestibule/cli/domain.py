"""`vestibule domain`: the mail domains of enterprises, claimed and proven by DNS."""

import sys
from typing import TYPE_CHECKING

import click

from vestibule.cli.listing import Listing
from vestibule.cli.session import FINDING, Session, command
from vestibule.clock import rfc3339
from vestibule.model import Domain, JsonObject
from vestibule.store import Store

if TYPE_CHECKING:
    from vestibule.domains.checking import Checked


@click.group(cls=Listing)
def domain() -> None:
    """The mail domains of enterprises: who signs in where, and whose addresses are their own."""


@domain.command()
@click.argument("enterprise_id")
@click.argument("name", metavar="DOMAIN")
@click.option("--subdomains", is_flag=True, help="The domain speaks for what is below it, too.")
@command
def claim(session: Session, enterprise_id: str, name: str, subdomains: bool) -> None:
    """Claim DOMAIN for ENTERPRISE_ID and tell the record that proves it."""
    from vestibule.domains import claiming

    made = session.run(lambda store: claiming.claim(store, session.clock, enterprise_id, name, subdomains=subdomains))
    shown = _json(made)
    record = shown["record"]
    session.emit(
        shown,
        f"{made.id}  {made.domain}  {made.state}\n"
        f"Have this record added to the DNS of {made.domain}:\n"
        f"  name   {record['name']}\n  type   TXT\n  value  {record['value']}\n"
        f"Then: vestibule domain check {made.id}",
    )


@domain.command()
@click.argument("domain_id", metavar="DOMAIN")
@command
def check(session: Session, domain_id: str) -> None:
    """Look the record of DOMAIN (or of a claim, dom_…) up now. Leaves with 1 when it is not proven."""
    from vestibule.domains.checking import check as look
    from vestibule.domains.claiming import the_domain
    from vestibule.outbound.names import Resolvers

    names = Resolvers.read(session.settings.dns_servers)

    async def work(store: Store) -> "Checked":
        return await look(store, names, session.clock, await the_domain(store, domain_id))

    checked = session.run(work)
    session.emit(_checked(checked), _told(checked))
    if checked.proof.outcome != "proven" or checked.domain.state == "disputed":
        sys.exit(FINDING)


@domain.command("list")
@click.argument("enterprise_id", required=False)
@command
def list_all(session: Session, enterprise_id: str | None) -> None:
    """List the domains of ENTERPRISE_ID, or of all."""
    found = session.run(lambda store: store.domains(enterprise_id))
    session.emit(
        {"domains": [_json(each) for each in found]},
        "\n".join(_line(each) for each in found) or "No domain yet: vestibule domain claim ENTERPRISE_ID DOMAIN",
    )


@domain.command()
@click.argument("domain_id", metavar="DOMAIN")
@command
def remove(session: Session, domain_id: str) -> None:
    """Give DOMAIN (or a claim, dom_…) up: its addresses are nobody's from now on.

    Those who sign in with one of them are no longer sent anywhere.
    """

    from vestibule.domains import claiming

    async def work(store: Store) -> Domain:
        found = await claiming.the_domain(store, domain_id)
        await claiming.remove(store, session.clock, found)
        return found

    gone = session.run(work)
    session.emit(_json(gone) | {"removed": True}, f"{gone.id}  {gone.domain} is removed.")


@domain.command()
@click.argument("domain_id", metavar="DOMAIN")
@click.option("--give", "decision", flag_value="give", help="The claim gets the domain; the one before has lost it.")
@click.option("--keep", "decision", flag_value="keep", help="The holder keeps it; the claim is lost.")
@command
def dispute(session: Session, domain_id: str, decision: str | None) -> None:
    """Decide about DOMAIN (or a claim, dom_…), a disputed claim: two enterprises have proven one domain."""
    if decision is None:
        raise click.UsageError("Say --give (to the later claim) or --keep (the one that holds it).")
    from vestibule.domains import claiming

    decide = claiming.give if decision == "give" else claiming.keep

    async def work(store: Store) -> Domain:
        return await decide(store, session.clock, await claiming.the_domain(store, domain_id))

    decided = session.run(work)
    session.emit(_json(decided), _line(decided))


@domain.command()
@click.option("--all", "everything", is_flag=True, help="Also those that are not due yet.")
@command
def recheck(session: Session, everything: bool) -> None:
    """Check all domains that are due, as the server does by itself. Leaves with 1 when one is not proven."""
    from vestibule.domains import checking
    from vestibule.outbound.names import Resolvers

    names = Resolvers.read(session.settings.dns_servers)
    done = session.run(lambda store: checking.recheck(store, names, session.clock, everything=everything))
    session.emit(
        {"checked": [_checked(each) for each in done]},
        "\n".join(_told(each) for each in done) or "None is due; --all checks the others, too.",
    )
    if any(each.proof.outcome != "proven" for each in done):
        sys.exit(FINDING)


def _told(checked: "Checked") -> str:
    return f"{_line(checked.domain)}\n  {checked.proof.note}{_next(checked.domain)}"


def _next(domain: Domain) -> str:
    if domain.state != "disputed":
        return ""
    return (
        "\n  Another enterprise holds the domain. Once you know whose it is: "
        f"vestibule domain dispute {domain.id} --give or --keep"
    )


def _line(domain: Domain) -> str:
    below = " and below" if domain.subdomains else ""
    return f"{domain.id}  {domain.enterprise_id}  {domain.domain}{below}  {domain.state}"


def _checked(checked: "Checked") -> JsonObject:
    proof = checked.proof
    answers = [{"server": each.server, "outcome": each.outcome, "values": list(each.values)} for each in proof.answers]
    told = {"outcome": proof.outcome, "sentence": proof.sentence, "fix": proof.fix, "answers": answers}
    return _json(checked.domain) | {"before": checked.before.state, "proof": told}


def _json(domain: Domain) -> JsonObject:
    from vestibule.domains.proof import record_name, record_value

    times = {
        name: None if at is None else rfc3339(at)
        for name, at in (
            ("created_at", domain.created_at),
            ("verified_at", domain.verified_at),
            ("checked_at", domain.checked_at),
            ("failing_since", domain.failing_since),
        )
    }
    record = {"name": record_name(domain.domain), "type": "TXT", "value": record_value(domain.token)}
    return {
        "id": domain.id,
        "enterprise_id": domain.enterprise_id,
        "domain": domain.domain,
        "subdomains": domain.subdomains,
        "state": domain.state,
        "record": record,
        **times,
        "note": domain.note,
    }
