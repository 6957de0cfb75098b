"""The JOSE library's rules, narrowed to one algorithm at a time."""

from typing import Any, Final

from joserfc import jws
from joserfc.errors import UnsupportedAlgorithmError

LARGEST: Final = 128_000
"""Bytes of a token, and of its payload."""
LARGEST_HEADER: Final = 16_000
"""Bytes of a token's header: room for a chain of certificates, which is never read."""


class OneAlgorithm(jws.JWSRegistry):
    """Lets one algorithm through and no other.

    Headers that are not known are passed over (RFC 7515 section 4). The library warns of the name EdDSA because it
    does not tell the curve (RFC 9864); here the key tells it, which is Ed25519 always.
    """

    max_header_length = LARGEST_HEADER
    max_payload_length = LARGEST

    def __init__(self, alg: str) -> None:
        super().__init__(algorithms=[alg], strict_check_header=False)
        self.only = alg

    def get_alg(self, name: str) -> Any:
        """The algorithm, if it is the one."""
        if name != self.only:
            raise UnsupportedAlgorithmError(f"{name} is not {self.only}")
        return self.algorithms[name]
