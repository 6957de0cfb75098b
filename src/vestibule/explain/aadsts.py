"""Microsoft Entra's error numbers (AADSTS…): what each means at a sign-in, and what mends it.

After "Microsoft Entra authentication and authorization error codes" on learn.microsoft.com, and the notes of Entra's
own validator for gallery applications. The numbers stand in the browser, on Microsoft's page, more often than in
anything that arrives here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

_IN_LOG = re.compile(r"(?:errorCode|error code)\W{1,5}([0-9]{4,8})\b", re.IGNORECASE)
_NUMBER = re.compile(r"AADSTS\s?([0-9]{4,8})\b", re.IGNORECASE)
_ACCESS, _REPLY, _IDENTIFIER, _ACCOUNT, _SECRET, _REQUEST, _CONSENT, _POLICY, _AGAIN = (
    "assignment", "acs", "entity_id", "accounts", "client", "log", "consent", "policy", "again",
)  # fmt: skip
Topic = Literal["assignment", "acs", "entity_id", "accounts", "client", "log", "consent", "policy", "again"]


@dataclass(frozen=True, slots=True)
class Aadsts:
    """One number. `what` completes “Entra refused: …”, `fix` is for the customer's admin.

    `topic` says what kind of thing it is; `again` means that signing in once more is all there is to do.
    """

    number: str
    what: str
    fix: str
    topic: Topic


def _rows(*rows: tuple[int, Topic, str, str]) -> dict[str, Aadsts]:
    return {str(number): Aadsts(str(number), what, fix, topic) for number, topic, what, fix in rows}


AADSTS: Final[Mapping[str, Aadsts]] = {
    **_rows(
        # The application as Entra knows it.
        (50011, _REPLY, "the reply URL of the request is not among those of the application",
         "Enter the connection's reply URL, character for character"),
        (500113, _REPLY, "no reply address is registered for the application",
         "Enter the connection's reply URL"),
        (900971, _REPLY, "no reply address was given, and none is registered",
         "Enter the connection's reply URL"),
        (700016, _IDENTIFIER, "no application of the tenant has the identifier that the request names",
         "Let its identifier be the connection's entity ID (for OIDC the client id), in the people's own tenant"),
        (650056, _CONSENT, "the application is misconfigured: a permission, the identifier or a consent is missing",
         "Compare the identifier with the connection's entity ID, and grant admin consent under Permissions"),
        (500011, _IDENTIFIER, "the resource that was asked for is not in the tenant",
         "Let the identifier be that of an application in this tenant"),
        (7000112, _ACCESS, "the application is disabled",
         "Under Properties set Enabled for users to sign in to Yes"),
        (70001, _IDENTIFIER, "the application is not in the tenant, or is disabled",
         "Compare tenant and identifier, and see whether the application is enabled"),
        (50194, _IDENTIFIER, "the application is of one tenant, and was asked for by the address of all tenants",
         "Set the issuer with the tenant's id in place of common"),
        (90002, _IDENTIFIER, "the tenant that is named does not exist",
         "Set the issuer with the right tenant's id"),
        (50107, _ACCOUNT, "the federated domain that was asked for does not exist",
         "Check the domain in the sign-in name, and the federation of that domain"),
        # The SAML request.
        (750054, _REQUEST, "there was no SAML request: somebody opened the sign-on address by hand",
         "Begin at the application's sign-in page, or at the tile with a Sign on URL"),
        (75001, _REQUEST, "the message could not be read",
         "Take the sign-on URL from the application's metadata again"),
        (75003, _REQUEST, "the request asked for an answer by another binding than HTTP-POST",
         "Take the metadata of this connection again, whose reply URL has the binding HTTP-POST"),
        (75005, _REQUEST, "the request is none that is supported",
         "Take the sign-on URL from the application's metadata again"),
        (75008, _REQUEST, "the request was sent to an address that is not due",
         "Take the sign-on URL from the application's metadata again"),
        (75011, _REQUEST, "the person signed in by another method than the request insists on",
         "Send no RequestedAuthnContext: sign in from this application, which sends none, and not through another one"),
        (75016, _REQUEST, "the request's NameIDPolicy is not valid",
         "Send no NameIDPolicy, as this application does, and choose the NameID in the application's claims"),
        (76021, "client", "the application takes signed requests only",
         "Upload this connection's certificate there, or turn off Require verification certificates"),
        (76026, _AGAIN, "the request was too old when it arrived",
         "Sign in anew; if it stays, compare this server's clock with a time server"),
        (90015, _REQUEST, "the request's query is too long",
         "Use the sign-on URL with the binding HTTP-POST"),
        (900236, _REQUEST, "the request has a property that is not supported",
         "Sign in from this application, which sends neither a Subject nor Conditions"),
        (501241, "accounts", "the source of the NameID is empty for this person",
         "Fill in that attribute of the account, or choose user.userprincipalname as the NameID"),
        (50146, "client", "the application needs a signing key of its own and has none that is good",
         "Make a signing certificate under SAML Certificates and make it active"),
        (50003, "client", "no signing key is configured",
         "Make a signing certificate under SAML Certificates and make it active"),
        # People and access.
        (50105, _ACCESS, "the person is not assigned to the application",
         "Assign the person or a group of theirs (nested groups do not count), or set Assignment required to No"),
        (501051, _ACCESS, "the person has no role in the application",
         "Assign the person or one of their groups to the application"),
        (50020, _ACCOUNT, "the account is of another directory and is no guest of this one",
         "Sign out of the other account first, or invite the person as a guest"),
        (90072, _ACCOUNT, "the account is of another identity provider and is no guest of the tenant",
         "Invite the person as a guest, or sign in with another account"),
        (50034, _ACCOUNT, "there is no such account in the directory",
         "Check the sign-in name and the tenant"),
        (51004, _ACCOUNT, "there is no such account in the directory",
         "Check the sign-in name and the tenant"),
        (50053, _ACCOUNT, "the account is locked after too many attempts, or the address is blocked",
         "Wait, or unlock the account"),
        (50055, _ACCOUNT, "the password has expired",
         "Let the person set a new password"),
        (50056, _ACCOUNT, "the account has no password, or a wrong one",
         "Let the person set a new password"),
        (50057, _ACCOUNT, "the account is disabled",
         "Enable the account, if the person is to work"),
        (50126, _ACCOUNT, "the name or the password is wrong",
         "Let the person try again or set a new password"),
        (50144, _ACCOUNT, "the password in Active Directory has expired",
         "Let the person set a new password"),
        (50173, _AGAIN, "the password was changed or the sessions were revoked",
         "Sign in anew"),
        (50058, _AGAIN, "nobody is signed in, and the request allowed no question",
         "Sign in anew"),
        (50059, _ACCOUNT, "neither the request nor the name tells the tenant",
         "Set the issuer with the tenant's id"),
        (50132, _AGAIN, "the session is not valid any more",
         "Sign in anew"),
        (50133, _AGAIN, "the session is not valid, because a password was changed",
         "Sign in anew"),
        (50140, _AGAIN, "the question “Stay signed in?” interrupted the sign-in",
         "Sign in anew"),
        (50089, _AGAIN, "the sign-in took too long",
         "Sign in anew"),
        (50196, _AGAIN, "the same sign-in was asked for again and again",
         "Close the browser and sign in anew; if it stays, tell whoever runs this server"),
        (16000, _AGAIN, "the account must be chosen anew",
         "Sign in anew and choose the account"),
        # Policies.
        (53003, _POLICY, "a Conditional Access policy blocks the sign-in",
         "See the tab Conditional Access of the entry in the sign-in logs: it names the policy"),
        (53000, _POLICY, "the device is not compliant",
         "Use a compliant device, or exclude the application from the policy"),
        (53001, _POLICY, "the device is not joined to the domain",
         "Use a joined device, or exclude the application from the policy"),
        (53002, _POLICY, "the browser or app is not an approved one",
         "Use an approved browser"),
        (53004, _POLICY, "the person must register for multi-factor authentication from a safe place",
         "Let the person register from a place that the policy trusts"),
        (530003, _POLICY, "the device must be managed",
         "Use a managed device, or exclude the application from the policy"),
        (50074, _POLICY, "multi-factor authentication is needed and was not done",
         "Let the person finish the second step"),
        (50076, _POLICY, "multi-factor authentication is needed and was not done",
         "Let the person finish the second step"),
        (50079, _POLICY, "the person must register for multi-factor authentication",
         "Let the person register"),
        (50097, _POLICY, "the device must be known",
         "Use a registered device"),
        (50131, _POLICY, "a policy of the device, the place or the risk blocks the sign-in",
         "See the sign-in logs: they name the policy"),
        (50158, _POLICY, "an outside check was asked for and not done",
         "Let the person finish the check"),
        # Consent and OAuth.
        (65001, _CONSENT, "nobody has consented to what the application asks for",
         "Grant admin consent under Permissions"),
        (65004, _CONSENT, "the person declined what the application asks for",
         "Let the person accept, or grant admin consent"),
        (90094, _CONSENT, "an administrator's consent is needed",
         "Grant admin consent under Permissions"),
        (90095, _CONSENT, "an administrator's consent was asked for and is not given yet",
         "Answer the request under Admin consent requests"),
        (7000215, _SECRET, "the client secret is wrong",
         "Enter the secret's Value, not its Secret ID"),
        (7000222, _SECRET, "the client secret has expired",
         "Make a new client secret and enter its Value"),
        (7000216, _SECRET, "the client proved itself in no way",
         "Enter a client secret"),
        (7000218, _SECRET, "the client proved itself in no way",
         "Enter a client secret, and register the redirect URI under Web (not Single-page application)"),
        (700027, _SECRET, "the client's signature is not by a registered certificate",
         "Upload the client's certificate"),
        (700025, _SECRET, "the client is public and may not send a secret",
         "Register the redirect URI under Web"),
        (9002325, _SECRET, "proof of the code (PKCE) is missing",
         "Register the redirect URI under Web"),
        (9002327, _SECRET, "the redirect URI is registered for a single-page application",
         "Register the redirect URI under Web"),
        (700054, _SECRET, "ID tokens may not be given in the answer to the first request",
         "Nothing is asked for that way here: check that the request came from this application"),
        (54005, _AGAIN, "the code was used before",
         "Sign in anew, and do not reload the page"),
        (70000, _AGAIN, "the code is not valid",
         "Sign in anew"),
        (70008, _AGAIN, "the code has expired",
         "Sign in anew"),
        (70011, _SECRET, "the scope that was asked for is not valid",
         "Set the scope to openid profile email"),
        (900144, _REQUEST, "the request lacks a parameter",
         "Begin at the application's sign-in page"),
        (90014, _REQUEST, "the request lacks a field",
         "Begin at the application's sign-in page"),
        (9002313, _REQUEST, "the request is malformed",
         "Begin at the application's sign-in page"),
        (90033, _AGAIN, "Entra has trouble of its own",
         "Wait a few minutes and sign in anew"),
        (90012, _AGAIN, "Entra took too long",
         "Wait a few minutes and sign in anew"),
    )
}  # fmt: skip
"""Number → what it means."""


def numbers_in(text: str) -> tuple[str, ...]:
    """The numbers in a text, each once, in their order; in an entry of the sign-in logs they stand without AADSTS."""
    bare = [each for each in _IN_LOG.findall(text) if each in AADSTS]
    return tuple(dict.fromkeys([*_NUMBER.findall(text), *bare]))


def meant_by(number: str | None) -> Aadsts | None:
    """What a number means; None where it is not known here."""
    return None if number is None else AADSTS.get(number)
