"""`vestibule fix`: what an explanation says can be done here, previewed and done."""

from collections.abc import Mapping
from typing import Any

import click

from vestibule import fixing
from vestibule.cli.printable import printable
from vestibule.cli.session import Session, command, fail
from vestibule.cli.sign_on import fetcher_of
from vestibule.cli.told import as_text
from vestibule.fixing import Doer, Offer, Offered, Preview, Tools
from vestibule.model import Exchange, JsonObject
from vestibule.store import NotFound, Store

_BY = Doer("cli", "operator")


@click.command()
@click.argument("request_id")
@click.argument("operation", required=False)
@click.option("--with", "given", multiple=True, metavar="NAME=VALUE", help="An argument that the fix leaves open.")
@click.option("--yes", is_flag=True, help="Do it without asking.")
@command
def fix(session: Session, request_id: str, operation: str | None, given: tuple[str, ...], yes: bool) -> None:
    """Show what can be done about REQUEST_ID (req_…), or have OPERATION done.

    Without OPERATION each fix is shown with what it would change. With it, the preview is shown and asked about;
    with --json and without --yes it is shown only.
    """
    exchange = _recorded(session, request_id)
    if operation is None:
        offered = session.run(lambda store: fixing.offers(_tools(session, store), exchange, _BY))
        session.emit({"request_id": request_id, **offered.as_json()}, _offered_text(request_id, offered))
        return
    arguments = _arguments(given)

    def ask(*, dry: bool, shown: Preview | None = None) -> Preview:
        return session.run(
            lambda store: fixing.do(
                _tools(session, store), exchange, operation, _BY, given=arguments, shown=shown, dry=dry
            )
        )

    preview = ask(dry=True)
    if not yes:
        if session.as_json:
            session.emit(_json(request_id, operation, preview, done=False), "")
            return
        session.say(_preview_text(preview))
        if not click.confirm("Do it?", err=True):
            session.say("Nothing was changed.")
            return
    done = ask(dry=False, shown=preview)
    session.emit(_json(request_id, operation, done, done=True), f"Done: {printable(done.sentence)}")


def _tools(session: Session, store: Store) -> Tools:
    settings = session.settings
    return Tools(store, session.clock, fetcher_of(settings), bool(settings.allow_networks))


def _recorded(session: Session, request_id: str) -> Exchange:
    try:
        return session.run(lambda store: store.exchange(request_id))
    except NotFound:
        fail(f"No request {request_id} is recorded. `vestibule log CONNECTION_ID` shows those that are.")


def _arguments(given: tuple[str, ...]) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for each in given:
        name, equals, value = each.partition("=")
        if not equals or not name:
            fail(f"{each!r} is not NAME=VALUE, e.g. --with group=grp_all.")
        found[name] = value
    return found


def _json(request_id: str, operation: str, preview: Preview, *, done: bool) -> JsonObject:
    return {"request_id": request_id, "operation": operation, "done": done, **preview.as_json()}


def _offered_text(request_id: str, offered: Offered) -> str:
    acts = [each for each in offered.offers if each.fix.do is not None]
    parts = [as_text(offered.explanation)]
    for each in acts:
        assert each.fix.do is not None, "chosen above"  # noqa: S101 -- for the type checker
        parts += ["", f"vestibule fix {request_id} {each.fix.do.operation}", *_offer_lines(each)]
    if not acts:
        parts += ["", "Nothing of it can be done here by `vestibule fix`."]
    return "\n".join(parts)


def _offer_lines(offer: Offer) -> list[str]:
    if offer.preview is None:
        return [f"  cannot be done now: {printable(str(offer.refusal))}"]
    return [f"  {line}" for line in _preview_text(offer.preview).splitlines()]


def _preview_text(preview: Preview) -> str:
    names = [name for name in preview.after if preview.before.get(name) != preview.after[name]]
    width = max((len(name) for name in names), default=0)
    lines = [printable(preview.sentence)]
    for name in names:
        lines += [
            f"{name:<{width}}  {printable(_word(preview.before.get(name)))}",
            f"{'':<{width}}  → {printable(_word(preview.after[name]))}",
        ]
    return "\n".join(lines)


def _word(value: Any) -> str:
    if isinstance(value, list):
        texts = [str(each).strip().splitlines() for each in value]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        return " ".join(each[0] if len(each) == 1 else f"({len(each)} lines)" for each in texts) or "(none)"
    return "(none)" if value is None else str(value)
