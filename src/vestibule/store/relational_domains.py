"""What `RelationalStore` keeps of mail domains; see `vestibule.store.domains`."""

from collections.abc import Callable, Collection

from vestibule.model import Audit, Domain, DomainChange
from vestibule.store.engine import Engine
from vestibule.store.sql import domains


class RelationalDomains:
    """The part of the store about mail domains, over an engine."""

    _engine: Engine

    async def add_domain(self, domain: Domain, audit: Audit) -> None:
        """See DomainStore."""
        await self._engine.write(domain.enterprise_id, lambda db: domains.insert(db, domain, audit))

    async def domain(self, domain_id: str) -> Domain:
        """See DomainStore."""
        return await domains.one(self._engine.reading, domain_id)

    async def domains(self, enterprise_id: str | None = None) -> list[Domain]:
        """See DomainStore."""
        return await domains.of(self._engine.reading, enterprise_id)

    async def domains_named(self, names: Collection[str]) -> list[Domain]:
        """See DomainStore."""
        return await domains.named(self._engine.reading, names)

    async def domain_holder(self, domain: str) -> Domain | None:
        """See DomainStore."""
        return await domains.holder(self._engine.reading, domain)

    async def change_domain(
        self, enterprise_id: str, domain_id: str, change: Callable[[Domain, Domain | None], DomainChange]
    ) -> Domain:
        """See DomainStore."""
        return await self._engine.write(enterprise_id, lambda db: domains.change(db, enterprise_id, domain_id, change))

    async def remove_domain(self, enterprise_id: str, domain_id: str, audit: Audit) -> None:
        """See DomainStore."""
        await self._engine.write(enterprise_id, lambda db: domains.delete(db, enterprise_id, domain_id, audit))
