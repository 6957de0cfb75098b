"""What the doctor finds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from vestibule.explain import Fix
from vestibule.model import JsonObject

EXAMPLES = 5
"""How many examples are told of each finding."""

CODES: Final[Mapping[str, str]] = {
    "nobody_will_match": "What a sign-in brings has the form of nothing that the accounts have.",
    "matching_key_differs": "The first attribute by which people are found has another form at sign-in than in SCIM.",
    "identity_key_differs": "Sign-ins bring another id than the externalId that SCIM sent for the same people.",
    "claim_absent": "An attribute by which people are found did not come with the last sign-in.",
    "sign_in_refused": "Sign-ins were refused, and nothing later made them good.",
    "sign_in_noted": "Sign-ins brought something amiss.",
    "mail_missing": "Active people have no e-mail address.",
    "mail_without_mailbox": "Addresses are of a domain without mailboxes: a sign-in name in place of an address.",
    "address_not_allowed": "People have addresses of mail domains that the connection does not allow.",
    "mail_shared": "Several accounts have one address.",
    "names_alike": "userNames differ only in space, case or the form of letters.",
    "external_ids_alike": "externalIds differ only in case or space.",
    "external_id_missing": "Provisioned people have no externalId.",
    "external_id_not_object_id": "externalIds from Entra are no objectIds.",
    "accounts_unclaimed": "Accounts of the app's own were not linked by provisioning.",
    "conflicts_open": "Accounts wait for a decision whether they are one person's.",
    "groups_alike": "Groups have names that differ only in space, width or the form of letters.",
    "group_name_spaced": "A group's name begins or ends with space, or has two in a row.",
    "expected_group_differs": "People are expected in a group whose name here is a little different.",
    "expected_list_stale": "Who is expected in a group could not be read from Microsoft Graph of late.",
    "token_lacks_groups": "A token in use can sync users but not groups.",
    "token_expires": "A token ends soon, or has ended.",
    "certificate_expires": "The identity provider's last good certificate ends soon, or has ended.",
    "certificate_by_hand": "The certificate is not read from metadata, so a new one stops every sign-in.",
    "metadata_unreadable": "The identity provider's metadata could not be read the last time.",
    "sp_key_expires": "The key pair of this side ends soon, or has ended.",
    "sign_on_untested": "Nobody has signed in yet, and no test was made.",
    "sign_on_disabled": "Signing in is set up and switched off.",
    "domain_unproven": "People's addresses are of domains that the enterprise has not proven.",
    "policy_asks_without_mailbox": "The e-mail policy would ask people for a code who have no mailbox.",
    "server_refuses": "The server refused what an identity provider needs to read.",
    "server_unreadable": "The server's answer is none of SCIM's.",
    "pages_overlap": "The server sent the same resource on several pages.",
    "user_unreadable": "Users lack what every SCIM user has.",
}
"""Every code with what it says."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: how many it concerns, a few examples, and what to do."""

    code: str
    sentence: str
    why: str
    fixes: tuple[Fix, ...]
    count: int = 1
    examples: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def as_json(self) -> JsonObject:
        """The finding for `--json`."""
        return {
            "code": self.code,
            "sentence": self.sentence,
            "why": self.why,
            "fixes": [each.as_json() for each in self.fixes],
            "count": self.count,
            "examples": list(self.examples),
            "facts": dict(self.facts),
        }


@dataclass(frozen=True, slots=True)
class Examined:
    """All findings, and how much was looked at."""

    findings: tuple[Finding, ...]
    looked_at: Mapping[str, int]

    def as_json(self) -> JsonObject:
        """The examination for `--json`."""
        return {
            "findings": [each.as_json() for each in self.findings],
            "looked_at": dict(self.looked_at),
        }


@dataclass(slots=True)
class Counted:
    """How many, and the first few of them."""

    count: int = 0
    examples: list[str] = field(default_factory=list[str])

    def add(self, example: str, count: int = 1) -> None:
        """One more."""
        self.count += count
        if len(self.examples) < EXAMPLES:
            self.examples.append(example)


def operator(label: str, command: str | None = None) -> Fix:
    """What whoever runs Vestibule does."""
    return Fix(label, "operator", command)


def customer(label: str) -> Fix:
    """What the identity provider's administrator does."""
    return Fix(label, "customer")


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings in the order of CODES, the weightiest first."""
    places = list(CODES)
    return tuple(sorted(findings, key=lambda each: places.index(each.code)))
