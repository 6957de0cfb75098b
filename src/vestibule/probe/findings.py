"""What a server does that Entra cannot work with: a code, a sentence, why, and what to do."""

from vestibule.canary import SUFFIX
from vestibule.entra.wire import ADSCIM_GROUP, Kind
from vestibule.explain import Explanation, Fix
from vestibule.explain.catalogue.foreign.said import on_one_line
from vestibule.probe.report import Verb

CONSEQUENCES: dict[tuple[Kind, Verb], str] = {
    ("User", "look_up"): "Entra will match nobody, so nobody is provisioned.",
    ("User", "create"): "Entra will create nobody who is not there already.",
    ("User", "read"): "Entra will not see what is there, and fails for everybody whom it has matched.",
    ("User", "change"): "Entra will not bring over what changes about people, and log a failure for each.",
    ("User", "deactivate"): "Entra will leave people active who have left the company.",
    ("User", "delete"): "Entra will leave the accounts of people who were deleted.",
    ("Group", "look_up"): "Entra will match no group, so no group is made and nobody joins one.",
    ("Group", "create"): "Entra will create no group that is not there already.",
    ("Group", "read"): "Entra will not see what is there, and fails for every group that it has matched.",
    ("Group", "change"): "Entra will not rename a group, and log a failure for it.",
    ("Group", "add_member"): "Entra will put nobody into any group, and log a failure for each group.",
    ("Group", "remove_member"): "Entra will leave people in groups that they should be out of.",
    ("Group", "delete"): "Entra will leave groups that were unassigned or deleted.",
}
"""What comes of it when a verb fails."""

LONG = 200
"""How much of a header field is told."""
WORDS: dict[Verb, str] = {
    "look_up": "look up a {kind}",
    "create": "create a {kind}",
    "read": "read a {kind}",
    "change": "change a {kind}",
    "add_member": "add a member to a {kind}",
    "remove_member": "remove a member from a {kind}",
    "deactivate": "deactivate a {kind}",
    "delete": "delete a {kind}",
}


def words(kind: Kind, verb: Verb) -> str:
    """A cell in words, e.g. `add a member to a group`."""
    return WORDS[verb].format(kind=kind.lower())


def _mend(label: str) -> tuple[Fix, ...]:
    return (Fix(label, "operator"),)


_CREATED: dict[tuple[Kind, Verb], str] = {
    ("User", "create"): f" The values are the test's own: a made-up name, and an address at {SUFFIX[1:]}.",
    ("Group", "create"): f" Beside the core schema it names {ADSCIM_GROUP}, as Entra does; it has no attributes.",
}
"""What may be the cause though Entra's mapping is in order."""
OTHER_WAY = Fix(
    "Or test with ?aadOptscim062020 at the end of the tenant URL, and enter it so if that is green: Entra then sends "
    "operations in lower case and `active` as a boolean, and takes each member out by a path",
    "customer",
)
"""For a PATCH that fails as Entra sends it by default."""


def _said(detail: str | None) -> str:
    return f": {on_one_line(detail).rstrip('.')}" if detail else ""


def refused(kind: Kind, verb: Verb, status: int, detail: str | None) -> Explanation:
    """Any other refusal of a server that is not ours."""
    return Explanation(
        "refused",
        f"The server refuses to {words(kind, verb)} ({status}{_said(detail)}). {CONSEQUENCES[kind, verb]}",
        f"The request was sent as Entra sends it, with the same path, filter and body.{_CREATED.get((kind, verb), '')}",
        _mend("Have the server accept this request, or change what Entra sends in its attribute mapping"),
    )


def stopped(kind: Kind, verb: Verb, method: str, status: int, detail: str | None) -> Explanation:
    """A page for people at an address where SCIM is."""
    return Explanation(
        "stopped_on_the_way",
        f"A web page refuses to {words(kind, verb)} ({status}{_said(detail)}). {CONSEQUENCES[kind, verb]}",
        "Other requests were answered by SCIM at this address, so that it is most likely a proxy or a firewall before "
        f"the server that lets no such {method} pass.",
        _mend(f"Let the proxy and the firewall pass {method} to the SCIM path"),
    )


