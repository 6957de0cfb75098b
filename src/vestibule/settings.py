"""The only reader of the environment."""

import base64
import binascii
import os
from dataclasses import dataclass, field

DEFAULT_DATABASE = "sqlite:///vestibule.db"
MIN_API_KEY = 24
SECRET_KEY_SIZE = 32
SCIM_RATE = 500
LOG_DAYS = 30
LOG_MEGABYTES = 256
DEFAULT_BASE_URL = "http://127.0.0.1:8700"
_UNSPLICEABLE = frozenset(map(chr, range(33))) | frozenset('"\\<>\x7f')
"""What no address has (RFC 3986 section 2), and what would break the JSON that addresses are spliced into."""


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
    allow_networks: tuple[str, ...] = ()
    """Networks, addresses and hosts beyond the public internet that may be fetched from (`outbound.addresses`)."""
    dns_servers: tuple[str, ...] = ()
    """Resolvers to ask, as `host` or `host:port` (`outbound.names`); none are the machine's own."""
    smtp_url: str | None = field(default=None, repr=False)
    """Where mail is handed in (`outbound.mail`); without it no mail is sent."""
    mail_from: str | None = None
    secret_keys: tuple[bytes, ...] = field(default=(), repr=False)
    """Keys for secrets at rest, 32 bytes each, the newest first (`sealing`); without any the store's own serves."""

    scim_rate: int = SCIM_RATE
    """How many SCIM requests a second of one connection each process lets through in the long run; 0 for any number."""
    log_days: int = LOG_DAYS
    """How many days the log is kept."""
    log_megabytes: int = LOG_MEGABYTES
    """How many megabytes of log are kept of each connection, about."""

    def __post_init__(self) -> None:
        if not self.base_url.startswith(("http://", "https://")):
            raise InvalidSettings(
                f"The public address {self.base_url!r} must start with http:// or https:// "
                "(--base-url or VESTIBULE_BASE_URL)."
            )
        if not _UNSPLICEABLE.isdisjoint(self.base_url):
            raise InvalidSettings(
                f"The public address {self.base_url!r} must have neither spaces nor quotation marks nor backslashes "
                "(--base-url or VESTIBULE_BASE_URL)."
            )
        if self.api_key is not None and len(self.api_key) < MIN_API_KEY:
            raise InvalidSettings(
                f"The key of the API must have at least {MIN_API_KEY} characters (VESTIBULE_API_KEY); "
                "make one with `openssl rand -hex 32`."
            )
        if self.smtp_url is not None and self.mail_from is None:
            raise InvalidSettings("Mail needs a sender beside VESTIBULE_SMTP_URL: set VESTIBULE_MAIL_FROM.")
        object.__setattr__(self, "base_url", self.base_url.rstrip("/"))


def read(database: str | None = None, base_url: str | None = None) -> Settings:
    """Settings from arguments, else from `VESTIBULE_DATABASE_URL` and `VESTIBULE_BASE_URL`, else defaults.

    The others come from the environment only, as arguments are seen by everybody on the machine.
    """
    return Settings(
        database=database or os.environ.get("VESTIBULE_DATABASE_URL") or DEFAULT_DATABASE,
        base_url=base_url or os.environ.get("VESTIBULE_BASE_URL") or DEFAULT_BASE_URL,
        api_key=os.environ.get("VESTIBULE_API_KEY") or None,
        allow_networks=_listed("VESTIBULE_ALLOW_NETWORKS"),
        dns_servers=_listed("VESTIBULE_DNS_SERVERS"),
        smtp_url=os.environ.get("VESTIBULE_SMTP_URL") or None,
        mail_from=os.environ.get("VESTIBULE_MAIL_FROM") or None,
        secret_keys=tuple(_key(each, place) for place, each in enumerate(_listed("VESTIBULE_SECRET_KEYS"), 1)),
        scim_rate=_number("VESTIBULE_SCIM_RATE", SCIM_RATE, 1_000_000, least=0),
        log_days=_number("VESTIBULE_LOG_DAYS", LOG_DAYS, 3_650),
        log_megabytes=_number("VESTIBULE_LOG_MEGABYTES", LOG_MEGABYTES, 1_000_000),
    )


def _listed(name: str) -> tuple[str, ...]:
    return tuple(each.strip() for each in os.environ.get(name, "").split(",") if each.strip())


def _number(name: str, default: int, most: int, least: int = 1) -> int:
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
        raise InvalidSettings(f"{name} must be a whole number from {least} to {most}, not {text[:40]!r}.")
    return int(text)


def _key(text: str, place: int) -> bytes:
    try:
        key = base64.b64decode(text.replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != SECRET_KEY_SIZE:
        raise InvalidSettings(
            f"Key number {place} of VESTIBULE_SECRET_KEYS is not {SECRET_KEY_SIZE} bytes in base64; "
            "make one with `openssl rand -base64 32`."
        )
    return key
