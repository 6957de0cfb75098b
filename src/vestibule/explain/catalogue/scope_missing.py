"""`scope_missing`: the token is good but may not do this. The heart of the origin story."""

from vestibule.explain.entry import Do, Entry, Explanation, Fix
from vestibule.model import Exchange
from vestibule.scim.scopes import GROUP_SYNC, SCOPES, lacks_groups

_VERBS = {"get": "read", "post": "create", "put": "replace", "patch": "change", "delete": "delete"}


def _fits(exchange: Exchange) -> bool:
    return exchange.status == 403 and bool(exchange.facts.get("need"))


def _tell(exchange: Exchange) -> Explanation:
    need = [str(scope) for scope in exchange.facts["need"]]
    got = frozenset(str(scope) for scope in exchange.facts.get("got") or ())
    verb, _, kind = need[0].partition(":")
    grant = _to_grant(got, need)
    sentence = f"This token may not {_VERBS.get(verb, verb)} {kind or 'this'}: it lacks {', '.join(need)}."
    if kind == "groups" and any(scope.endswith(":users") for scope in got):
        why = (
            "The token was made with scopes for users but without those for groups. The identity provider's "
            "connection test only looks up a user, so it stays green while every group is refused. A newly "
            "generated token would have the same scopes; the scopes themselves must be widened."
        )
    else:
        why = "A token may do only what its scopes name, and this request needs one that the token does not have."
    return Explanation("scope_missing", sentence, why, _fixes(exchange, grant))


def _to_grant(got: frozenset[str], need: list[str]) -> list[str]:
    wanted = set(need)
    if lacks_groups(got) and any(scope.endswith(":groups") for scope in need):
        wanted |= GROUP_SYNC - got
    return [scope for scope in SCOPES if scope in wanted] or need


def _fixes(exchange: Exchange, grant: list[str]) -> tuple[Fix, ...]:
    flags = " ".join(f"--scope {scope}" for scope in grant)
    token = exchange.token_id or "TOKEN_ID"
    return (
        Fix(
            "Grant the missing scopes to this same token",
            "operator",
            f"vestibule token grant {token} {flags}",
            Do("grant_scopes", {"token": exchange.token_id, "scopes": grant}) if exchange.token_id else None,
        ),
        Fix(
            "Keep the token that your identity provider has: it works as soon as the scopes are granted. "
            "Then restart provisioning there, or wait for the next cycle",
            "customer",
        ),
    )


ENTRY = Entry("scope_missing", _fits, _tell)
