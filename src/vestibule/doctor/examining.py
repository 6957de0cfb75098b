"""A connection of this installation examined, from what is stored: nobody is asked and nothing is written."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass

import orjson

from vestibule.counting import counted, people, verb
from vestibule.doctor import endings, lists, matching, sign_ins
from vestibule.doctor.accounts import NO_MAILBOX, Accounts, Person
from vestibule.doctor.finding import EXAMPLES, Counted, Examined, Finding, customer, in_order, operator
from vestibule.doctor.names import GroupNames
from vestibule.doctor.outside import Outside
from vestibule.domains.discovery import own_domains
from vestibule.domains.names import read_claim
from vestibule.domains.refusal import DomainRefused
from vestibule.explain import SIGN_IN
from vestibule.identity_providers import Loaded, load
from vestibule.model import Connection, Identity, JsonObject, User
from vestibule.signin.email_policy import EmailFacts, rule
from vestibule.store import ExchangeQuery, NotFound, Store

_PAGE = 200
_IDENTITIES = 500
"""How many of the newest identities are held against the accounts."""


@dataclass(frozen=True, slots=True)
class _Looking:
    store: Store
    connection: Connection
    now: int
    claims: JsonObject | None
    accounts: Accounts
    groups: GroupNames


async def examine(
    store: Store, connection_id: str, now: int, claims: JsonObject | None = None, domains: Collection[str] = ()
) -> Examined:
    """All findings. `claims` are those last seen, as the server keeps them (values hidden in part).

    `domains` are taken for those that are allowed, to see whom that would hit. People and groups are read page by page.
    Raises NotFound for the connection, InvalidValue for what is no domain.
    """
    connection = await store.connection(connection_id)
    looking = _Looking(
        store, connection, now, claims, Accounts(connection.idp, connection_id), GroupNames(connection_id)
    )
    loaded = await _loaded(store, connection_id)
    asked, outside = Counted(), Outside.of(connection, domains)
    async for user in _users(store, connection_id):
        looking.accounts.see(_person(user))
        outside.see(user)
        if loaded is not None and user.active and await _is_asked_without_mailbox(looking, loaded, user):
            asked.add(user.user_name)
    async for name in _group_names(store, connection_id):
        looking.groups.see(name)
    found = [
        *looking.accounts.findings(),
        *outside.findings(),
        *looking.groups.findings([each.group for each in await store.expectations(connection_id)]),
        *lists.findings(await store.standing_groups(connection_id), now),
        *endings.of_tokens(await store.tokens(connection_id), now),
        *await _conflicts(looking),
    ]
    if loaded is not None:
        found += await _of_sign_on(looking, loaded, asked)
    looked_at = {"people": looking.accounts.seen, "groups": looking.groups.seen}
    return Examined(in_order(found), looked_at)


async def _loaded(store: Store, connection_id: str) -> Loaded | None:
    try:
        return await load(store, connection_id)
    except NotFound:
        return None


async def _users(store: Store, connection_id: str) -> AsyncIterator[User]:
    start = 1
    while True:
        page = await store.users(connection_id, None, start, _PAGE)
        for user in page.items:
            yield user
        start += len(page.items)
        if not page.more or not page.items:
            return


async def _group_names(store: Store, connection_id: str) -> AsyncIterator[str]:
    start = 1
    while True:
        page = await store.groups(connection_id, None, start, _PAGE)
        for group in page.items:
            yield group.display_name
        start += len(page.items)
        if not page.more or not page.items:
            return


def _person(user: User) -> Person:
    return Person(user.user_name, user.external_id, user.active, _addresses(user), _is_provisioned(user))


def _addresses(user: User) -> tuple[str, ...]:
    document: JsonObject = orjson.loads(user.document)
    return tuple(str(each.get("value") or "") for each in document.get("emails", []))


def _is_provisioned(user: User) -> bool:
    return user.origin == "scim" or user.adopted_at is not None


async def _is_asked_without_mailbox(looking: _Looking, loaded: Loaded, user: User) -> bool:
    """Whether the e-mail policy would ask somebody for a code who has no address at all."""
    if any("@" in each for each in _addresses(user)):
        return False
    store, connection_id = looking.store, looking.connection.id
    exceptions = await store.email_exceptions_for(connection_id, user.id, looking.now)
    proofs = await store.verified_emails(connection_id, user.id)
    facts = EmailFacts(
        protocol=loaded.sign_on.protocol,
        address=None,
        already=proofs[0].by if proofs else None,
        domain_verified=False,
        idp_says=None,
        guest="#ext#" in user.user_name.lower(),
        from_directory=_is_provisioned(user),
        directory_addresses=(),
        address_folded=None,
    )
    policy = exceptions[0].policy if exceptions else loaded.sign_on.email_policy
    return rule(policy, facts).decision == "ask_code"


async def _conflicts(looking: _Looking) -> list[Finding]:
    waiting = await looking.store.conflicts(looking.connection.id, "open")
    if not waiting:
        return []
    examples = tuple(f"{each.attribute} {each.value}" for each in waiting[:EXAMPLES])
    command = f"vestibule conflict list {looking.connection.id}"
    return [
        Finding(
            "conflicts_open",
            f"{counted(len(waiting), 'time')} two accounts may be one person's, and nobody has decided.",
            "The same address or name came for somebody who is there already.",
            (operator("Look at them, and link or dismiss each", command),),
            len(waiting),
            examples,
        )
    ]


async def _of_sign_on(looking: _Looking, loaded: Loaded, asked: Counted) -> list[Finding]:
    store, connection_id, now = looking.store, looking.connection.id, looking.now
    known = await store.identities(connection_id, None, _IDENTITIES)
    seen = await store.exchanges(connection_id, ExchangeQuery(limit=sign_ins.LOOKED_AT, resource_type=SIGN_IN))
    found = [
        *endings.of_provider(loaded.sign_on, connection_id, now),
        *endings.of_keys(await store.sp_keys(connection_id), connection_id, now),
        *sign_ins.findings(seen),
        *await _identities(looking, known),
        *await _domains(looking),
        *_policy(loaded, asked),
    ]
    if looking.claims is not None:
        brought = matching.last_seen(looking.claims, loaded.sign_on)
        here = len({each.user_id for each in known})
        found += matching.findings(brought, looking.accounts, here, by_email=loaded.sign_on.link_by_email)
    if not known and not any(sign_ins.is_good(each) for each in seen):
        found.append(_untested(connection_id))
    if not loaded.enabled:
        command = f"vestibule connection set {connection_id} --enable"
        why = "Whoever tries is told that signing in is switched off."
        fixes = (operator("Switch it on once a test sign-in was good", command),)
        found.append(Finding("sign_on_disabled", "Signing in is set up and switched off.", why, fixes))
    return found


def _untested(connection_id: str) -> Finding:
    return Finding(
        "sign_on_untested",
        "Nobody has signed in yet, and no test sign-in was good.",
        "A wrong claim or certificate shows at the first sign-in only; a test signs nobody in and tells all of it.",
        (operator(f"Open the connection's sign-on URL with ?test=1 (…/{connection_id}/login?test=1)"),),
    )


def _policy(loaded: Loaded, asked: Counted) -> list[Finding]:
    if not asked.count:
        return []
    connection_id, policy = loaded.connection.id, loaded.sign_on.email_policy
    return [
        Finding(
            "policy_asks_without_mailbox",
            f"The e-mail policy {policy} would ask {people(asked.count)} for a code who "
            f"{verb(asked.count, 'has', 'have')} no mailbox.",
            "They cannot get past the first sign-in by themselves.",
            (
                operator(
                    "Let people of provisioned accounts in without a mailbox",
                    f"vestibule connection set {connection_id} --email-policy trust_directory",
                ),
                operator(
                    "Or make an exception for a group of theirs", f"vestibule email except {connection_id} --help"
                ),
            ),
            asked.count,
            tuple(asked.examples),
            {"policy": policy},
        )
    ]


async def _identities(looking: _Looking, known: Sequence[Identity]) -> list[Finding]:
    """People who have signed in, and whose id at sign-in is not the externalId that SCIM sent."""
    differing, compared = Counted(), 0
    for each in known:
        try:
            user = await looking.store.user(looking.connection.id, each.user_id)
        except NotFound:
            continue
        if user.external_id is None or not _is_provisioned(user):
            continue
        compared += 1
        ids = {each.subject, each.subject.rpartition("/")[2]}
        if user.external_id not in ids and user.user_name not in ids:
            differing.add(f"{user.user_name} ({user.external_id} by SCIM, {each.subject} at sign-in)")
    if not differing.count:
        return []
    return [
        Finding(
            "identity_key_differs",
            f"{differing.count} of {people(compared)} who signed in {verb(differing.count, 'has', 'have')} another id "
            "at sign-in than SCIM sent.",
            "This id finds nobody: they came in by another attribute or claim, and are known since; the next ones may "
            "not be found.",
            (
                customer(
                    "Map objectId (or what sign-in sends) to externalId in the provisioning's mapping, and restart"
                ),
            ),
            differing.count,
            tuple(differing.examples),
        )
    ]


async def _domains(looking: _Looking) -> list[Finding]:
    """Domains of people's addresses that are not proven, the most frequent first."""
    is_own: Callable[[str], bool] = await own_domains(looking.store, looking.connection.enterprise_id)
    unproven = Counter({name: count for name, count in looking.accounts.domains.items() if not is_own(name)})
    if not unproven:
        return []
    domain = next((name for name, _ in unproven.most_common() if _can_be_claimed(name)), None)
    return [
        Finding(
            "domain_unproven",
            f"{counted(unproven.total(), 'address is', 'addresses are')} of {counted(len(unproven), 'domain')} that "
            "the enterprise has not proven.",
            "Such an address does not count as its person's own, finds nobody, and leads nobody to this connection.",
            (
                customer("Send an address of the enterprise's own; these domains are those of others")
                if domain is None
                else operator(
                    "Claim the domain, and have its record added",
                    f"vestibule domain claim {looking.connection.enterprise_id} {domain}",
                ),
            ),
            unproven.total(),
            tuple(f"{name} ({count})" for name, count in unproven.most_common(EXAMPLES)),
        )
    ]


def _can_be_claimed(domain: str) -> bool:
    """Whether an enterprise may hold a domain: at some anybody has mailboxes, and a tenant's first one is Entra's."""
    try:
        read_claim(domain)
    except DomainRefused:
        return False
    return not domain.endswith(NO_MAILBOX)
