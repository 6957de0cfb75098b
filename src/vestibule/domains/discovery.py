"""Which enterprise the domain of an address belongs to, and where its people sign in (home realm discovery)."""

from collections.abc import Callable

from vestibule.claims import NotAnAddress, read_address
from vestibule.model import HELD, Domain
from vestibule.store import NotFound, Store


async def holder_of(store: Store, domain: str) -> Domain | None:
    """The claim that holds a domain: its own, or the nearest one above that was proven with its subdomains.

    `domain` is in lower-case A-labels, as `claims.read_address` makes it. An address counts as an enterprise's own
    only when this is a claim of that enterprise.
    """
    return await store.domain_holder(domain)


async def own_domains(store: Store, enterprise_id: str) -> Callable[[str], bool]:
    """A test for the domains that an enterprise holds, each by itself or as one below a domain of its own.

    It is true of the present, for one sign-in. One below that another enterprise holds is not an own one.
    """
    claims = await store.domains(enterprise_id)
    if any(each.subdomains and each.state in HELD for each in claims):
        claims = await store.domains()
    held = {each.domain: each for each in claims if each.state in HELD}

    def is_own(domain: str) -> bool:
        labels = domain.split(".")
        for start in range(len(labels)):
            found = held.get(".".join(labels[start:]))
            if found is not None and (start == 0 or found.subdomains):
                return found.enterprise_id == enterprise_id
        return False

    return is_own


async def discover(store: Store, address: str) -> tuple[str, ...]:
    """The ids of the connections where somebody with this address signs in, in the order of making.

    Nothing is looked up about people: the answer follows from the domain alone, and is the same for an address that
    nobody has. An address that is none, a domain that nobody holds, and an enterprise without a connection that signs
    people in all come to nothing; whoever shows the answer must say the same in all these cases.
    """
    try:
        domain = read_address(address.strip()).domain
    except NotAnAddress:
        return ()
    holder = await holder_of(store, domain)
    if holder is None:
        return ()
    found = [each.id for each in await store.connections(holder.enterprise_id)]
    return tuple([each for each in found if await _signs_in(store, each)])


async def _signs_in(store: Store, connection_id: str) -> bool:
    try:
        return (await store.sign_on(connection_id)).enabled
    except NotFound:
        return False
