"""Whether a sign-in would give an account an address of a mail domain that the connection does not allow."""

import orjson

from vestibule.allowed_domains import check_domain
from vestibule.claims import Profile
from vestibule.model import JsonObject, User
from vestibule.scim.errors import DomainNotAllowed
from vestibule.scim.profile import kept_profile
from vestibule.signin import people
from vestibule.signin.outcome import Arrival, Refused


def refused(arrival: Arrival, profile: Profile, user: User | None, *, provisioned: bool) -> Refused | None:
    """Why somebody does not come in; None who does. `user` is None for whom an account would be made.

    Who is here already comes in, unless the sign-in would change their address to such a one.
    """
    if user is not None and not people.may_refresh(arrival, user, provisioned=provisioned):
        return None
    before: JsonObject | None = None if user is None else orjson.loads(user.document)
    try:
        check_domain(before, people.document_of(profile, before), kept_profile(arrival.connection.settings))
    except DomainNotAllowed as error:
        return Refused(error.kind, error.facts if user is None else {**error.facts, "user": user.id})
    return None
