"""What a call leaves for the log beside its answer: whose members wait, what was amiss with what was sent."""

from vestibule.directory import UserWritten
from vestibule.model import JsonObject
from vestibule.scim.errors import Uniqueness
from vestibule.scim.resource import GroupDraft
from vestibule.server.call import Call
from vestibule.store import GroupChanged

NAMED = 100
"""How many members one entry of the log names."""
_UPN_MARKS = ("#ext#", ".onmicrosoft.com")
"""What a sign-in name of Entra's has that no mailbox has: a guest's mark, or the tenant's first domain."""


def note_members(call: Call, done: GroupChanged) -> None:
    """What became of members that are no users under the name given."""
    waiting = [each for each in done.parked if each not in done.nested or call.profile.nested_groups != "accept"]
    if waiting:
        call.facts.update(parked=waiting[:NAMED], parked_count=len(waiting))
        if nested := [each for each in waiting if each in done.nested]:
            call.facts["nested"] = nested[:NAMED]
    if done.resolved:
        call.facts["resolved"] = dict(list(done.resolved.items())[:NAMED])


def note_email(call: Call, document: JsonObject) -> None:
    """Whether the person has an address, and whether it is a sign-in name that reaches nobody."""
    values = [str(each.get("value") or "") for each in document.get("emails") or ()]
    if not any(values):
        call.facts["email"] = "missing"
    elif any(mark in value.lower() for value in values for mark in _UPN_MARKS):
        call.facts["email"] = "sign_in_name"


def note_written(call: Call, written: UserWritten) -> None:
    """Whether anything changed, and whether the account was switched off."""
    call.facts["changed"] = written.changed
    if written.deactivated:
        call.facts["deactivated"] = True


def note_incoming(refusal: Uniqueness, draft: GroupDraft) -> None:
    """By what the identity provider knows the group that could not be made."""
    refusal.facts["incoming"] = {"displayName": draft.display_name, "externalId": draft.external_id}
