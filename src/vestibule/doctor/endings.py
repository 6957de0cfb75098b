"""What ends soon, or has ended: certificates, keys, tokens; and a token that lacks what groups need. Pure."""

from collections.abc import Sequence

from vestibule.clock import rfc3339, to_the_day
from vestibule.counting import counted
from vestibule.doctor.finding import Finding, customer, operator
from vestibule.model import SpKey, Token
from vestibule.saml import certificates
from vestibule.saml.errors import SamlError
from vestibule.scim.scopes import GROUP_SYNC, SCOPES, lacks_groups
from vestibule.signon import SamlIdp, SignOn

DAY = 86_400_000_000
WARNED = (60, 30, 7)
"""Days before the end at which it is told more and more urgently."""


def _when(instant: int, now: int) -> str | None:
    """`ended on …`, `ends within a day, on …` or `ends in … days, on …` for what is near; None for what is not."""
    day = to_the_day(instant)
    if instant <= now:
        return f"ended on {day}"
    left = (instant - now) // DAY
    when = f"in {counted(left, 'day')}" if left else "within a day"
    return f"ends {when}, on {day}" if left < WARNED[0] else None


def urgency(instant: int, now: int) -> int:
    """The least of WARNED that is not yet over; 0 when it has ended."""
    return 0 if instant <= now else min(days for days in WARNED if (instant - now) // DAY < days)


def of_provider(sign_on: SignOn, connection_id: str, now: int) -> list[Finding]:
    """The identity provider's certificates, and how a new one would get here."""
    idp = sign_on.idp
    if not isinstance(idp, SamlIdp):
        return []
    renew = f"vestibule connection set {connection_id} --metadata URL"
    found = _of_certificates(idp, renew, now, sign_on.expired_until or 0)
    if idp.metadata_url is None:
        found.append(
            Finding(
                "certificate_by_hand",
                "The identity provider's certificate is not read from its metadata.",
                "When it is changed there, every sign-in is refused until somebody brings the new one here.",
                (operator("Name the metadata's URL; it is read once a day", renew),),
            )
        )
    if idp.metadata_fault is not None:
        found.append(
            Finding(
                "metadata_unreadable",
                f"The identity provider's metadata could not be read the last time ({idp.metadata_fault}).",
                "What was read before is in force; a new certificate is not known here.",
                (operator("Read it now, and see what is said", renew),),
                facts={"fault": idp.metadata_fault, "url": idp.metadata_url},
            )
        )
    return found


def _of_certificates(idp: SamlIdp, renew: str, now: int, expired_until: int) -> list[Finding]:
    """The one that lasts longest, when it ends soon. Until `expired_until` one that has ended is let through."""
    ends = [each for each in map(_end_of, idp.certificates) if each is not None]
    told = _when(max(ends), now) if ends else None
    if told is None:
        return []
    then = "A new one is read by itself." if idp.metadata_url else "Its successor has to be brought here by hand."
    return [
        Finding(
            "certificate_expires",
            f"The identity provider's signing certificate {told}.",
            f"From {to_the_day(max(*ends, expired_until))} on every sign-in is refused. {then}",
            (
                customer("Make a new signing certificate now, and leave it inactive until it is here"),
                operator("Read the metadata, which names the new one", renew),
            ),
            len(ends),
            facts={"not_after": rfc3339(max(ends)), "within_days": urgency(max(ends), now)},
        )
    ]


def _end_of(pem: str) -> int | None:
    try:
        return certificates.read(pem).not_after
    except SamlError:
        return None


def of_keys(keys: Sequence[SpKey], connection_id: str, now: int) -> list[Finding]:
    """The key pair in use on this side."""
    current = [each for each in keys if each.state == "current"]
    told = _when(current[0].not_after, now) if current else None
    if told is None:
        return []
    return [
        Finding(
            "sp_key_expires",
            f"The certificate of this side {told}.",
            "Identity providers that check our signed requests, or encrypt to us, refuse it then.",
            (
                operator("Publish the next one", f"vestibule key prepare {connection_id}"),
                customer("Read this side's metadata again"),
                operator("Then use it", f"vestibule key activate {connection_id}"),
            ),
            facts={"key": current[0].id, "not_after": rfc3339(current[0].not_after)},
        )
    ]


def of_tokens(tokens: Sequence[Token], now: int) -> list[Finding]:
    """Tokens of the identity provider's that are in force, or were until lately."""
    ours = [each for each in tokens if each.revoked_at is None and each.user_id is None]
    found = [_lacking(each) for each in ours if lacks_groups(each.scopes) and not _is_over(each, now)]
    ending = (each for each in ours if each.last_used_at is not None and not any(_is_later(o, each, now) for o in ours))
    return [*found, *filter(None, (_ending(each, now) for each in ending))]


def _is_over(token: Token, now: int) -> bool:
    return token.expires_at is not None and token.expires_at <= now


def _lacking(token: Token) -> Finding:
    lacking = [scope for scope in SCOPES if scope in GROUP_SYNC - token.scopes]
    flags = " ".join(f"--scope {scope}" for scope in lacking)
    return Finding(
        "token_lacks_groups",
        f"The token {token.id} (…{token.last_four}) can sync users but not groups: it lacks {', '.join(lacking)}.",
        "Every group is refused with 403, although the identity provider's own test stays green.",
        (operator("Grant them to this same token", f"vestibule token grant {token.id} {flags}"),),
        facts={"token": token.id, "lacks": lacking},
    )


def _ending(token: Token, now: int) -> Finding | None:
    told = None if token.expires_at is None else _when(token.expires_at, now)
    if told is None:
        return None
    return Finding(
        "token_expires",
        f"The token {token.id} (…{token.last_four}), which is in use, {told}.",
        "Provisioning stops then, and the identity provider goes into quarantine.",
        (
            operator("Make its successor; both work meanwhile", f"vestibule token rotate {token.id}"),
            customer("Enter the new token, and test the connection"),
        ),
        facts={"token": token.id, "expires_at": rfc3339(token.expires_at or 0)},
    )


def _is_later(other: Token, token: Token, now: int) -> bool:
    """Whether another token in force has taken this one's place."""
    lasts = other.expires_at is None or other.expires_at > max(now, token.expires_at or 0)
    return other.id != token.id and lasts and other.last_used_at is not None
