"""The certificates of one application, or of the tenant, and how they roll over in Entra ID."""

from dataclasses import dataclass, replace

from vestibule.idp.keys import DAY, YEAR, SigningKey, signing_key

_LIFETIME = 3 * YEAR


@dataclass(frozen=True, slots=True)
class Rotation:
    """The certificate that signs, the one before it and the one to come; all three are published."""

    label: str
    active: SigningKey
    upcoming: SigningKey | None = None
    former: SigningKey | None = None
    number: int = 1
    """The number of the active certificate."""
    newest: int = 1
    """The number of the newest certificate, active or not."""

    @property
    def published(self) -> tuple[SigningKey, ...]:
        """What metadata and the key set list, the signing one first."""
        return tuple(each for each in (self.active, self.upcoming, self.former) if each is not None)

    def signer(self, now: int) -> SigningKey:
        """Who signs now. The trap of Entra ID: an expired active certificate gives way to one still inactive."""
        if self.upcoming is not None and self.active.not_after < now:
            return self.upcoming
        return self.active

    def roll(self, now: int) -> "Rotation":
        """A new certificate beside the active one, inactive; one that was still waiting is dropped."""
        number = self.newest + 1
        return replace(self, upcoming=_key(f"{self.label} {number}", now), newest=number)

    def activate(self, now: int) -> "Rotation":
        """Make the waiting certificate sign (make one first if none waits); the other stays listed until the next."""
        ready = self if self.upcoming is not None else self.roll(now)
        assert ready.upcoming is not None  # noqa: S101 -- roll made it
        return replace(ready, active=ready.upcoming, upcoming=None, former=ready.active, number=ready.newest)

    def expire(self, now: int) -> "Rotation":
        """The active certificate ended yesterday: the same key under a certificate with other dates."""
        return replace(self, active=expired(f"{self.label} {self.number}", now))


def fresh(label: str, now: int) -> Rotation:
    """A first certificate, a month old."""
    return Rotation(label, _key(f"{label} 1", now - 30 * DAY))


def expired(label: str, now: int) -> SigningKey:
    """The key of a label under a certificate that ended yesterday."""
    start = _day(now) - _LIFETIME - DAY
    return signing_key(label, start, start + _LIFETIME)


def unpublished(label: str, now: int) -> SigningKey:
    """A key that no metadata lists."""
    return _key(f"{label} unpublished", now - 30 * DAY)


def _key(label: str, now: int) -> SigningKey:
    start = _day(now)
    return signing_key(label, start, start + _LIFETIME)


def _day(now: int) -> int:
    # Whole days, so that a process makes a certificate once.
    return now // DAY * DAY
