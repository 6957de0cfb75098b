"""`not_yet_valid`, `expired`, `session_expired`, `id_token_expired`, `id_token_not_yet_valid`: whose clock is off."""

from typing import Final

from vestibule.explain.catalogue.sign_in.reading import AGAIN, SignIn, at_idp, duration, mend, story
from vestibule.explain.entry import Evidence, Explanation, Fix

_HOUR = 3_600
_CHECK = "Compare this server's clock with a time server"


def _seconds(sign_in: SignIn) -> tuple[int, int]:
    """By how much the time is missed, and how much is granted."""
    names = (("seconds", "early_by", "late_by"), ("skew_seconds", "skew"))
    found = [next((int(v) for each in group if isinstance(v := sign_in.fact(each), int | float)), 0) for group in names]
    return found[0], found[1]


def _grant(sign_in: SignIn, seconds: int) -> tuple[Fix, ...]:
    """Only a difference of minutes is granted; a greater one must be mended."""
    if not 0 < seconds <= 540:
        return ()
    wide = min(600, -(-(seconds + 60) // 60) * 60)
    return (mend("Or grant the difference, if the clock is not yours to set", sign_in.set(f"--skew {wide}")),)


def _evidence(sign_in: SignIn) -> tuple[Evidence, ...]:
    return (Evidence(sign_in.text("what") or "time", sign_in.text("expected"), sign_in.text("received")),)


def _tell_early(sign_in: SignIn) -> Explanation:
    seconds, skew = _seconds(sign_in)
    adfs = (
        (at_idp(f"Or run Set-AdfsRelyingPartyTrust -TargetName NAME -NotBeforeSkew {-(-seconds // 60)}"),)
        if sign_in.idp == "adfs"
        else ()
    )
    return Explanation(
        sign_in.exchange.error or "not_yet_valid",
        f"What {sign_in.idp_name} sent is good only {duration(seconds)} from now: its clock is ahead of this server's, "
        f"or this one is behind.",
        f"{duration(skew).capitalize()} of difference are granted. Two clocks that are set by a time server differ by "
        "less than a second.",
        (mend(_CHECK), at_idp(f"Compare {sign_in.idp_name}'s clock too"), *adfs, *_grant(sign_in, seconds)),
        _evidence(sign_in),
        AGAIN,
    )


def _tell_late(sign_in: SignIn) -> Explanation:
    seconds, skew = _seconds(sign_in)
    if seconds > _HOUR:
        why = (
            "So late a message was kept: by a page that was left open, by the back button, or by somebody who sends an "
            "old one again."
        )
    else:
        why = (
            f"Either the person took that long, or {sign_in.idp_name}'s clock is behind this server's, or this one is "
            f"ahead. {duration(skew).capitalize()} of difference are granted."
        )
    return Explanation(
        sign_in.exchange.error or "expired",
        f"What {sign_in.idp_name} sent was over {duration(seconds)} before it arrived.",
        why,
        (
            at_idp("Begin the sign-in anew, from the application and not from the browser's history"),
            mend(_CHECK),
            *_grant(sign_in, seconds),
        ),
        _evidence(sign_in),
        AGAIN,
    )


def _tell_session(sign_in: SignIn) -> Explanation:
    seconds, _ = _seconds(sign_in)
    return Explanation(
        "session_expired",
        f"The person's session at {sign_in.idp_name} was over {duration(seconds)} before the response arrived.",
        "The assertion says until when the session there lasts (SessionNotOnOrAfter), and that time is past.",
        (at_idp("Sign out there and sign in again"), mend(_CHECK), *_grant(sign_in, seconds)),
        _evidence(sign_in),
        AGAIN,
    )


ENTRIES: Final = (
    story("not_yet_valid", "id_token_not_yet_valid", tell=_tell_early),
    story("expired", "id_token_expired", tell=_tell_late),
    story("session_expired", tell=_tell_session),
)
