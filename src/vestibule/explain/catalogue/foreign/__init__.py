"""Answers of other servers, told by what they mean; see `vestibule.explain.foreign`."""

from vestibule.explain.catalogue.foreign import (
    accepted,
    conflict,
    fault,
    forbidden,
    licences,
    not_found,
    redirected,
    refused,
    throttled,
    too_large,
    unauthorized,
    unavailable,
    web_page,
)
from vestibule.explain.entry import Entry

ENTRIES: tuple[Entry, ...] = (
    web_page.ENTRY,
    redirected.ENTRY,
    unauthorized.ENTRY,
    forbidden.ENTRY,
    not_found.ENTRY,
    conflict.ENTRY,
    too_large.ENTRY,
    throttled.ENTRY,
    licences.ENTRY,
    unavailable.ENTRY,
    fault.ENTRY,
    refused.ENTRY,
    accepted.ENTRY,
)
