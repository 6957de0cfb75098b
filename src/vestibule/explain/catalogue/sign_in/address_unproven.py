"""`email_unproven`, `email_code_…`, `approval_…`: a sign-in that waits for a proof of its address, or did not get "
"one."""

from collections.abc import Mapping
from typing import Final

from vestibule.explain.catalogue.sign_in import notes
from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import SignIn, at_idp, mend, story
from vestibule.explain.entry import Entry, Evidence, Explanation, Fix

_REASONS: Final[Mapping[str, str]] = {
    "policy": "the policy asks everybody for it",
    "guest": "it is a guest's address, of another organisation's domain",
    "no_address": "the identity provider sent no address",
    "domain_not_verified": "its domain is not proven to be this enterprise's",
    "not_from_directory": "the account was not provisioned by SCIM",
    "directory_has_another": "provisioning (SCIM) has another address for the person",
    "idp_says_unverified": "the identity provider itself says that the address is not verified",
    "idp_says_nothing": "the identity provider does not say whether the address is verified",
}
_FAULTS: Final[Mapping[str, tuple[str, str, str]]] = {
    "wrong_code": (
        "a wrong code was entered", "Each wrong one counts; after five a new sign-in is needed.",
        "That was not the code; please look at the newest message and try again.",
    ),
    "code_expired": (
        "the code was too old", "A code is good for ten minutes, and the one before it is good no more.",
        "The code is too old; please ask for a new one.",
    ),
    "too_many_tries": (
        "wrong codes were entered too often", "After five wrong codes none is taken any more.",
        "Too many wrong codes were entered; please sign in again.",
    ),
    "too_many_codes": (
        "codes were sent too often", "Five are sent for one sign-in, whichever addresses they go to.",
        "No more codes are sent for this sign-in; please ask your administrator to approve it.",
    ),
    "mailbox_busy": (
        "too many codes were sent to the address",
        "Ten are sent to one mailbox, whoever asks, and ten an hour after that, so that nobody's is flooded.",
        "Too many codes were sent to this address; please try again later, or ask your administrator.",
    ),
    "too_soon": (
        "a new code was asked for too soon", "A code may be sent once a minute.",
        "A code is on its way; please wait a minute before you ask for another.",
    ),
    "not_an_address": (
        "what was entered is no mail address", "A code is sent only to what every mail system reads alike.",
        "That is not a mail address; please enter yours.",
    ),
    "over": (
        "the verification was decided or is over", "It was finished, refused, or left lying for more than seven days.",
        "This sign-in is over; please go back to the application and sign in again.",
    ),
}  # fmt: skip


def _reason(sign_in: SignIn) -> str:
    return _REASONS.get(sign_in.text("reason") or "", "the connection's e-mail policy asks for it")


def _policy(sign_in: SignIn) -> Fix:
    return mend(
        "Or choose another e-mail policy: always_code, trust_verified_domain, trust_idp_claim, trust_directory or "
        "admin_approves",
        sign_in.set("--email-policy POLICY"),
    )


def _evidence(sign_in: SignIn) -> tuple[Evidence, ...]:
    return (Evidence("e-mail address", "a proven one", sign_in.text("address")),)


def _tell_asked(sign_in: SignIn) -> Explanation:
    guest = notes.told(sign_in, "subject_is_guest")
    address = sign_in.text("address")
    return Explanation(
        "email_unproven",
        f"{sign_in.who} must prove the address {address or 'that mail reaches them at'} by a code first, because "
        f"{_reason(sign_in)}.",
        f"The policy is {sign_in.text('policy') or 'the connection’s'}: an address that anybody could write into an "
        f"account proves nothing.{f' Here: {guest.clause}.' if guest else ''}",
        (
            at_idp("Let the person enter the code that was sent, or ask an administrator for approval"),
            mend("Prove the enterprise's domain, if it is theirs", "vestibule domain claim ENTERPRISE_ID DOMAIN"),
            _policy(sign_in),
        ),
        _evidence(sign_in),
        "A code was sent to you by e-mail; please enter it to sign in.",
    )


def _asks_admin(sign_in: SignIn) -> bool:
    return sign_in.exchange.error == "approval_pending" or sign_in.text("asks") == "admin"


def _tell_pending(sign_in: SignIn) -> Explanation:
    return Explanation(
        "approval_pending",
        f"{sign_in.who} waits for an administrator's approval, because {_reason(sign_in)}.",
        "The connection's e-mail policy leaves it to an administrator, or the person has no mailbox and asked for it.",
        (
            *notes.decisions(sign_in),
            _policy(sign_in),
        ),
        _evidence(sign_in),
        "An administrator must approve your first sign-in; you can sign in as soon as that is done.",
    )


def _tell_refused(sign_in: SignIn) -> Explanation:
    by = sign_in.text("by") or sign_in.text("decided_by")
    return Explanation(
        "approval_refused",
        f"{sign_in.who} was refused by an administrator{f' ({by})' if by else ''}.",
        "The refusal holds for seven days; then the person may ask again.",
        (
            mend("See who refused it", f"vestibule approval list {sign_in.connection}"),
            at_idp(f"If the person is not to sign in, take them off the application: {place(sign_in, 'assignment')}"),
        ),
        _evidence(sign_in),
        "An administrator refused this sign-in; please speak to them if you are to have access.",
    )


def code_of(problem: str) -> str:
    """The code under which a problem of `vestibule.signin.proofs` is told: `email_code_wrong` of `wrong_code`."""
    return f"email_code_{problem.removesuffix('_code').removeprefix('code_')}"


def _fault(problem: str) -> Entry:
    what, why, end_user = _FAULTS[problem]
    code = code_of(problem)

    def tell(sign_in: SignIn) -> Explanation:
        left, wait, state = sign_in.text("left"), sign_in.fact("seconds"), sign_in.text("state")
        more = f" {left} tries are left." if left else ""
        more += f" The next may be sent in {sign_in.seconds()}." if wait is not None else ""
        return Explanation(
            code,
            f"{sign_in.who} could not prove their address: {what}.",
            why + more,
            (
                at_idp("Let the person sign in anew, or ask for a new code"),
                mend("Or approve the sign-in in place of a code", f"vestibule approval list {sign_in.connection}"),
            ),
            (Evidence("state", "asked", state),) if state else (),
            end_user,
        )

    return story(code, tell=tell, errors=(code, problem, f"email_code_{problem}"))


ENTRIES: Final = (
    story("approval_pending", tell=_tell_pending, errors=("approval_pending", "email_unproven"), when=_asks_admin),
    story("email_unproven", tell=_tell_asked),
    story("approval_refused", tell=_tell_refused),
    *(_fault(problem) for problem in _FAULTS),
)
