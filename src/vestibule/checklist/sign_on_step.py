"""The step of sign-on: whether an identity provider is known, and until when its certificate is good. Pure."""

from typing import Final

from vestibule.checklist.reading import Situation
from vestibule.checklist.step import SOON, Step
from vestibule.checklist.values import place_of
from vestibule.clock import to_the_day
from vestibule.saml import certificates
from vestibule.saml.certificates import Certificate
from vestibule.saml.errors import SamlError
from vestibule.signon import OidcIdp, SamlIdp

_NAME, _TITLE = "sign_on", "Sign-on is set up"


def sign_on_step(seen: Situation, now: int) -> Step:
    """How the sign-on stands."""
    loaded, idp = seen.sign_on, seen.connection.idp
    if loaded is None:
        todo = f"Send whoever invited you the metadata of the application: {place_of('metadata', idp)}."
        return Step(_NAME, _TITLE, "open", "It is not known yet who signs people in.", todo)
    if isinstance(loaded.sign_on.idp, OidcIdp):
        step = Step(_NAME, _TITLE, "done", f"By OpenID Connect, with {loaded.sign_on.idp.issuer}.", None)
    else:
        step = _of_saml(loaded.sign_on.idp, idp, loaded.sign_on.expired_until, now)
    if step.standing != "failed" and not loaded.enabled:
        todo = "Make a test sign-in, which works all the same; then ask whoever invited you to switch it on."
        return Step(_NAME, _TITLE, "attention", f"{step.seen} It is switched off.", todo)
    return step


def _of_saml(idp: SamlIdp, kind: str, expired_until: int | None, now: int) -> Step:
    known = _certificates(idp)
    believed = [each for each in known if each.strong]
    if not believed:
        what = "the key of its certificate is too weak to be believed" if known else "no certificate of it is known"
        told = f"By SAML, but {what}, so that everybody is refused."
        return Step(_NAME, _TITLE, "failed", told, _renew(idp, kind) if known else _send(idp, kind))
    until = max(each.not_after for each in believed)
    good = [each.not_after for each in believed if each.not_before <= now]
    if not good:
        begins = to_the_day(min(each.not_before for each in believed))
        told = f"By SAML. The certificate is good from {begins} on only, so that everybody is refused until then."
        return Step(_NAME, _TITLE, "failed", told, f"Let one sign that is good now. {_send(idp, kind)}")
    if max(good) <= now and (expired_until is None or expired_until <= now):
        told = f"By SAML. The certificate ended on {to_the_day(max(good))}, so that everybody is refused."
        return Step(_NAME, _TITLE, "failed", told, _renew(idp, kind))
    if until - now < SOON:
        told = f"By SAML. The certificate {'ended' if until <= now else 'ends'} on {to_the_day(until)}."
        return Step(_NAME, _TITLE, "attention", told, _renew(idp, kind, " in time"))
    if idp.metadata_fault is not None:
        told = f"By SAML. The certificate is good until {to_the_day(until)}, but the metadata could not be read lately."
        return Step(_NAME, _TITLE, "attention", told, _REACH)
    return Step(_NAME, _TITLE, "done", f"By SAML. The certificate is good until {to_the_day(until)}.", None)


_REACH: Final = "See that the metadata's address can be reached without a sign-in."


def _certificates(idp: SamlIdp) -> list[Certificate]:
    """Those that can be read; one of them is enough."""
    found: list[Certificate] = []
    for each in idp.certificates:
        try:
            found.append(certificates.read(each))
        except SamlError:
            continue
    return found


def _renew(idp: SamlIdp, kind: str, when: str = "") -> str:
    return f"Make a new certificate there{when}. {_send(idp, kind)}"


def _send(idp: SamlIdp, kind: str) -> str:
    if idp.metadata_url is not None:
        return _REACH if idp.metadata_fault is not None else "It is read from the metadata by itself within a day."
    return f"Send whoever invited you the metadata of the application: {place_of('metadata', kind)}."