def no_answer(kind: Kind, verb: Verb, said: str) -> Explanation:
    """The line broke or the answer took too long."""
    return Explanation(
        "no_answer",
        f"No answer came to the request to {words(kind, verb)} ({said.rstrip('.')}). Entra will try again in its next "
        "cycle, and log a failure each time.",
        "Whether the server did what was asked cannot be known without an answer; the test looks for it by its mark.",
        _mend("Look into the server's own log, and test again"),
    )


def method_not_served(kind: Kind, verb: Verb, method: str, status: int) -> Explanation:
    """No PATCH, or no DELETE."""
    return Explanation(
        f"{method.lower()}_not_served",
        f"The server knows no {method} for {kind.lower()}s ({status}). {CONSEQUENCES[kind, verb]}",
        "Entra never sends PUT: whatever changes goes by PATCH, whatever ends by DELETE.",
        _mend(f"Have the server serve {method} (RFC 7644 section {'3.5.2' if method == 'PATCH' else '3.6'})"),
    )


def throttled(kind: Kind, verb: Verb, status: int) -> Explanation:
    """429, or another status with the same meaning."""
    return Explanation(
        "throttled",
        f"The server asks to slow down ({status}) when it is asked to {words(kind, verb)}. Entra will log a failure, "
        "and try again in its next cycle.",
        "Microsoft asks of an application that it stands 25 requests a second; the test sends one at a time.",
        _mend("Raise the server's limit for this token"),
    )


def missing_is_404(kind: Kind) -> Explanation:
    """A look-up without a match was answered 404."""
    return Explanation(
        "missing_is_404",
        f"A look-up of a {kind.lower()} that does not exist is answered 404 instead of an empty list. Entra will take "
        "the server for no SCIM service, and stop or quarantine the job.",
        "A filter that matches nothing is no error: 200 with totalResults 0 (RFC 7644 section 3.4.2).",
        _mend("Have the server answer such a look-up with an empty list"),
    )


def filter_ignored(kind: Kind) -> Explanation:
    """A look-up brought what was not asked for."""
    return Explanation(
        "filter_ignored",
        f"A look-up of one {kind.lower()} brought others. Entra will log MultipleEntriesInResponse, or take another "
        "object for the one it looks for.",
        "The server does not obey the `filter` of Entra's matching request.",
        _mend("Have the server obey `eq` filters on userName and displayName"),
    )


def members_shown() -> Explanation:
    """excludedAttributes=members is not obeyed."""
    return Explanation(
        "members_shown",
        "A look-up of a group brings its members, which were to be left out. Entra will log MultipleEntriesInResponse "
        "for groups, and large ones will time out.",
        "Entra matches groups with `excludedAttributes=members` (RFC 7644 section 3.9).",
        _mend("Have the server obey excludedAttributes"),
    )


def found_nothing(kind: Kind) -> Explanation:
    """What was just created is not found by its name."""
    return Explanation(
        "filter_finds_nothing",
        f"A look-up does not find the {kind.lower()} that was created a moment before. Entra will create it again, and "
        "meet 409 or make a second one.",
        "Entra links what is there by this look-up only; without it every existing object is a conflict.",
        _mend("Have the server answer `eq` filters on userName and displayName from what it has just written"),
    )


def not_scim(kind: Kind, verb: Verb) -> Explanation:
    """A 2xx whose body is none of SCIM's."""
    return Explanation(
        "not_scim",
        f"The server answered the request to {words(kind, verb)}, but not with what SCIM asks for. Entra will log "
        "ServiceIncompatible.",
        "A look-up is answered with a ListResponse and its `Resources`, a resource with its `id` (RFC 7644 section 3).",
        _mend("Have the server answer in SCIM's form"),
    )


def id_is_number(kind: Kind) -> Explanation:
    """An id that is no text."""
    return Explanation(
        "id_is_number",
        f"The {kind.lower()} that was created has a number as its id, where a text is due. Whether Entra will work "
        "with it is not known.",
        "An id is a text (RFC 7643 section 3.1); it stands in addresses and in the members of groups.",
        _mend("Have the server write ids as texts"),
    )


def web_page() -> Explanation:
    """HTML."""
    return Explanation(
        "web_page",
        "A web page was answered instead of SCIM. Entra will take the server for no SCIM service.",
        "The URL leads to a site, a sign-in page or a firewall's refusal, not to a SCIM endpoint.",
        (Fix("Take the tenant URL from the application, whole: it often ends in /scim/v2", "customer"),),
    )


