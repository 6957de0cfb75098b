"""The checklist of a connection's setup: what is to be entered at the identity provider, and how each step stands.

`reading` looks at the store, with a bounded number of reads however large the connection is; `steps` makes of that what
is done and what comes next, in the words of the identity provider. No state of a step is kept: it is what is the case.
Nothing in it is secret, and it names no person.
"""

from dataclasses import dataclass

from vestibule.addresses import Addresses
from vestibule.checklist.reading import Situation, read
from vestibule.checklist.step import SIGNS
from vestibule.checklist.steps import Standing, Step, steps_of
from vestibule.checklist.values import Value, name_of, values_of
from vestibule.model import JsonObject
from vestibule.store import Store

__all__ = ["SIGNS", "Checklist", "Situation", "Standing", "Step", "Value", "look", "name_of", "values_of"]


@dataclass(frozen=True, slots=True)
class Checklist:
    """What is entered at the identity provider to sign in and to provision, and the steps as they stand.

    `test_url` makes a test sign-in; None until there is something to test.
    """

    seen: Situation
    sign_on: tuple[Value, ...]
    provisioning: tuple[Value, ...]
    steps: tuple[Step, ...]
    test_url: str | None

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do: every step is done, or is one that need not be."""
        return all(each.standing in ("done", "optional") for each in self.steps)

    def as_json(self) -> JsonObject:
        """The checklist for `--json` and the API."""
        return {
            "finished": self.finished,
            "steps": [each.as_json() for each in self.steps],
            "values": {
                "sign_on": [each.as_json() for each in self.sign_on],
                "provisioning": [each.as_json() for each in self.provisioning],
            },
        }


async def look(store: Store, connection_id: str, base_url: str, now: int) -> Checklist:
    """The checklist of a connection of the installation at `base_url`. Raises NotFound."""
    seen = await read(store, connection_id, now)
    protocol = None if seen.sign_on is None else seen.sign_on.sign_on.protocol
    addresses = Addresses.of(base_url, connection_id)
    sign_on, provisioning = values_of(addresses, seen.connection.idp, protocol)
    login = addresses.oidc_login_url if protocol == "oidc" else addresses.login_url
    return Checklist(seen, sign_on, provisioning, steps_of(seen, now), None if protocol is None else f"{login}?test=1")
