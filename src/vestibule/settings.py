"""The only reader of the environment."""

import os
from dataclasses import dataclass

DEFAULT_DATABASE = "sqlite:///vestibule.db"
MIN_API_KEY = 24
DEFAULT_BASE_URL = "http://127.0.0.1:8700"


class InvalidSettings(Exception):
    """A setting that cannot be used; the message says which and how to mend it."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may set. Sizes in bytes."""

    database: str = DEFAULT_DATABASE
    base_url: str = DEFAULT_BASE_URL
    max_body: int = 4 * 1024 * 1024
    """The largest request body that the SCIM endpoint reads."""
    api_key: str | None = None
    """The key of the management API; without one the API refuses everybody."""

    def __post_init__(self) -> None:
        if not self.base_url.startswith(("http://", "https://")):
            raise InvalidSettings(
                f"The public address {self.base_url!r} must start with http:// or https:// "
                "(--base-url or VESTIBULE_BASE_URL)."
            )
        if self.api_key is not None and len(self.api_key) < MIN_API_KEY:
            raise InvalidSettings(
                f"The key of the API must have at least {MIN_API_KEY} characters (VESTIBULE_API_KEY); "
                "make one with `openssl rand -hex 32`."
            )
        object.__setattr__(self, "base_url", self.base_url.rstrip("/"))


def read(database: str | None = None, base_url: str | None = None) -> Settings:
    """Settings from arguments, else from `VESTIBULE_DATABASE_URL` and `VESTIBULE_BASE_URL`, else defaults.

    `VESTIBULE_API_KEY` comes from the environment only, as arguments are seen by everybody on the machine.
    """
    return Settings(
        database=database or os.environ.get("VESTIBULE_DATABASE_URL") or DEFAULT_DATABASE,
        base_url=base_url or os.environ.get("VESTIBULE_BASE_URL") or DEFAULT_BASE_URL,
        api_key=os.environ.get("VESTIBULE_API_KEY") or None,
    )
