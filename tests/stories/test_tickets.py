"""An administrator comes back to a dead link; the operator explains and extends it, and the same link works again."""

from dataclasses import replace
from pathlib import Path

import httpx2

from tests.conftest import Vestibule, database_url, running
from tests.stories.test_the_thread import cli
from vestibule.clock import SystemClock
from vestibule.store import Store
from vestibule.store.tickets import TicketChange


def test_a_ticket_that_ran_out_is_explained_and_extended_and_nothing_was_lost(tmp_path: Path) -> None:
    with running(database_url(tmp_path)) as server:
        connection = cli(server, "connection", "create", cli(server, "enterprise", "create", "Acme")["id"])
        made = cli(server, "ticket", "create", connection["id"], "--for", "Maria")
        assert opened(made["link"]).status_code == 200
        cli(server, "token", "create", connection["id"], "--all-scopes")
        runs_out(server, made["id"])

        dead = opened(made["link"])
        request_id = dead.headers["vestibule-request-id"]
        assert (dead.status_code, request_id in dead.text) == (410, True)
        told = cli(server, "explain", request_id)
        assert told["code"] == "ticket_expired"
        assert told["fixes"][0]["command"] == f"vestibule ticket extend {made['id']}"

        (extend, _) = cli(server, "fix", request_id)["fixes"]
        assert (extend["operation"], extend["role"]) == ("extend_ticket", "operator")
        assert extend["preview"]["after"] == {"ticket": made["id"], "state": "open"}
        shown = cli(server, "fix", request_id, "extend_ticket")
        assert (shown["done"], opened(made["link"]).status_code) == (False, 410)
        assert cli(server, "fix", request_id, "extend_ticket", "--yes")["done"] is True

        again = opened(made["link"])
        assert again.status_code == 200
        assert 'class="done" id="step-token"' in again.text
        entry = server.admin(lambda store: store.audit(connection["id"]))[0]
        assert (entry.action, entry.actor, entry.target) == ("ticket.extended", "cli", made["id"])
        assert (entry.detail["request"], entry.detail["fix"]) == (request_id, "extend_ticket")
        (after, _) = cli(server, "fix", request_id)["fixes"]
        assert after["refused"]["code"] == "done"


def test_a_ticket_that_was_taken_back_is_explained_and_not_brought_back(tmp_path: Path) -> None:
    with running(database_url(tmp_path)) as server:
        connection = cli(server, "connection", "create", cli(server, "enterprise", "create", "Acme")["id"])
        made = cli(server, "ticket", "create", connection["id"])
        cli(server, "ticket", "revoke", made["id"])
        request_id = opened(made["link"]).headers["vestibule-request-id"]
        told = cli(server, "explain", request_id)
        assert (told["code"], told["fixes"][0]["operation"]) == ("ticket_revoked", None)
        assert told["fixes"][0]["command"] == f"vestibule ticket create {connection['id']}"
        logged = cli(server, "log", connection["id"])
        assert (logged["kind"], logged["code"], logged["outcome"]) == ("ticket", "ticket_revoked", "blocked")
        anew = cli(server, "ticket", "create", connection["id"])
        assert opened(anew["link"]).status_code == 200


def opened(link: str) -> httpx2.Response:
    return httpx2.get(link, trust_env=False)


def runs_out(server: Vestibule, ticket_id: str) -> None:
    async def work(store: Store) -> None:
        found = await store.ticket(ticket_id)
        over = replace(found, expires_at=SystemClock().now() - 1)
        await store.change_ticket(found.connection_id, found.id, lambda _: TicketChange(over))

    server.admin(work)
