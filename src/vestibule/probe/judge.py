"""What an answer proves: a verdict, with the reason in words when it is not the one that Entra needs."""

import re
from dataclasses import dataclass, replace
from typing import Any

from vestibule.entra.answers import MULTIPLE, Found, Listed, Trouble
from vestibule.entra.wire import JsonObject, Kind, Request
from vestibule.explain import Explanation, Fix, explain
from vestibule.explain.answer import from_answer
from vestibule.explain.foreign import from_foreign, with_reason
from vestibule.model import Exchange
from vestibule.probe import findings, oddities
from vestibule.probe.reply import Reply
from vestibule.probe.report import Verb, Verdict

_LINK = re.compile(r"(.+) (https?://\S+/e/req_\w+)", re.DOTALL)
_TOLD_BY_CATALOGUE = ("unauthorized", "forbidden", "licences", "too_large", "unavailable", "fault", "web_page")


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict; `id` is that of the resource in the answer."""

    verdict: Verdict
    explanation: Explanation | None = None
    notes: tuple[Explanation, ...] = ()
    id: str | None = None


def judge(kind: Kind, verb: Verb, request: Request, reply: Reply, token_id: str | None) -> Judged:
    """The verdict on an answer to a request that should succeed."""
    if reply.status == 0:
        return Judged("unclear", findings.no_answer(kind, verb, reply.text))
    if not reply.good:
        return Judged("no", why_refused(kind, verb, request, reply, token_id))
    answer = reply.read(request)
    number: Any = reply.body().get("id")
    if isinstance(answer, Trouble) and verb == "create" and isinstance(number, int) and not isinstance(number, bool):
        # What was made is there all the same, and is to be taken away.
        return Judged("unclear", findings.id_is_number(kind), id=str(number))
    if isinstance(answer, Trouble):
        told = (
            findings.filter_ignored(kind)
            if answer.code == MULTIPLE
            else findings.web_page()
            if reply.is_page
            else findings.not_scim(kind, verb)
        )
        return Judged("no", told)
    if isinstance(answer, Listed) and answer.resources:
        # Nobody has the random name: what came is not what was asked for, though it does not show its name.
        return Judged("no", findings.filter_ignored(kind))
    ident = answer.id if isinstance(answer, Found) else None
    return Judged("yes", None, _oddities(kind, verb, reply), ident)


def judge_blind(kind: Kind, verb: Verb, request: Request, reply: Reply, token_id: str | None) -> Judged:
    """The verdict on a request for an id that does not exist: a refusal tells, a 404 proves nothing."""
    if reply.status in (401, 403, 405, 501):
        return Judged("no", why_refused(kind, verb, request, reply, token_id))
    if reply.status == 0:
        return Judged("unclear", findings.no_answer(kind, verb, reply.text))
    if reply.status == 429 or reply.status >= 500:
        return Judged("unclear", why_refused(kind, verb, request, reply, token_id))
    return Judged("unclear", findings.not_proven(kind, verb))


def trouble_of(request: Request, reply: Reply, token_id: str | None) -> Explanation | None:
    """What makes it senseless to go on after the look-up of a user: no SCIM here, or no token of this server's."""
    if reply.status == 0:
        return findings.no_answer("User", "look_up", reply.text)
    if 300 <= reply.status < 400:
        return findings.redirected(reply.location)
    # Where look-ups fail or are too many, what the test makes could not be found again.
    if reply.status in (401, 429) or (reply.status >= 500 and reply.status != 501):
        return why_refused("User", "look_up", request, reply, token_id)
    if reply.status == 404 and not _is_scim_error(reply.body()):
        return findings.no_service(404, None)
    if reply.is_page:
        return findings.web_page()
    if reply.status == 404 and reply.ours:
        return why_refused("User", "look_up", request, reply, token_id)
    if reply.good and (code := getattr(reply.read(request), "code", None)) is not None and code != MULTIPLE:
        return findings.not_scim("User", "look_up")
    return None


def why_refused(kind: Kind, verb: Verb, request: Request, reply: Reply, token_id: str | None) -> Explanation:
    """The explanation of a refusal: from the catalogue where it knows better, else what Entra will make of it."""
    if reply.ours:
        exchange = from_answer(reply.status, reply.text.encode(), request.method, request.path)
        return _of_ours(replace(exchange, resource_type=kind, token_id=token_id, id=reply.request_id or ""))
    if 300 <= reply.status < 400:
        return findings.redirected(reply.location)
    exchange = from_foreign(reply.status, reply.text.encode(), request.method, request.path)
    told = explain(replace(exchange, resource_type=kind))
    meaning = exchange.facts.get("meaning")
    if meaning == "throttled":
        return findings.throttled(kind, verb, reply.status)
    if meaning == "web_page" and (kind, verb) != ("User", "look_up"):
        return findings.stopped(kind, verb, request.method, reply.status, exchange.facts.get("detail"))
    if told.code == "scope_missing" or meaning in _TOLD_BY_CATALOGUE:
        return _elsewhere(told, kind, verb)
    if reply.status in (405, 501) or (reply.status == 404 and request.method in ("PATCH", "DELETE")):
        return findings.method_not_served(kind, verb, request.method, reply.status)
    if verb == "look_up" and reply.status == 404:
        return findings.missing_is_404(kind)
    detail = exchange.facts.get("detail")
    return findings.refused(kind, verb, reply.status, detail if isinstance(detail, str) else None)


def _of_ours(exchange: Exchange) -> Explanation:
    """The explanation that our own server has in its log; which 401 it was, its detail says."""
    detail = str(exchange.facts.get("detail") or "")
    if (known := with_reason(exchange)) is not exchange:
        return explain(known)
    if exchange.status == 404 and exchange.path in ("/Users", "/Groups"):
        return explain(replace(exchange, facts={**exchange.facts, "resource_type": "Connection"}))
    told = explain(exchange)
    said = _LINK.fullmatch(detail)
    if told.code == "scope_missing" or said is None:
        return told
    # The server has written the sentence and the first thing to do; the rest stands on the page.
    return Explanation(told.code, said[1], f"The rest is told at {said[2]}.")


def _elsewhere(told: Explanation, kind: Kind, verb: Verb) -> Explanation:
    """A catalogue's entry for a server that our commands cannot reach."""
    fixes = tuple(Fix(_anywhere(fix), fix.who) for fix in told.fixes if "vestibule token list" not in str(fix.command))
    return replace(told, sentence=f"{told.sentence} {findings.CONSEQUENCES[kind, verb]}", fixes=fixes)


def _anywhere(fix: Fix) -> str:
    return fix.label if fix.command is None else f"{fix.label}, in the application that made the token"


def _oddities(kind: Kind, verb: Verb, reply: Reply) -> tuple[Explanation, ...]:
    due = {"create": (201,), "delete": (204,), "look_up": (200,), "read": (200,)}.get(verb, (200, 204))
    told: list[Explanation] = []
    if reply.status not in due:
        told.append(oddities.odd_status(kind, verb, reply.status, " or ".join(str(each) for each in due)))
    if verb == "look_up" and "application/scim+json" not in reply.content_type.lower():
        told.append(oddities.odd_media_type(reply.content_type))
    return tuple(told)


def _is_scim_error(body: JsonObject) -> bool:
    return "urn:ietf:params:scim:api:messages:2.0:Error" in str(body.get("schemas")) or "scimType" in body
