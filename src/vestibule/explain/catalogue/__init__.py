"""The catalogue: one file per explanation. The order matters; the special stands before the general.

`NOTES` are told beside a story. `WAITING` are codes that were planned and have no entry yet, each with the reason.
"""

from collections.abc import Mapping

from vestibule.explain.catalogue import (
    account_protected,
    bad_message,
    bulk_circle,
    connection_unknown,
    deactivated_in_directory,
    dialect_refused,
    done,
    filter_invalid,
    foreign,
    group_conflict_displayname,
    held,
    member_unresolved,
    no_match,
    not_allowed,
    paging_invalid,
    parked,
    patch_path_invalid,
    path_or_method,
    payload_too_large,
    query_too_large,
    rate_limited,
    resource_missing,
    same_email,
    scope_missing,
    server_fault,
    sign_in,
    token_expired,
    token_missing,
    token_of_other_directory,
    token_revoked,
    token_unknown,
    traffic,
    user_conflict,
    value_invalid,
    version_changed,
)
from vestibule.explain.catalogue.notes import NOTES as NOTES
from vestibule.explain.entry import Entry

ENTRIES: tuple[Entry, ...] = (
    *sign_in.ENTRIES,
    *foreign.ENTRIES,
    *traffic.ENTRIES,
    scope_missing.ENTRY,
    token_missing.ENTRY,
    token_expired.ENTRY,
    token_revoked.ENTRY,
    token_of_other_directory.ENTRY,
    token_unknown.ENTRY,
    connection_unknown.ENTRY,
    dialect_refused.ENTRY,
    held.ENTRY,
    account_protected.ENTRY,
    query_too_large.ENTRY,
    paging_invalid.ENTRY,
    filter_invalid.ENTRY,
    bulk_circle.ENTRY,
    user_conflict.ENTRY,
    group_conflict_displayname.ENTRY,
    *parked.ENTRIES,
    member_unresolved.ENTRY,
    patch_path_invalid.ENTRY,
    value_invalid.ENTRY,
    bad_message.ENTRY,
    payload_too_large.ENTRY,
    rate_limited.ENTRY,
    version_changed.ENTRY,
    path_or_method.DOUBLED,
    resource_missing.ENTRY,
    not_allowed.ENTRY,
    path_or_method.ENTRY,
    server_fault.ENTRY,
    no_match.ENTRY,
    same_email.ENTRY,
    deactivated_in_directory.ENTRY,
    done.ENTRY,
)

WAITING: Mapping[str, str] = {
    "domain_not_allowed": "provisioning limits no mail domains; at a sign-in an address of a domain that is not proven "
    "is told as `email_unproven`",
}
"""Code → why nothing is told by it."""
