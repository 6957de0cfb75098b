"""Connection tests at servers and proxies that others wrote, recorded and judged anew: each verdict is true of them.

What each is told to do, and why that is right, stands beside it. `python -m tests.probe.record` records one anew.
"""

import asyncio
from typing import Any

import pytest

from tests.probe import recorded
from vestibule.probe import Report, drive, probe

CANNOT = {"read", "change", "deactivate", "delete"}
GROUPS_CANNOT = {"read", "change", "add_member", "remove_member", "delete"}


def unproven(kind: str, verbs: set[str]) -> dict[str, str]:
    return {f"{kind} {verb}": "? not_proven" for verb in verbs}


def each(kind: str, verbs: set[str], told: str) -> dict[str, str]:
    return {f"{kind} {verb}": told for verb in verbs}


TOLD: dict[str, dict[str, str]] = {
    # It serves PATCH, but neither displayName nor title; 501 is its word for a path, not for the method.
    "django-scim2/default": {"User change": "✗ refused", "User deactivate": "✗ refused", "Group change": "✗ refused",
                             "Group look_up": "✗ members_shown"},
    # With the flag `active` is a boolean, but a member is taken out by a path, which it does not have.
    "django-scim2/flag": {"User change": "✗ refused", "Group change": "✗ refused", "Group look_up": "✗ members_shown",
                          "Group remove_member": "✗ refused"},
    # It keeps no displayName and no title, and marks a deleted user as inactive.
    "django-scim2-server/default": {"User delete": "? soft_delete", "Group look_up": "✗ members_shown"},
    # It refuses the second schema that Entra names in a group.
    "scim2-server/default": {"Group create": "✗ refused", **unproven("Group", GROUPS_CANNOT)},
    "scimmy/default": {"User deactivate": "✗ refused"},
    "scimmy/flag": {},
    # It reads `replace` and `add` in lower case alone, answers 200 to the rest, and always shows `members` as empty.
    "polis/default": {"Group change": "✗ not_kept", "Group add_member": "? members_not_shown",
                      "Group remove_member": "? nobody_to_remove"},
    "polis/flag": {"Group add_member": "? members_not_shown", "Group remove_member": "? nobody_to_remove"},
    # It has no filters, and takes neither `primary` in an address nor a group without members.
    "canaille/client": {"User look_up": "✗ filter_ignored", "User create": "✗ refused", "Group create": "✗ refused",
                        **unproven("User", CANNOT), **unproven("Group", GROUPS_CANNOT)},
    # The token of somebody who may manage users and no groups.
    "canaille/admin_of_users": {"User look_up": "✗ filter_ignored", "User create": "✗ refused",
                                **unproven("User", CANNOT), **unproven("Group", GROUPS_CANNOT),
                                **each("Group", {"look_up", "create"}, "✗ foreign_forbidden")},
    "canaille/plain_user": {**unproven("User", CANNOT), **unproven("Group", GROUPS_CANNOT),
                            **each("User", {"look_up", "create"}, "✗ foreign_forbidden"),
                            **each("Group", {"look_up", "create"}, "✗ foreign_forbidden")},
    "better-auth/default": {"Group create": "✗ refused", **unproven("Group", GROUPS_CANNOT)},
    "better-auth/legacy_schema": {},
    # The origin story at another server: a token whose scopes are those of users.
    "better-auth/scopes_of_users": {"Group create": "✗ refused",
                                    **each("Group", {"look_up", *GROUPS_CANNOT}, "✗ foreign_forbidden")},
    "better-auth/token_ended": {"trouble": "foreign_unauthorized"},
    "better-auth/authorization_cut": {"trouble": "foreign_unauthorized"},
    "nginx/limit_req": {"trouble": "throttled"},
    "nginx/to_sign_in": {"trouble": "redirect"},
    "nginx/to_https": {"trouble": "redirect"},
    "nginx/upstream_down": {"trouble": "foreign_unavailable"},
    "nginx/upstream_slow": {"trouble": "foreign_unavailable"},
    "nginx/password": {"trouble": "foreign_unauthorized"},
    "nginx/denied": {"trouble": "web_page"},
    "nginx/pages_of_an_app": {"trouble": "web_page"},
    "nginx/empty_site": {"trouble": "wrong_path"},
    "nginx/small_bodies": {**unproven("User", CANNOT), **unproven("Group", GROUPS_CANNOT),
                           "User create": "✗ foreign_too_large", "Group create": "✗ foreign_too_large"},
    "nginx/no_patch": {**each("User", {"change", "deactivate", "delete"}, "✗ stopped_on_the_way"),
                       **each("Group", {"change", "add_member", "remove_member", "delete"}, "✗ stopped_on_the_way")},
    "haproxy/limit": {"trouble": "throttled"},
    "haproxy/upstream_down": {"trouble": "foreign_unavailable"},
    "haproxy/upstream_slow": {"trouble": "foreign_unavailable"},
    "caddy/upstream_down": {"trouble": "foreign_unavailable"},
    "caddy/to_https": {"trouble": "redirect"},
}  # fmt: skip
NOTES: dict[str, set[str]] = {
    "django-scim2": {"says_unsupported"},
    "canaille": {"says_unsupported"},
    "django-scim2-server": {"kept_in_part"},
    "polis": {"no_discovery", "odd_media_type", "odd_status"},
}
LEFT = {"django-scim2-server/default": 1, "nginx/no_patch": 3}
"""What cannot be taken away, and is named: a soft delete, and a proxy that lets no DELETE pass."""
SIGNS = {"no": "✗", "unclear": "?"}