def redirected(to: str | None) -> Explanation:
    """A redirection. One that keeps the path of SCIM names the better tenant URL; another leads to a page."""
    address = (to or "").partition("?")[0]
    label = (
        f"Use {address.removesuffix('/Users')} as the tenant URL, if it is the application's"
        if address.startswith("https://") and address.endswith("/Users") and len(address) <= LONG
        else "Take the tenant URL from the application, whole: the redirection leads to no SCIM endpoint"
    )
    return Explanation(
        "redirect",
        f"The server sends the request elsewhere ({(to or 'it does not say where to')[:LONG]}). Entra will not follow "
        "it with its token.",
        "A tenant URL must be the final one: a token that follows redirections would go to whoever is named there.",
        (Fix(label, "customer"),),
    )


def no_service(status: int, better: str | None) -> Explanation:
    """Nothing of SCIM's at this path. `better` is an address where something was found, or where it should be."""
    label = f"Use {better} as the tenant URL" if better else "Take the tenant URL from the application, whole"
    return Explanation(
        "wrong_path",
        f"There is no SCIM service at this URL ({status}). Entra will show its Test Connection red.",
        "/Users, /Groups and /ServiceProviderConfig stand directly below the tenant URL; it often ends in /scim/v2.",
        (Fix(label, "customer"),),
    )


def not_kept(kind: Kind, verb: Verb) -> Explanation:
    """2xx, and reading back shows no change: the worst of all, as nobody hears of it."""
    return Explanation(
        "not_kept",
        f"The request to {words(kind, verb)} was answered with success, and the {kind.lower()} reads as before. Entra "
        f"will show success and never look again. {CONSEQUENCES[kind, verb].split(', and log ')[0].rstrip('.')}.",
        "The resource was read back after the answer, and what was to change is not there.",
        _mend("Have the server do what it says, or refuse what it does not do"),
    )


def not_read_back(kind: Kind, verb: Verb, status: int) -> Explanation:
    """2xx, but whether it is so could not be seen."""
    return Explanation(
        "not_read_back",
        f"The request to {words(kind, verb)} was answered with success, but the {kind.lower()} could not be read back "
        f"({status or 'no answer'}).",
        "Some servers answer success and do nothing; without reading back it is not proven.",
        _mend("Let the server answer for what it has written, and the token read it, and test again"),
    )


def members_not_shown() -> Explanation:
    """A group shows no members, neither who was added nor who came with it."""
    return Explanation(
        "members_not_shown",
        "The request to add a member to a group was answered with success, but the server shows no members of groups. "
        "Entra will show success whether anybody joins or not.",
        "Neither this group nor one that was made with a member shows any when it is read; Entra does not ask for "
        "them, so that it may be in order all the same.",
        _mend("Look into the application whether the member was in the group, or have it show `members` when asked"),
    )


def nobody_to_remove() -> Explanation:
    """A removal was answered with success, but nobody was seen in the group before."""
    return Explanation(
        "nobody_to_remove",
        "The request to remove a member from a group was answered with success, but no member was seen in it before.",
        "A server that does nothing answers the same; what it does is seen only where adding a member is proven.",
        _mend("Mend or clear up what the test says of adding a member, and test again"),
    )


def not_proven(kind: Kind, verb: Verb) -> Explanation:
    """The token was let in, but there was nothing to try it on."""
    return Explanation(
        "not_proven",
        f"The token was not refused when asked to {words(kind, verb)}, but there was none to try it on.",
        "The test could not create one, so this was asked of an id that does not exist.",
        _mend("Mend what keeps it from being created, and test again"),
    )


def soft_delete(kind: Kind) -> Explanation:
    """Deleted and still there."""
    return Explanation(
        "soft_delete",
        f"A deleted {kind.lower()} is still there for who reads it by its id. Entra will not notice, and when it comes "
        "back Entra will link the dead one, or meet 409.",
        "After a DELETE the id is answered 404 and its names are free (RFC 7644 section 3.6).",
        _mend("Have the server hide what is deleted, and let its names be used again"),
    )
