"""`entra_…`: what Entra's provisioning log says of itself, where no answer of the application stands beside it.

The codes are those of "Analyze provisioning logs" and "Application in quarantine" on learn.microsoft.com.
"""

import re
from dataclasses import dataclass
from typing import Final

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange

_TEST = Fix("Test the tenant URL and the token, groups included", "operator", "vestibule test scim URL --token TOKEN")
_RESTART = "then press Restart provisioning"


@dataclass(frozen=True, slots=True)
class _Word:
    """`words` is a pattern of what the log says, any case; the first that is found tells the story."""

    code: str
    words: str
    sentence: str
    why: str
    fixes: tuple[Fix, ...]


def _admin(label: str) -> Fix:
    return Fix(label, "customer")


_WORDS: Final = (
    _Word(
        "entra_credentials",
        r"CredentialValidationFailure|appear to have entered invalid credentials|credentials are invalid",
        "Entra could not sign in at the application with the tenant URL and the token that it has.",
        "It looked up a user and the answer was not the one that is due. Entra says so of a token that is refused or "
        "over, and of a wrong address or a fault of the application just the same.",
        (
            _TEST,
            _admin("Copy tenant URL and token from the application once more, press Test Connection, and save"),
        ),
    ),
    _Word(
        "entra_duplicate_target",
        r"DuplicateTargetEntries",
        "More than one account of the application has the value by which Entra matches.",
        "Entra takes none of them, and changes nothing, until a single one is found.",
        (
            Fix("Delete or rename the accounts that are too many in the application", "operator"),
            _admin(f"Or match by an attribute that is unique there, such as userName; {_RESTART}"),
        ),
    ),
    _Word(
        "entra_duplicate_source",
        r"DuplicateSourceEntries",
        "More than one user of Entra has the value by which accounts are matched.",
        "Entra does not know which of them is the account of the application.",
        (_admin(f"Give each of them a value of their own, or match by another attribute; {_RESTART}"),),
    ),
    _Word(
        "entra_several",
        r"MultipleEntriesInResponse",
        "Entra looked for one user or group, and the application answered with something else or with more.",
        "The application does not obey the filter; or it shows the members of groups though they were to be left out; "
        "or there really are several of that name.",
        (_TEST, Fix("Have the server obey `filter` and `excludedAttributes`", "operator")),
    ),
    _Word(
        "entra_not_scim",
        r"ServiceIncompatible",
        "Entra could not make anything of the application's answer.",
        "It is not what SCIM asks for: a web page, a wrong address, an answer in another form, or a refusal. The log "
        "has it under Response or Web Response; paste that, too, and it is told.",
        (_TEST, _admin("Compare the tenant URL with the application's instructions, letter for letter")),
    ),
    _Word(
        "entra_no_answer",
        r"WebExceptionProtocolError|\bError ?code\W{1,4}Timeout\b|^\W*Timeout\W*$",
        "Entra got no answer, or none in time.",
        "The line broke, the name or the certificate is not good, a firewall stands between, or the application took "
        "too long. Entra tries again by itself in its next cycle.",
        (_TEST, Fix("Let Entra's addresses through (service tag AzureActiveDirectory), and answer soon", "operator")),
    ),
    _Word(
        "entra_licences",
        r"LicenseLimitExceeded",
        "The application has no licence left for another user.",
        "It refuses people until one is free.",
        (
            Fix("Buy licences, or free those of people who have left", "operator"),
            _admin("Or assign fewer people to the application"),
        ),
    ),
    _Word(
        "entra_mapping",
        r"MandatoryFieldsMissing|MissingValues|SchemaAttributeNotFound|SchemaPropertyCanOnlyAcceptValue",
        "The attribute mapping in Entra does not fit: a value is missing, or an attribute is unknown or single.",
        "Nothing was sent to the application for this object.",
        (
            _admin(
                "Fill in the attribute of the person, or correct its row under Attribute mapping; then provision anew"
            ),
        ),
    ),
    _Word(
        "entra_skipped",
        r"ImportSkipped|EntrySynchronizationSkipped|NotEffectivelyEntitled",
        "Entra left this object out, as there was nothing to do or it is not in scope.",
        "That is no fault, unless the person should have come: who is not assigned, is filtered out, or is a member of "
        "a group within a group only, is not in scope.",
        (_admin("If the person should come, assign them or their group itself, and look at the scoping filters"),),
    ),
    _Word(
        "entra_quarantine",
        r"quarantine|EscrowThreshold|EscrowProportionThreshold|Initial sync paused",
        "Entra has put provisioning into quarantine or paused it, after too many failures.",
        "It calls once a day at most until the cause is mended; after four weeks the job is switched off.",
        (
            _TEST,
            _admin(f"Mend what the failures in the provisioning log say, {_RESTART}"),
        ),
    ),
)
_FOUND: Final = tuple((re.compile(each.words, re.IGNORECASE | re.MULTILINE), each) for each in _WORDS)


def word_in(text: str) -> Exchange | None:
    """What Entra says of itself in a text, as an exchange that the catalogue tells; None when it says nothing known."""
    for pattern, word in _FOUND:
        if pattern.search(text):
            return Exchange("", "", 0, 0, "", "", "", 0, facts={"entra_says": word.code})
    return None


def _entry(word: _Word) -> Entry:
    told = Explanation(word.code, word.sentence, word.why, word.fixes)
    return Entry(word.code, lambda exchange: exchange.facts.get("entra_says") == word.code, lambda _: told)


ENTRIES: Final = tuple(_entry(each) for each in _WORDS)
