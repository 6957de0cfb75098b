"""The commands of signing in: set up, shown, switched; sessions, identities, approvals, keys, exceptions, previews."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.shell import Shell
from tests.saml.keys import certificate
from tests.saml.test_metadata import ENTRA
from vestibule import sessions
from vestibule.clock import SystemClock
from vestibule.model import Audit, EmailVerification, Identity, LoginEvidence
from vestibule.store import Store
from vestibule.store.opening import open_store

AT = SystemClock().now()


def admin(shell: Shell, work: Callable[[Store], Awaitable[Any]]) -> Any:
    async def run() -> Any:
        store = open_store(f"sqlite:///{shell.folder}/cli.db")
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


@pytest.fixture
def metadata(tmp_path: Path) -> str:
    file = tmp_path / "entra.xml"
    file.write_text(ENTRA.replace("\ufeff", ""), encoding="utf-8")
    return str(file)


def user_id(shell: Shell, con: str, name: str = "user0@example.com") -> str:
    return admin(shell, lambda store: store.user_named(con, name)).id


def an_audit(con: str, what: str) -> Audit:
    return Audit(f"aud_{what}", con, AT, "test", what, con, {})


def test_a_new_connection_tells_what_the_identity_provider_must_know(shell: Shell) -> None:
    enterprise = shell.json("enterprise", "create", "Acme")["id"]
    made = shell.json("connection", "create", enterprise)
    base = f"https://vestibule.example/sso/saml/{made['id']}"
    assert made["saml"]["entity_id"] == made["saml"]["metadata_url"] == f"{base}/metadata"
    assert made["saml"]["acs_url"] == f"{base}/acs"
    assert made["oidc"]["redirect_uri"] == f"https://vestibule.example/sso/oidc/{made['id']}/callback"
    told = shell.text("connection", "create", enterprise)
    assert "Reply URL (ACS): https://vestibule.example/sso/saml/" in told


def test_metadata_set_a_connection_up_and_other_settings_stay(shell: Shell, con: str, metadata: str) -> None:
    shown = shell.json("connection", "set", con, "--metadata", metadata)["sign_on"]
    assert shown["saml"]["entity_id"].startswith("https://sts.windows.net/")
    assert shown["saml"]["certificates"][0]["not_after"]
    assert shown["enabled"] is True
    shell.json(
        "connection", "set", con, "--email-policy", "always_code", "--claim", "email=mail", "--match", "userName"
    )
    again = shell.json("connection", "set", con, "--metadata", metadata)["sign_on"]
    assert (again["email_policy"], again["match"]) == ("always_code", ["userName"])
    assert again["claims"]["email"] == {"claims": ["mail"]}
    assert "certificate: " in shell.text("connection", "set", con)
    assert shell.json("connection", "set", con, "--disable")["sign_on"]["enabled"] is False


def test_a_claim_that_is_chosen_anew_is_as_required_as_before(shell: Shell, con: str, metadata: str) -> None:
    shell.json("connection", "set", con, "--metadata", metadata)
    claims = shell.json("connection", "set", con, "--claim", "userName=upn")["sign_on"]["claims"]
    assert claims["userName"] == {"claims": ["upn"], "required": True}


def test_fields_set_a_connection_up_without_metadata(shell: Shell, con: str, tmp_path: Path) -> None:
    file = tmp_path / "idp.pem"
    file.write_text(certificate("idp"))
    shown = shell.json(
        "connection", "set", con, "--entity-id", "https://idp.example/", "--sso-url", "https://idp.example/sso",
        "--certificate", str(file),
    )  # fmt: skip
    assert shown["sign_on"]["saml"]["sso_url"] == "https://idp.example/sso"
    assert len(shown["sign_on"]["saml"]["certificates"]) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--email-policy", "always_code"), "signs nobody in yet"),
        (("--metadata", "/no/such/file"), "cannot be read"),
        (("--metadata", "https://10.0.0.1/metadata"), "VESTIBULE_ALLOW_NETWORKS"),
        (("--sso-url", "https://idp.example"), "--entity-id, --sso-url and --certificate"),
        (("--issuer", "https://idp.example"), "both --issuer and --client-id"),
        (("--issuer", "http://127.0.0.1:1", "--client-id", "x"), "could not be read"),
    ],
)
def test_what_cannot_be_set_up_is_refused_and_nothing_is_changed(
    shell: Shell, con: str, options: tuple[str, ...], said: str
) -> None:
    assert said in shell.refusal("connection", "set", con, *options)
    assert "sign_on" not in shell.json("connection", "set", con)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--claim", "email"), "ATTR=CLAIM"),
        (("--match", "email"), "externalId, userName"),
        (("--allow-expired-until", "soon"), "write it as 2027-01-31"),
    ],
)
def test_a_sign_on_setting_that_is_none_is_refused(
    shell: Shell, con: str, metadata: str, options: tuple[str, ...], said: str
) -> None:
    before = shell.json("connection", "set", con, "--metadata", metadata)
    assert said in shell.refusal("connection", "set", con, *options)
    assert shell.json("connection", "set", con) == before


def test_our_own_metadata_are_not_an_identity_providers(shell: Shell, con: str, tmp_path: Path) -> None:
    file = tmp_path / "sp.xml"
    file.write_text(
        '<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" entityID="https://us"><SPSSODescriptor '
        'protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"/></EntityDescriptor>'
    )
    assert "service provider" in shell.refusal("connection", "set", con, "--metadata", str(file))


def test_keys_roll_over_by_three_commands(shell: Shell, con: str) -> None:
    first = shell.json("key", "list", con)["keys"]
    assert [each["state"] for each in first] == ["current"]
    assert "no next key" in shell.refusal("key", "activate", con)
    prepared = shell.json("key", "prepare", con)["keys"]
    assert [each["state"] for each in prepared] == ["current", "next"]
    assert "is published already" in shell.refusal("key", "prepare", con)
    assert [each["state"] for each in shell.json("key", "activate", con)["keys"]] == ["retired", "current"]
    left = shell.json("key", "drop", con)["keys"]
    assert [(each["id"], each["state"]) for each in left] == [(prepared[1]["id"], "current")]


def test_sessions_are_listed_and_ended(shell: Shell, con: str, metadata: str) -> None:
    shell.json("connection", "set", con, "--metadata", metadata)
    ana, ben = user_id(shell, con), user_id(shell, con, "user1@example.com")

    async def work(store: Store) -> None:
        for user in (ana, ana, ben):
            await sessions.begin(
                store, con, user, "idy_1", SystemClock().now(), hours=1, document={"browser": "Firefox"}
            )

    admin(shell, work)
    listed = shell.json("session", "list", con)["sessions"]
    assert [(each["user_id"], each["ended"], each["browser"]) for each in listed] == [
        (ben, None, "Firefox"), (ana, None, "Firefox"), (ana, None, "Firefox"),
    ]  # fmt: skip
    assert shell.json("session", "end", con, listed[0]["id"])["ended"] == [listed[0]["id"]]
    assert len(shell.json("session", "end", con, "--user", "user0@example.com")["ended"]) == 2
    assert {each["ended"] for each in shell.json("session", "list", con)["sessions"]} == {"admin"}
    assert "Name one session" in shell.refusal("session", "end", con)
    assert "There is no user nobody" in shell.refusal("session", "list", con, "--user", "nobody")


def test_an_identity_is_unlinked(shell: Shell, con: str) -> None:
    identity = Identity(con, "idy_1", "https://idp", "sub", user_id(shell, con), AT, AT)
    admin(shell, lambda store: store.link_identity(identity, an_audit(con, "linked")))
    assert shell.json("identity", "list", con)["identities"][0]["subject"] == "sub"
    assert shell.json("identity", "unlink", con, "idy_1")["id"] == "idy_1"
    assert shell.json("identity", "list", con)["identities"] == []
    assert "There is no identity" in shell.refusal("identity", "unlink", con, "idy_1")


def waiting(con: str, number: int) -> EmailVerification:
    document = {"user_name": f"user{number}@example.com", "policy": "admin_approves", "reason": "policy"}
    return EmailVerification(
        con, f"ver_{number}", b"h", "https://idp", f"sub{number}", "", "awaiting_approval", AT, AT + 10**12, document
    )


def test_who_waits_is_let_in_or_kept_out_once(shell: Shell, con: str) -> None:
    for number in (1, 2):
        admin(shell, lambda store, number=number: store.add_verification(waiting(con, number)))
    assert [each["id"] for each in shell.json("approval", "list", con)["approvals"]] == ["ver_2", "ver_1"]
    assert shell.json("approval", "approve", con, "ver_1")["state"] == "passed"
    assert "may sign in" not in shell.text("approval", "refuse", con, "ver_2")
    assert shell.text("approval", "list", con) == "Nobody waits.\n"
    assert "decided already" in shell.refusal("approval", "approve", con, "ver_1")
    assert "There is no sign-in" in shell.refusal("approval", "approve", con, "ver_9")
    actions = [each.action for each in admin(shell, lambda store: store.audit(con))]
    assert actions[:2] == ["sign_in.refused", "sign_in.approved"]


def test_a_policy_is_previewed_before_it_holds(shell: Shell, con: str, metadata: str) -> None:
    shell.json("connection", "set", con, "--metadata", metadata, "--email-policy", "always_code")
    seen = shell.json("email", "preview", con)
    assert (seen["policy"], seen["people"], seen["asked_code"], seen["without_mailbox"]) == ("always_code", 3, 3, 3)
    seen = shell.json("email", "preview", con, "--policy", "trust_directory")
    assert seen["proven"] == 3
    assert "Without a mailbox: 3 (user0@example.com" in shell.text("email", "preview", con)


def test_an_exception_is_made_for_a_group_and_ends(shell: Shell, con: str, metadata: str) -> None:
    shell.json("connection", "set", con, "--metadata", metadata, "--email-policy", "always_code")
    made = shell.json(
        "email",
        "except",
        con,
        "trust_directory",
        "--group",
        "Sales",
        "--until",
        "2099-01-31",
        "--reason",
        "contractors",
    )
    assert made["until"] == "2099-02-01T00:00:00.000Z"
    assert shell.json("email", "preview", con)["proven"] == 3
    assert shell.json("email", "exceptions", con)["exceptions"] == [made]
    shell.json("email", "end", con, made["id"])
    assert shell.json("email", "preview", con)["proven"] == 0
    for arguments, said in (
        (("trust_directory",), "Say for whom"),
        (("trust_directory", "--user", "nobody"), "There is no user nobody"),
        (("trust_directory", "--group", "Nothing"), "There is no group Nothing"),
        (("trust_directory", "--user", "user0@example.com", "--until", "2020-01-01"), "over already"),
    ):
        assert said in shell.refusal("email", "except", con, *arguments)


def test_a_group_may_be_called_as_an_id_begins(shell: Shell, con: str, metadata: str) -> None:
    shell.json("connection", "set", con, "--metadata", metadata)
    shell.new_group(con, "grp_all@example.com")
    made = shell.json("email", "except", con, "trust_directory", "--group", "grp_all@example.com")
    assert made["policy"] == "trust_directory"
    assert shell.run("log", con, "--group", "grp_all@example.com").exit_code == 0


def test_nothing_is_shown_of_sign_ins_that_were_not(shell: Shell, con: str) -> None:
    assert "Nothing is kept" in shell.refusal("signin", "show", con)


def test_evidence_that_is_over_is_shown_to_nobody(shell: Shell, con: str) -> None:
    over = LoginEvidence(con, "claims", "claims", 1, 2, "sealed")
    admin(shell, lambda store: store.keep_evidence(over))
    assert "Nothing is kept" in shell.refusal("signin", "show", con)
