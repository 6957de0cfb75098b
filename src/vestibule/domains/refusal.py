"""What cannot be done about a domain, and why."""

from typing import Literal

RefusalCode = Literal[
    "not_a_domain", "wildcard", "too_long", "public_suffix", "public_mail", "already_claimed", "unknown_enterprise",
    "unknown_domain", "too_many", "not_disputed", "used_up",
]  # fmt: skip


class DomainRefused(Exception):
    """What cannot be done about a domain; the message says why and what to do instead."""

    def __init__(self, code: RefusalCode, message: str, **facts: str) -> None:
        super().__init__(message)
        self.code: RefusalCode = code
        self.facts = facts