@pytest.fixture
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drive, "_names", lambda now: recorded.NAMES)


def played(name: str) -> Report:
    record = recorded.read(name)
    url = recorded.URL + ("?aadOptscim062020" if record["flag"] else "")
    return asyncio.run(probe(url, "TOKEN", transport=recorded.played(record), clock=recorded.Then()))


def told(report: Report) -> dict[str, str]:
    if report.trouble is not None:
        return {"trouble": report.trouble.code}
    return {
        f"{kind} {verb}": f"{SIGNS[cell.verdict]} {cell.explanation.code if cell.explanation else ''}"
        for (kind, verb), cell in report.cells.items()
        if cell.verdict != "yes"
    }


def test_every_record_is_judged() -> None:
    assert {f"{file.parent.name}/{file.stem}" for file in recorded.FOLDER.glob("*/*.json")} == set(TOLD)


@pytest.mark.usefixtures("_names")
@pytest.mark.parametrize("name", TOLD)
def test_a_recorded_server_is_told_truly(name: str) -> None:
    report = played(name)
    assert told(report) == TOLD[name]
    assert len(report.leftovers) == LEFT.get(name, 0)
    assert report.finding is bool(TOLD[name] or name in LEFT)
    if report.trouble is None:
        notes = {each.code for cell in report.cells.values() for each in cell.notes}
        notes |= {each.code for row in report.discovery for each in row.notes}
        assert notes == NOTES.get(name.partition("/")[0], set())
    else:
        assert [each for each in recorded.read(name)["exchanges"] if each["method"] != "GET"] == []
        assert report.cells["User", "look_up"].explanation == report.trouble, "one answer, one explanation"


def explanation(name: str, kind: Any, verb: Any) -> Any:
    report = played(name)
    return report.trouble or report.cells[kind, verb].explanation


WORDS = [
    ("scimmy/default", "User", "deactivate", "?aadOptscim062020"),
    ("polis/default", "Group", "change", "?aadOptscim062020"),
    ("django-scim2/default", "User", "change", "501: Not Implemented"),
    ("scim2-server/default", "Group", "create", "ADSCIM/2.0/Group"),
    ("better-auth/scopes_of_users", "Group", "read", "missing the scim.groups.read scope"),
    ("better-auth/token_ended", "User", "look_up", "The server does not accept the token"),
    ("canaille/admin_of_users", "Group", "look_up", "does not let this token do this (403). It says: “Insufficient permissions”"),
    ("nginx/to_https", "User", "look_up", "Use https://127.0.0.1/scim as the tenant URL"),
    ("nginx/to_sign_in", "User", "look_up", "Take the tenant URL from the application, whole"),
    ("nginx/upstream_slow", "User", "look_up", "“504 Gateway Time-out”"),
    ("haproxy/upstream_down", "User", "look_up", "“503 Service Unavailable”"),
    ("nginx/no_patch", "Group", "delete", "lets no such DELETE pass"),
]  # fmt: skip


@pytest.mark.usefixtures("_names")
@pytest.mark.parametrize(("name", "kind", "verb", "words"), WORDS)
def test_what_is_told_names_what_mends_it(name: str, kind: str, verb: str, words: str) -> None:
    found = explanation(name, kind, verb)
    assert words in " ".join([found.sentence, found.why, *(fix.label for fix in found.fixes)])


@pytest.mark.usefixtures("_names")
@pytest.mark.parametrize("name", ["scimmy/flag", "django-scim2/flag", "polis/flag", "nginx/no_patch"])
def test_nobody_is_sent_to_the_flag_who_has_it_or_whom_it_does_not_help(name: str) -> None:
    report = played(name)
    fixes = [fix.label for cell in report.cells.values() if cell.explanation for fix in cell.explanation.fixes]
    assert not any("aadOptscim062020" in each for each in fixes)
