"""Notes on groups: none came, too many, ids in place of names, all in one text."""

from collections.abc import Mapping
from typing import Any, Final

from vestibule.explain.catalogue.sign_in.noted import Noted, Teller
from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import SignIn, as_list, as_text, at_idp, mend, quoted, word
from vestibule.explain.entry import Evidence, Fix

_SCIM = "Or take groups from provisioning (SCIM), which has no such limit, and leave the claim aside"


def _by_scim(sign_in: SignIn) -> Fix:
    return mend(_SCIM, sign_in.set("--groups never"))


def _missing(sign_in: SignIn, facts: Mapping[str, Any]) -> Noted:
    sources, near = quoted(facts.get("sources")), [str(each) for each in as_list(facts.get("nearest"))]
    fixes = [at_idp(f"{place(sign_in, 'groups')}: send the groups that are assigned to the application")]
    if near:
        fixes.insert(
            0,
            mend(f"Take the groups from `{near[0]}`, which came", sign_in.set(f"--claim {word('groups=' + near[0])}")),
        )
    return Noted(
        f"no groups came: {sources} was looked for",
        f"{sign_in.idp_capital} sends groups only where somebody added a group claim; nobody lost a membership by it.",
        (*fixes, _by_scim(sign_in)),
        (Evidence("groups claim", sources, as_text(near)),),
    )


def _overage(sign_in: SignIn, facts: Mapping[str, Any]) -> Noted:
    limit = as_text(facts.get("limit")) or "150"
    return Noted(
        f"the person is in more than {limit} groups, so {sign_in.idp_name} left them out and sent a link in their "
        "place",
        "Entra counts nested groups too. The link is to an interface that no longer serves; nothing was taken away "
        "from the person on account of the missing groups.",
        (
            at_idp(f"{place(sign_in, 'groups')}: choose Groups assigned to the application"),
            _by_scim(sign_in),
        ),
        (Evidence("groups", f"up to {limit}", "a link in place of the groups"),),
    )


def _ids(sign_in: SignIn, facts: Mapping[str, Any]) -> Noted:
    count, example = as_text(facts.get("count")) or "all", as_text(facts.get("example"))
    return Noted(
        f"the groups came as ids, not as names ({count}, such as {example})",
        "An id is matched with the externalId of a provisioned group; a group that was made here by its name is not "
        "found by it.",
        (
            at_idp(
                f"{place(sign_in, 'groups')}: choose Groups assigned to the application, with Cloud-only group "
                "display names (or sAMAccountName for synchronised groups) as the source"
            ),
            _by_scim(sign_in),
        ),
        (Evidence("groups", "names", example),),
    )


def _joined(sign_in: SignIn, facts: Mapping[str, Any]) -> Noted:
    count, separator = as_text(facts.get("count")) or "several", as_text(facts.get("separator")) or ";"
    return Noted(
        f"{count} groups came as one text with `{separator}` between them",
        "Unless it is split, the whole text counts as the name of one group.",
        (
            at_idp(f"{place(sign_in, 'groups')}: send multiple values"),
            mend("Or set the separator in the mapping of groups", f"vestibule connection set {sign_in.connection}"),
        ),
        (Evidence("groups", f"{count} values", f"one value with `{separator}`"),),
    )


TELLERS: Final[Mapping[str, Teller]] = {
    "groups_missing": _missing,
    "groups_overage": _overage,
    "groups_are_ids": _ids,
    "groups_joined": _joined,
}
"""Note → what is told of it."""
