"""`certificate_changed`, `metadata_of_whole_tenant`, `bad_signature`: no known certificate verifies the signature."""

from collections.abc import Mapping
from typing import Any, Final

from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import (
    AGAIN,
    NOT_SET_UP,
    SignIn,
    as_mapping,
    as_text,
    at_idp,
    day,
    mend,
    story,
)  # fmt: skip
from vestibule.explain.entry import Evidence, Explanation

_ERRORS = ("bad_signature",)
# The names that Entra gives the keys of a tenant, and the certificate of one application.
_OF_TENANT = "accounts.accesscontrol.windows.net"
_OF_APP = "microsoft azure federated sso certificate"


def _tried(sign_in: SignIn) -> list[Mapping[str, Any]]:
    return [as_mapping(each) for each in sign_in.items("tried")]


def _carried(sign_in: SignIn) -> Mapping[str, Any]:
    """The certificate that the signature carries with it, which proves nothing but tells much."""
    return sign_in.part("received")


def _is_unknown(sign_in: SignIn) -> bool:
    fingerprint = _carried(sign_in).get("fingerprint")
    return fingerprint is not None and fingerprint not in [each.get("fingerprint") for each in _tried(sign_in)]


def _is_tenants(sign_in: SignIn) -> bool:
    subjects = [str(each.get("subject")).lower() for each in _tried(sign_in)]
    return _is_unknown(sign_in) and bool(subjects) and all(_OF_TENANT in each for each in subjects)


def _described(facts: Mapping[str, Any]) -> str:
    fingerprint = as_text(facts.get("fingerprint")) or "?"
    return f"SHA-256 {fingerprint}, from {day(facts.get('not_before'))} to {day(facts.get('not_after'))}"


def _evidence(sign_in: SignIn) -> tuple[Evidence, ...]:
    known = "; ".join(_described(each) for each in _tried(sign_in)) or None
    carried = _carried(sign_in)
    return (Evidence("signing certificate", known, _described(carried) if carried.get("fingerprint") else None),)


def _short(fingerprint: Any) -> str:
    return f"{str(fingerprint)[:16]}…"


_ELSE = "The certificate belongs to another application or another identity provider, or an old one signs again."


def _tell_changed(sign_in: SignIn) -> Explanation:
    carried, tried = _carried(sign_in), _tried(sign_in)
    begins = carried.get("not_before")
    newest = max((each.get("not_before") or 0 for each in tried), default=0)
    rolled = isinstance(begins, int) and isinstance(newest, int) and begins > newest
    known = ", ".join(f"{_short(each.get('fingerprint'))} (to {day(each.get('not_after'))})" for each in tried)
    when = f", made on {day(begins)}," if rolled else ""
    why = "The certificate was rolled over there, and the new one was never read here." if rolled else _ELSE
    return Explanation(
        "certificate_changed",
        f"{sign_in.idp_capital} signed with a certificate{when} that is not on this connection's list: "
        f"{_short(carried.get('fingerprint'))} (to {day(carried.get('not_after'))}); known: {known or 'none'}.",
        f"{why} What the response carries is not believed: only a certificate that an administrator gave is.",
        (
            mend(
                "Read the metadata again, which lists the present certificates",
                sign_in.set("--metadata URL"),
                "read_metadata_again",
            ),
            at_idp(f"See which certificate is active: {place(sign_in, 'metadata')}"),
        ),
        _evidence(sign_in),
        NOT_SET_UP,
    )


def _tell_tenant(sign_in: SignIn) -> Explanation:
    carried = _carried(sign_in)
    own = _OF_APP in str(carried.get("subject")).lower()
    return Explanation(
        "metadata_of_whole_tenant",
        "The certificates on this connection's list are those of the whole Entra tenant; the application signs with "
        f"{'its own' if own else 'another'}, {_short(carried.get('fingerprint'))} (to "
        f"{day(carried.get('not_after'))}).",
        "Entra has one metadata document for the tenant and one for each application, and they have different keys. "
        "The application's has `?appid=` and the application's id at the end of its address.",
        (
            mend(
                "Read the metadata of the application",
                sign_in.set(
                    "--metadata 'https://login.microsoftonline.com/TENANT/federationmetadata/2007-06/"
                    "federationmetadata.xml?appid=APPLICATION_ID'"
                ),
            ),
            at_idp(f"Copy its address: {place(sign_in, 'metadata')}"),
        ),
        _evidence(sign_in),
        NOT_SET_UP,
    )


def _tell(sign_in: SignIn) -> Explanation:
    known = bool(_carried(sign_in).get("fingerprint"))
    altered = sign_in.text("reason") == "digest"
    if altered:
        why = "What was signed is not what arrived: the content was altered after it was signed."
    elif known:
        why = (
            "The response names a certificate that is on the list, but that certificate's key did not make the "
            "signature: it was altered, or is a forgery."
        )
    else:
        why = "The response does not say with which certificate it was signed, so that it cannot be told which is due."
    return Explanation(
        "bad_signature",
        "The signature of the response does not verify with any certificate of this connection.",
        why,
        (
            mend(
                "If others cannot sign in either, read the metadata again",
                sign_in.set("--metadata URL"),
                "read_metadata_again",
            ),
            at_idp(f"See whether a proxy or an extension alters the page, and compare with {place(sign_in, 'log')}"),
        ),
        _evidence(sign_in),
        AGAIN if altered or known else NOT_SET_UP,
    )


ENTRIES: Final = (
    story("metadata_of_whole_tenant", tell=_tell_tenant, errors=_ERRORS, when=_is_tenants),
    story("certificate_changed", tell=_tell_changed, errors=_ERRORS, when=_is_unknown),
    story("bad_signature", tell=_tell),
)
