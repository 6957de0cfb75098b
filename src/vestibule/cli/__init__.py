"""The command line. Each file beside this one holds the commands of one noun."""

import click

from vestibule import __version__
from vestibule.cli import (
    connection,
    cycles,
    db,
    demo,
    doctor,
    domain,
    email,
    enterprise,
    explain,
    fix,
    group,
    idp,
    log,
    moving,
    rehearse,
    review,
    rollcall,
    serve,
    signed_in,
    support,
    test,
    ticket,
    token,
)
from vestibule.cli.listing import Program

_EPILOG = """\b
First steps:
  vestibule serve                   # http://127.0.0.1:8700 from ./vestibule.db
  vestibule enterprise create Acme  # each step prints the next one
  vestibule COMMAND --help          # every command takes --json

Leaves with 0 (ok), 1 (a finding), 2 (wrong usage) or 3 (something cannot be reached)."""


@click.group(
    cls=Program,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(__version__, prog_name="vestibule")
@click.option("--database", metavar="URL", help="sqlite:///PATH or postgresql://…; or VESTIBULE_DATABASE_URL.")
@click.option("--base-url", metavar="URL", help="The public address; or VESTIBULE_BASE_URL.")
@click.pass_context
def main(context: click.Context, database: str | None, base_url: str | None) -> None:
    """The front door between a SaaS app and its customers' identity providers."""
    context.obj = {"database": database, "base_url": base_url}


for _command in (
    serve.serve,
    demo.demo,
    enterprise.enterprise,
    connection.connection,
    domain.domain,
    group.group,
    ticket.ticket,
    token.token,
    review.user,
    review.conflict,
    review.hold,
    signed_in.session,
    signed_in.identity,
    signed_in.approval,
    signed_in.key,
    signed_in.signin,
    email.email,
    rehearse.rehearse,
    idp.idp,
    rollcall.rollcall,
    test.test,
    doctor.doctor,
    explain.explain,
    fix.fix,
    log.log,
    cycles.cycles,
    support.support,
    db.db,
):
    main.add_command(_command)
for _command in (moving.export, moving.import_):
    connection.connection.add_command(_command)
