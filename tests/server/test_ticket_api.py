"""Tickets over the management API, for who has the key; and the invitation by mail."""

from collections.abc import Generator
from typing import Any

import httpx2
import pytest
from aiosmtpd.controller import Controller

from tests.conftest import Tenant, Vestibule, a_tenant, database_url, free_port, running
from tests.server.test_api import KEY, call, is_problem
from tests.sign_on.conftest import Mailbox

BOX = Mailbox()
MARIA = "maria@contoso.example"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Generator[Vestibule]:
    port = free_port()
    controller = Controller(BOX, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        with running(
            database_url(tmp_path_factory.mktemp("tickets")), api_key=KEY,
            smtp_url=f"smtp://127.0.0.1:{port}?starttls=no", mail_from="Vestibule <noreply@vestibule.example>",
        ) as server:  # fmt: skip
            yield server
    finally:
        controller.stop()


@pytest.fixture
def here(served: Vestibule) -> Generator[Tenant]:
    with a_tenant(served) as made:
        yield made


def create(here: Tenant, **body: Any) -> Any:
    answer = call(here, "POST", "/tickets", body or None)
    assert answer.status_code == 200, answer.text
    return answer.json()


def act(here: Tenant, method: str, path: str, body: Any = None, key: str = KEY) -> httpx2.Response:
    url, headers = f"{here.vestibule.base_url}/v1/tickets{path}", {"Authorization": f"Bearer {key}"}
    return httpx2.request(method, url, json=body, headers=headers, trust_env=False)


def test_a_ticket_is_made_shown_extended_and_revoked(here: Tenant) -> None:
    made = create(here, label="Maria", days=0.5)
    assert (made["state"], made["label"], made["invitation"]) == ("open", "Maria", None)
    assert httpx2.get(made["link"], trust_env=False).status_code == 200

    shown = act(here, "GET", f"/{made['id']}").json()
    assert (shown["id"], shown["finished"], shown["opens"]) == (made["id"], False, 1)
    assert {each["name"] for each in shown["steps"]} >= {"sign_on", "token", "cycle"}
    assert shown["values"]["provisioning"][0]["value"] == here.vestibule.scim_url(here.connection_id)
    assert "link" not in shown

    later = act(here, "POST", f"/{made['id']}/extend", {"days": 20}).json()
    assert later["expires_at"] > made["expires_at"]
    gone = act(here, "POST", f"/{made['id']}/revoke").json()
    assert gone["state"] == "revoked"
    assert httpx2.get(made["link"], trust_env=False).status_code == 410
    listed = call(here, "GET", "/tickets").json()["tickets"]
    assert [(each["id"], each["state"]) for each in listed] == [(made["id"], "revoked")]
    assert made["id"] in {each["id"] for each in act(here, "GET", "").json()["tickets"]}
    told = here.vestibule.admin(lambda store: store.audit(here.connection_id))
    assert [(each.action, each.actor) for each in told[:3]] == [
        ("ticket.revoked", "api"), ("ticket.extended", "api"), ("ticket.created", "api"),
    ]  # fmt: skip


def test_what_cannot_be_done_is_a_problem_with_words(here: Tenant) -> None:
    made = create(here)
    is_problem(act(here, "GET", "/tkt_none"), 404, "There is no ticket")
    is_problem(act(here, "POST", "/tkt_none/revoke"), 404, "There is no ticket")
    is_problem(act(here, "POST", f"/{made['id']}/extend", {"days": 1}), 409, "longer than that already")
    is_problem(act(here, "POST", f"/{made['id']}/extend", {"days": 91}), 422, "90 days")
    act(here, "POST", f"/{made['id']}/revoke")
    is_problem(act(here, "POST", f"/{made['id']}/extend"), 409, "was revoked")
    for body, told in (
        ({"days": "7"}, "`days` is a number"),
        ({"days": True}, "`days` is a number"),
        ({"days": -1}, "90 days"),
        ({"label": 7}, "`label` is a text"),
        ({"mail": "maria"}, "no mail address"),
        ({"secret": "x"}, "There is no 'secret'"),
        ([], "JSON object"),
    ):
        is_problem(call(here, "POST", "/tickets", body), 422, told)
    stranger = Tenant(here.vestibule, "con_none", here.token, here.text, here.http)
    is_problem(call(stranger, "POST", "/tickets", {}), 404, "There is no connection")
    is_problem(call(stranger, "GET", "/tickets"), 404, "There is no connection")
    assert len(call(here, "GET", "/tickets").json()["tickets"]) == 1


def test_nobody_makes_or_reads_tickets_without_the_key(here: Tenant) -> None:
    made = create(here)
    for method, path in (("GET", ""), ("GET", f"/{made['id']}"), ("POST", f"/{made['id']}/revoke")):
        is_problem(act(here, method, path, key=here.text), 401, "Authorization")
    is_problem(call(here, "POST", "/tickets", {}, key=None), 401, "Authorization")
    assert act(here, "GET", f"/{made['id']}").json()["state"] == "open"


def test_the_invitation_is_sent_as_plain_text_with_the_link_whole(here: Tenant) -> None:
    made = create(here, label="Maria", mail=MARIA)
    assert made["invitation"] == {"to": MARIA, "sent": True, "why": None}
    letter = BOX.to(MARIA)[-1]
    assert letter["Subject"] == "Set up sign-in and provisioning for Acme"
    assert letter.get_content_type() == "text/plain"
    text = letter.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert made["link"] in text.decode().splitlines()
    assert "Hello Maria," in text.decode()
    assert httpx2.get(made["link"], trust_env=False).status_code == 200


def test_a_mail_that_was_not_taken_is_said_and_the_ticket_is_good(here: Tenant) -> None:
    BOX.nobody.add("gone@contoso.example")
    made = create(here, mail="gone@contoso.example")
    assert made["invitation"]["sent"] is False
    assert "No such mailbox" in made["invitation"]["why"]
    assert httpx2.get(made["link"], trust_env=False).status_code == 200
