"""Take away what a test made, whatever has happened to it: by its id, else by looking for its marks."""

from vestibule.entra import wire
from vestibule.entra.answers import Listed
from vestibule.probe.plan import Made, Steps
from vestibule.probe.report import Leftover

ATTEMPTS = 3
"""How often each is tried when no answer comes."""


def clean_up(made: Made) -> Steps[Leftover | None]:
    """Delete one resource, if it is there; what could not be deleted comes back."""
    if not made.attempted or made.gone:
        return None
    why = made.why
    if why:
        return Leftover(made.kind, made.marks[0], made.id, why)
    for _ in range(ATTEMPTS):
        why, ids = yield from _found(made)
        for ident in ids:
            why = yield from _delete(made, ident)
            if why:
                break
        if not why:
            return None
    return Leftover(made.kind, made.marks[0], made.id, why)


def _found(made: Made) -> Steps[tuple[str, list[str]]]:
    """Its id, or those that its marks lead to; else why it is not known whether it is there."""
    if made.id is not None:
        return "", [made.id]
    ids: list[str] = []
    key = "userName" if made.kind == "User" else "displayName"
    for mark in made.marks:
        request = wire.match(made.kind, key, mark)
        reply = yield request
        answer = reply.read(request)
        if not isinstance(answer, Listed):
            return (
                f"No answer told whether it was made, and the look-up by its mark failed ({_said(reply.status)}).",
                [],
            )
        # A server that ignores filters, or shows no names, brings others: nobody but who bears the mark is touched.
        if not all(made.bears(each) for each in answer.resources):
            return "No answer told whether it was made, and the look-up by its mark brought others.", []
        ids += [str(each["id"]) for each in answer.resources]
    if len(ids) == 1:
        made.id = ids[0]
    return "", ids


def _delete(made: Made, ident: str) -> Steps[str]:
    reply = yield wire.delete(made.kind, ident)
    if reply.good or reply.status in (404, 410):
        made.gone = True
        return ""
    detail = reply.body().get("detail")
    more = f": {detail}" if isinstance(detail, str) else ""
    return f"The server did not delete it ({_said(reply.status)}{more})."


def _said(status: int) -> str:
    return str(status) if status else "no answer"
