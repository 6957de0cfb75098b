"""Requests of a SCIM client that others wrote, for what the provisioning engine never sends.

What the client itself would not let through is given to it as a plain document, which it sends as it is.
"""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

from scim2_client import Me
from scim2_models import Schema

from tests.conftest import Tenant
from tests.explain.provisioned import EMAIL, GROUP, PATCH
from tests.explain.sending import Client, client
from vestibule.clock import SystemClock
from vestibule.connections import create_token
from vestibule.model import Exchange
from vestibule.store import ExchangeQuery
from vestibule.store.sql import scan

Asks = Callable[[Client], object]


def asking(here: Tenant, ask: Asks) -> list[Exchange]:
    with client(here) as sender:
        ask(sender)
        return sender.sent()


def user(sender: Client, name: str = "ana@example.com") -> Any:
    model = sender.scim.get_resource_model("User")
    return sender.scim.create(model(user_name=name, emails=EMAIL))


def group(sender: Client, name: str, external_id: str | None = None) -> Any:
    model = sender.scim.get_resource_model("Group")
    return sender.scim.create(model(display_name=name, external_id=external_id))


def changes(sender: Client, resource: Any, *operations: dict[str, Any]) -> None:
    document = {"schemas": [PATCH], "Operations": list(operations)}
    sender.scim.modify(type(resource), resource.id, document, check_request_payload=False)


def users(sender: Client, **query: Any) -> None:
    sender.scim.query(sender.scim.get_resource_model("User"), query)


def taken(sender: Client) -> None:
    user(sender)
    user(sender, "ANA@example.com")


def group_taken(sender: Client) -> None:
    group(sender, "grp_all")
    group(sender, "grp_all", "8a4e-7")


def nested(sender: Client) -> None:
    inner, outer = group(sender, "grp_inner"), group(sender, "grp_outer")
    changes(sender, outer, {"op": "add", "path": "members", "value": [{"value": inner.id}]})


def nested_refused(here: Tenant) -> list[Exchange]:
    here.set(nested_groups="refuse")
    return asking(here, nested)


def too_many(here: Tenant) -> list[Exchange]:
    """More people than one request may look at; here that is not many."""

    def ask(sender: Client) -> None:
        for number in range(41):
            user(sender, f"person{number}@example.com")
        users(sender, filter='title eq "Boss"')

    with patch.object(scan, "ROW_BUDGET", 40), patch.object(scan, "CHUNK", 20):
        return asking(here, ask)


def stale(sender: Client) -> None:
    """It writes what it read before somebody else wrote."""
    ana = user(sender)
    changes(sender, ana, {"op": "replace", "path": "title", "value": "Lead"})
    sender.scim.replace(ana)


def circle(here: Tenant) -> list[Exchange]:
    """Each operation of a bulk request has an entry of its own in the log."""

    def operation(name: str, other: str) -> dict[str, Any]:
        data = {"schemas": [GROUP], "displayName": name, "members": [{"value": f"bulkId:{other}"}]}
        return {"method": "POST", "path": "/Groups", "bulkId": name, "data": data}

    schema = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"
    operations = [operation("a", "b"), operation("b", "a")]
    asking(here, lambda sender: sender.scim.bulk({"schemas": [schema], "Operations": operations}))
    return here.vestibule.admin(lambda store: store.exchanges(here.connection_id, ExchangeQuery(limit=10)))


def without_token(here: Tenant) -> list[Exchange]:
    with client(here, token="") as sender:
        users(sender)
        return sender.sent()


def person_too_fast(here: Tenant) -> list[Exchange]:
    with client(here) as sender:
        ana = user(sender).id
        here.set(rate_limit=1)
        made = here.vestibule.admin(
            lambda store: create_token(store, SystemClock(), here.connection_id, frozenset({"get:users"}), user_id=ana)
        )
        sender.scim.client.headers["Authorization"] = f"Bearer {made.text}"
        for _ in range(40):
            sender.scim.query(Me)
        return sender.sent()


RUNS: dict[str, Callable[[Tenant], list[Exchange]]] = {
    "token_missing": without_token,
    "query_too_large": too_many,
    "paging_invalid": lambda here: asking(here, lambda sender: users(sender, cursor="made-up")),
    "filter_invalid": lambda here: asking(here, lambda sender: users(sender, filter='shoeSize eq "4"')),
    "bulk_circle": circle,
    "user_conflict_username": lambda here: asking(here, taken),
    "group_conflict_displayname": lambda here: asking(here, group_taken),
    "nested_group_member": lambda here: asking(here, nested),
    "nested_group_member.refused": nested_refused,
    "patch_path_invalid": lambda here: asking(
        here, lambda sender: changes(sender, user(sender), {"op": "replace", "path": "emails[type eq", "value": "x"})
    ),
    "schema_value_type": lambda here: asking(
        here, lambda sender: changes(sender, user(sender), {"op": "replace", "path": "active", "value": "perhaps"})
    ),
    "message_invalid": lambda here: asking(here, lambda sender: changes(sender, user(sender))),
    "version_changed": lambda here: asking(here, stale),
    "not_allowed": lambda here: asking(here, lambda sender: sender.scim.query(Schema, {"filter": "id pr"})),
    "rate_limited.person": person_too_fast,
}
"""File → the requests among which it is."""
