"""`subject_matches_nobody`: who signs in is provisioned, under another name; `not_provisioned`: they are not.

The most expensive misconfiguration of all: SCIM sends one attribute and sign-on another one.
"""

from collections.abc import Mapping
from typing import Final

from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import (
    ASK_ACCESS,
    NOT_SET_UP,
    SignIn,
    as_text,
    at_idp,
    mend,
    story,
    word,
)
from vestibule.explain.entry import Evidence, Explanation, Fix


def _looked_for(sign_in: SignIn) -> dict[str, str]:
    found = {name: as_text(value) for name, value in sign_in.part("looked_for").items()}
    return {name: value for name, value in found.items() if value}


def _words(values: Mapping[str, str]) -> str:
    return " or ".join(f"{name} {value}" for name, value in values.items()) or "nothing"


def _tell_candidate(sign_in: SignIn) -> Explanation:
    looked_for, candidate = _looked_for(sign_in), sign_in.part("candidate")
    has = {name: as_text(candidate.get(name)) for name in ("userName", "externalId")}
    here = ", ".join(f"{name} {value}" for name, value in has.items() if value)
    evidence = tuple(
        Evidence(f"{name} (provisioned, and signing in)", has.get(name), value) for name, value in looked_for.items()
    )
    return Explanation(
        "subject_matches_nobody",
        f"Nobody was found by what the sign-in brought ({_words(looked_for)}), though the person is provisioned: "
        f"{here}.",
        "Provisioning (SCIM) and sign-on send different attributes for the same person, most often the sign-in name "
        "(UPN) in one and the mail address in the other. Nobody is taken over by a likeness, so the two must be made "
        "equal.",
        _fixes(sign_in, looked_for, has),
        evidence,
        NOT_SET_UP,
    )


def _fixes(sign_in: SignIn, looked_for: Mapping[str, str], has: Mapping[str, str | None]) -> tuple[Fix, ...]:
    user_name = has.get("userName") or "the userName"
    source = "user.userprincipalname" if sign_in.idp == "entra" else "the attribute that provisioning sends as userName"
    told = [
        at_idp(
            f"{place(sign_in, 'name_id')}: send {source}, so that it is {user_name}, and the same in the claim that "
            "the connection takes for userName"
        )
    ]
    if claim := sign_in.text("matching_claim"):
        told.insert(
            0,
            mend(
                f"Take userName from `{claim}`, which brought {user_name}",
                sign_in.set(f"--claim {word(f'userName={claim}')} --match userName"),
                "set_claim",
                attribute="userName",
                claim=claim,
                match=["userName"],
            ),
        )
    elif (external := has.get("externalId")) and external in (*looked_for.values(), sign_in.exchange.target):
        told.insert(
            0,
            mend(
                f"Find people by the NameID, which is their externalId {external}",
                sign_in.set("--claim externalId=NameID --match externalId"),
                "set_claim",
                attribute="externalId",
                claim="NameID",
                match=["externalId"],
            ),
        )
    told.append(
        at_idp("Or send in provisioning what sign-on sends: correct the mapping of userName there, and restart it")
    )
    if name := has.get("userName"):
        log = f"vestibule log {sign_in.connection} --target {word(name)}"
        told.append(mend("See what provisioning said of the account that is probably meant", log))
    return tuple(told)


def _tell_absent(sign_in: SignIn) -> Explanation:
    looked_for = _looked_for(sign_in)
    provisioned = sign_in.fact("provisioned") is True
    why = (
        "The connection's people come by provisioning (SCIM), and this person did not. A sign-in makes nobody then, so "
        "that there are no two accounts for one person."
        if provisioned
        else "The connection makes nobody by signing in: its people are created beforehand."
    )
    return Explanation(
        "not_provisioned",
        f"{sign_in.who} has no account here: nobody has {_words(looked_for)}.",
        why,
        (
            at_idp(f"Assign the person and provision them: {place(sign_in, 'provisioning')}"),
            mend("Or let a sign-in make the account", sign_in.set("--create-people always"), "create_people"),
        ),
        tuple(Evidence(name, None, value) for name, value in looked_for.items()),
        ASK_ACCESS,
    )


ENTRIES: Final = (
    story("subject_matches_nobody", tell=_tell_candidate),
    story("not_provisioned", tell=_tell_absent),
)
