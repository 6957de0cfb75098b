"""People whose addresses are of mail domains that the connection does not allow."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from shlex import quote

import orjson

from vestibule.allowed_domains import address_of, domain_of, read_allowed
from vestibule.counting import people
from vestibule.doctor.finding import Counted, Finding, customer, operator
from vestibule.explain import Fix
from vestibule.model import Connection, User
from vestibule.scim.profile import Profile, kept_profile


@dataclass(slots=True)
class Outside:
    """Those who were seen. `supposed` tells that the list is only thought of."""

    where: str
    profile: Profile
    supposed: bool = False
    seen: Counted = field(default_factory=Counted)
    domains: Counter[str] = field(default_factory=Counter[str])

    @classmethod
    def of(cls, connection: Connection, supposed: Collection[str] = ()) -> "Outside":
        """For the list of a connection, or for another one instead. Raises InvalidValue for what is no domain."""
        if not supposed:
            return cls(connection.id, kept_profile(connection.settings))
        allowed = tuple(map(read_allowed, supposed))
        return cls(connection.id, Profile(allowed_domains=allowed), supposed=True)

    def see(self, user: User) -> None:
        """One more account."""
        if not self.profile.allowed_domains:
            return
        found = address_of(orjson.loads(user.document))
        if found is None or self.profile.allows_domain(domain := domain_of(found[0])):
            return
        self.seen.add(f"{user.user_name} ({found[0]})")
        if domain is not None:
            self.domains[domain] += 1

    def findings(self) -> list[Finding]:
        """What is wrong with them."""
        count = self.seen.count
        if not count:
            return []
        are, would = ("would be", "would") if self.supposed else ("are", "does")
        return [
            Finding(
                "address_not_allowed",
                f"The addresses of {people(count)} {are} of domains that the connection {would} not allow.",
                "Who is here stays, comes in and is deactivated as before. Who is deleted and sent again is refused, "
                "and so is whoever gets another address of such a domain.",
                self._fixes(),
                count,
                tuple(self.seen.examples),
                {"domains": dict(self.domains.most_common(20)), "allowed": list(self.profile.allowed_domains)},
            )
        ]

    def _fixes(self) -> tuple[Fix, ...]:
        correct = customer("Correct the addresses, or take these people out of the scope")
        if not self.domains:
            return (correct,)
        most = self.domains.most_common(1)[0][0]
        options = " ".join(f"--allowed-domain {quote(each)}" for each in (*self.profile.allowed_domains, most))
        return (
            operator(f"Allow {most} too, if it is theirs", f"vestibule connection set {self.where} {options}"),
            correct,
        )
