"""What the store keeps of the mail domains of enterprises; a part of `vestibule.store.Store`, with the same promises.

At most one enterprise holds a domain, whatever is written at once: see `model.HELD`.
"""

from collections.abc import Callable, Collection
from typing import Protocol

from vestibule.model import Audit, Domain, DomainChange


class DomainStore(Protocol):
    """The claims of enterprises to mail domains."""

    async def add_domain(self, domain: Domain, audit: Audit) -> None:
        """Keep a new claim. Raises NotFound for the enterprise, Taken(`domain`) when it has claimed it already."""
        ...

    async def domain(self, domain_id: str) -> Domain:
        """One claim, of whatever enterprise. Raises NotFound."""
        ...

    async def domains(self, enterprise_id: str | None = None) -> list[Domain]:
        """The claims of an enterprise, or all, in the order of making."""
        ...

    async def domains_named(self, names: Collection[str]) -> list[Domain]:
        """All claims to these domains, compared exactly, of whatever enterprise, in the order of making."""
        ...

    async def domain_holder(self, domain: str) -> Domain | None:
        """The claim that holds a domain: its own, or the nearest one above that holds its subdomains, too."""
        ...

    async def change_domain(
        self, enterprise_id: str, domain_id: str, change: Callable[[Domain, Domain | None], DomainChange]
    ) -> Domain:
        """Apply a pure change to a claim in one transaction; returns what is kept.

        `change` is given the claim and the other enterprise's that holds the domain, or holds one above it together
        with its subdomains; None when there is no such one. What it raises is passed on and nothing is changed.
        Raises NotFound, Taken(`domain`) when the domain would have two holders.
        """
        ...

    async def remove_domain(self, enterprise_id: str, domain_id: str, audit: Audit) -> None:
        """Forget a claim, and keep the audit entry. Raises NotFound."""
        ...
