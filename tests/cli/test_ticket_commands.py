"""Setup tickets on the command line."""

import re

from tests.cli.shell import Shell


def make(shell: Shell, con: str, *options: str) -> str:
    return shell.json("ticket", "create", con, *options)["id"]


def test_a_link_is_shown_once_and_never_again(shell: Shell, con: str) -> None:
    made = shell.json("ticket", "create", con, "--for", "Maria", "--days", "2")
    assert re.fullmatch(rf"https://vestibule\.example/setup/{con[4:]}[0-9a-z]{{26}}", made["link"])
    secret = made["link"].rpartition("/")[2]
    assert (made["label"], made["state"], made["opens"], made["invitation"]) == ("Maria", "open", 0, None)
    for arguments in (
        ("list",),
        ("list", con),
        ("show", made["id"]),
        ("list", "--json"),
        ("show", made["id"], "--json"),
    ):
        told = shell.text("ticket", *arguments)
        assert made["id"] in told
        assert secret not in told


def test_the_text_says_how_each_step_stands_and_what_comes_next(shell: Shell, con: str) -> None:
    told = shell.text("ticket", "show", make(shell, con))
    assert "The setup goes on:" in told
    assert "○ A token for provisioning: None was made yet." in told
    assert "    Next: Ask whoever invited you for a token" in told
    shell.json("token", "create", con, "--all-scopes")
    assert "✓ A token for provisioning" in shell.text("ticket", "show", make(shell, con))


def test_an_address_without_a_mail_server_is_kept_and_it_is_said_that_nothing_was_sent(shell: Shell, con: str) -> None:
    done = shell.run("ticket", "create", con, "--mail", "Maria@Contoso.example")
    assert done.exit_code == 0
    assert "NOT sent to Maria@contoso.example" in done.stderr
    assert "VESTIBULE_SMTP_URL" in done.stderr
    assert "/setup/" in done.stdout


def test_a_mail_server_that_does_not_answer_is_a_finding_and_the_link_is_shown(shell: Shell, con: str) -> None:
    from click.testing import CliRunner

    from vestibule.cli import main

    environment = {
        "VESTIBULE_DATABASE_URL": f"sqlite:///{shell.folder}/cli.db",
        "VESTIBULE_SMTP_URL": "smtp://127.0.0.1:9?starttls=no",
        "VESTIBULE_MAIL_FROM": "noreply@vestibule.example",
    }
    done = CliRunner().invoke(main, ["ticket", "create", con, "--mail", "m@contoso.example"], env=environment)
    assert done.exit_code == 1
    assert "NOT sent to m@contoso.example" in done.stderr
    assert "/setup/" in done.stdout


def test_a_ticket_is_extended_and_revoked(shell: Shell, con: str) -> None:
    name = make(shell, con, "--days", "1")
    assert "by the same link" in shell.text("ticket", "extend", name)
    assert "longer than that already" in shell.refusal("ticket", "extend", name, "--days", "3")
    assert "revoked" in shell.text("ticket", "revoke", name)
    assert "a link that was taken back stays so" in shell.refusal("ticket", "extend", name)
    assert shell.json("ticket", "list", con)["tickets"][0]["state"] == "revoked"


def test_what_is_asked_wrongly_is_refused_with_the_way_to_mend_it(shell: Shell, con: str) -> None:
    assert "vestibule connection list" in shell.refusal("ticket", "create", "con_none")
    assert "vestibule connection list" in shell.refusal("ticket", "list", "con_none")
    assert "not the link" in shell.refusal("ticket", "show", "https://vestibule.example/setup/x")
    for days in ("0", "91", "nan", "inf", "-1"):
        assert "90 days at the most" in shell.refusal("ticket", "create", con, "--days", days)
    assert "no mail address" in shell.refusal("ticket", "create", con, "--mail", "x")
    assert "ticket create CON" in shell.text("ticket", "list")
