"""Whom an e-mail policy would ask, before anybody signs in: counted over the people of a connection."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from vestibule.claims import NotAnAddress, read_address
from vestibule.model import JsonObject, User
from vestibule.scim.folding import fold
from vestibule.signin.email_policy import EmailFacts, rule
from vestibule.signon import SignOn
from vestibule.store import Store

_PAGE = 200


@dataclass(slots=True)
class EmailPreview:
    """How many active people would be let in, asked for a code, or sent to an administrator, and for which reasons."""

    people: int = 0
    proven: int = 0
    asked_code: int = 0
    asked_admin: int = 0
    without_mailbox: int = 0
    without_mailbox_names: list[str] = field(default_factory=list[str])
    """The first twenty of them."""
    reasons: Counter[str] = field(default_factory=Counter[str])

    def as_json(self) -> JsonObject:
        """The counts for `--json` and the API."""
        return {
            "people": self.people,
            "proven": self.proven,
            "asked_code": self.asked_code,
            "asked_admin": self.asked_admin,
            "without_mailbox": self.without_mailbox,
            "without_mailbox_names": self.without_mailbox_names,
            "reasons": dict(self.reasons),
        }


async def preview_policy(
    store: Store,
    connection_id: str,
    sign_on: SignOn,
    policy: str | None,
    is_verified_domain: Callable[[str], bool],
    now: int,
) -> EmailPreview:
    """Count, as if everybody signed in today with the address that the directory has; reads every person once."""
    seen = EmailPreview()
    start = 1
    while True:
        page = await store.users(connection_id, None, start, _PAGE)
        for user in page.items:
            if user.active:
                await _count(store, user, sign_on, policy, is_verified_domain, now, seen)
        start += len(page.items)
        if not page.more or not page.items:
            return seen


async def _count(
    store: Store,
    user: User,
    sign_on: SignOn,
    policy: str | None,
    is_verified_domain: Callable[[str], bool],
    now: int,
    seen: EmailPreview,
) -> None:
    exceptions = await store.email_exceptions_for(user.connection_id, user.id, now)
    proofs = await store.verified_emails(user.connection_id, user.id)
    addresses = _addresses(user)
    address = addresses[0] if addresses else None
    facts = EmailFacts(
        protocol=sign_on.protocol,
        address=address,
        already=next((each.by for each in proofs if address is None or each.address == fold(address)), None),
        domain_verified=address is not None and is_verified_domain(read_address(address).domain),
        idp_says=None,
        guest="#ext#" in user.user_name.lower(),
        from_directory=user.origin == "scim" or user.adopted_at is not None,
        directory_addresses={fold(each) for each in addresses},
        address_folded=None if address is None else fold(address),
    )
    ruling = rule(exceptions[0].policy if exceptions else policy or sign_on.email_policy, facts)
    seen.people += 1
    seen.reasons[ruling.reason] += 1
    seen.proven += ruling.decision == "proven"
    seen.asked_code += ruling.decision == "ask_code"
    seen.asked_admin += ruling.decision == "ask_admin"
    if address is None:
        seen.without_mailbox += 1
        if len(seen.without_mailbox_names) < 20:
            seen.without_mailbox_names.append(user.user_name)


def _addresses(user: User) -> list[str]:
    """The addresses that the directory sent, the primary one first; what is no address is none."""
    document: JsonObject = orjson.loads(user.document)
    emails = sorted(document.get("emails", []), key=lambda each: each.get("primary") is not True)
    found: list[str] = []
    for each in emails:
        try:
            found.append(str(read_address(str(each.get("value", "")))))
        except NotAnAddress:
            continue
    return found
