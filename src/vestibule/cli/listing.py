"""How commands are listed in help: each with its whole first sentence, those of the program by what they are for."""

from typing import Final

import click

SECTIONS: Final = (
    ("Set up", ("serve", "enterprise", "connection", "token", "ticket", "domain", "key")),
    ("See what happens, and mend it", (
        "log", "explain", "fix", "cycles", "rollcall", "doctor", "test", "support"
    )),
    ("People and groups", ("user", "group", "conflict", "hold")),
    ("Signing in", ("signin", "email", "approval", "identity", "session")),
    ("Try things", ("demo", "rehearse", "idp")),
    ("The installation", ("db",)),
)  # fmt: skip
"""Every command of the program in the section that a reader looks for it in, the first to be used first."""
_WHOLE = 10_000


class Listing(click.Group):
    """A group that cuts off nothing of what its commands say of themselves."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """One section of all commands."""
        self._section("Commands", self.list_commands(ctx), formatter)

    def _section(self, title: str, names: list[str], formatter: click.HelpFormatter) -> None:
        with formatter.section(title):
            formatter.write_dl([(name, self.commands[name].get_short_help_str(_WHOLE)) for name in names])


class Program(Listing):
    """The program itself, whose commands are listed in sections."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 -- click's
        """The sections, and what stands in none at the end."""
        for title, names in SECTIONS:
            self._section(title, [name for name in names if name in self.commands], formatter)
        if others := sorted(set(self.commands).difference(*(names for _, names in SECTIONS))):
            self._section("Others", others, formatter)
