"""`extend_ticket`: have the link of a setup ticket lead to its connection again."""

from vestibule import tickets
from vestibule.fixing.operation import CannotFix, Case, Operation, Preview, Tools
from vestibule.model import JsonObject
from vestibule.tickets import DAY, LASTS, TicketRefused


async def _read(tools: Tools, case: Case) -> JsonObject:
    ticket_id = case.text("ticket")
    try:
        ticket = await tickets.the_ticket(tools.store, ticket_id)
    except TicketRefused as error:
        raise CannotFix("gone", str(error)) from error
    if ticket.connection_id != case.connection_id:
        raise CannotFix("gone", f"There is no ticket {ticket_id} in {case.connection_id}.")
    return {"ticket": ticket.id, "state": tickets.state_of(ticket, tools.clock.now())}


async def _plan(tools: Tools, case: Case, before: JsonObject) -> Preview:
    del tools, case
    if before["state"] == "revoked":
        raise CannotFix("gone", f"{before['ticket']} was revoked meanwhile; make a new one.")
    if before["state"] == "open":
        raise CannotFix("done", f"{before['ticket']} is open again already.")
    days = LASTS // DAY
    sentence = f"The link of {before['ticket']} leads to its connection again, for {days} days from now on."
    return Preview(sentence, before, {**before, "state": "open"})


async def _act(tools: Tools, case: Case, actor: str) -> None:
    try:
        await tickets.extend(tools.store, tools.clock, case.text("ticket"), actor=actor, because=case.because())
    except TicketRefused as error:
        raise CannotFix("failed", str(error)) from error


OPERATIONS = (Operation("extend_ticket", "operator", _read, _plan, _act),)
