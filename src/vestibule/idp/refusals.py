"""What Entra ID says on its own page instead of answering the application, by AADSTS number."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A number's name in the reference of error codes, its sentence, and the OAuth error that goes with it."""

    name: str
    sentence: str
    oauth: str = "invalid_request"


KINDS: dict[int, Kind] = {
    50003: Kind("MissingSigningKey", "The application has no certificate to encrypt for: give its metadata to --sp."),
    50006: Kind("InvalidSignature", "Signature verification failed because of an invalid signature: {why}."),
    50011: Kind(
        "InvalidReplyTo",
        "The redirect URI '{given}' specified in the request does not match the redirect URIs configured for the "
        "application '{app}'. Make sure the redirect URI sent in the request matches one added to your application.",
    ),
    50020: Kind(
        "UserUnauthorized",
        "User account '{user}' does not exist in tenant '{tenant}' and cannot access the application '{app}' in that "
        "tenant. The account needs to be added as an external user in the tenant first.",
        "access_denied",
    ),
    50034: Kind(
        "UserAccountNotFound", "The user account '{user}' does not exist in the {tenant} directory.", "access_denied"
    ),
    50057: Kind("UserDisabled", "The user account is disabled.", "access_denied"),
    50058: Kind(
        "UserInformationNotProvided",
        "A silent sign-in request was sent but no user is signed in.",
        "login_required",
    ),
    50089: Kind("FlowTokenExpired", "This sign-in has expired. Begin again in the application."),
    50105: Kind(
        "EntitlementGrantsNotFound",
        "Your administrator has configured the application {name} ('{app}') to block users unless they are "
        "specifically granted ('assigned') access to the application. The signed in user '{user}' is blocked because "
        "they are not a direct member of a group with access, nor had access directly assigned by an administrator.",
        "access_denied",
    ),
    50126: Kind("InvalidUserNameOrPassword", "Invalid username or password.", "access_denied"),
    50147: Kind("MissingCodeChallenge", "The size of the code challenge parameter is not valid."),
    500113: Kind("NoReplyAddress", "No reply address is registered for the application."),
    501241: Kind(
        "MandatoryInputMissing",
        "Mandatory Input '{source}' missing from transformation ID '{transform}'.",
    ),
    75003: Kind("UnsupportedBinding", "The binding '{given}' is not supported: the response is always an HTTP POST."),
    75005: Kind("Saml2MessageInvalid", "The request is not a valid Saml2 protocol message: {why}."),
    75011: Kind(
        "NoMatchedAuthnContextInOutputClaims",
        "Authentication method '{given}' by which the user authenticated with the service doesn't match requested "
        "authentication method '{wanted}'.",
    ),
    75016: Kind("InvalidNameIdPolicy", "The SAML2 authentication request has an invalid NameIdPolicy '{given}'."),
    750054: Kind(
        "SAMLRequest or SAMLResponse must be present",
        "SAMLRequest or SAMLResponse must be present as query string parameters in HTTP request for SAML Redirect "
        "binding.",
    ),
    76021: Kind(
        "ApplicationRequiresSignedRequests",
        "The request sent by client is not signed while the application requires signed requests.",
    ),
    76026: Kind(
        "RequestIssueTimeExpired", "The request's IssueInstant {given} is more than {minutes} minutes away from {now}."
    ),
    90002: Kind("InvalidTenantName", "Tenant '{given}' not found. Check that you have the correct tenant ID."),
    90014: Kind("MissingRequiredField", "The required field '{field}' is missing from the request."),
    90015: Kind("QueryStringTooLong", "The query string is too long: {given} characters where {most} are read."),
    900235: Kind(
        "ComparisonNotExact", "SAML2 Authentication Request's RequestedAuthenticationContext Comparison value must be "
        "'exact'. Received value: '{given}'.",
    ),
    900236: Kind(
        "UnsupportedSamlProperty", "The SAML authentication request property 'Subject' is not supported and must not "
        "be set.",
    ),
    700016: Kind(
        "UnauthorizedClient_DoesNotMatchRequest",
        "Application with identifier '{given}' was not found in the directory '{tenant}'. This can happen if the "
        "application has not been installed by the administrator of the tenant. You may have sent your authentication "
        "request to the wrong tenant.",
        "unauthorized_client",
    ),
    700054: Kind(
        "ResponseTypeNotEnabled", "The response_type '{given}' is not enabled: this provider answers with a code.",
        "unsupported_response_type",
    ),
    7000215: Kind("InvalidClientSecret", "Invalid client secret provided.", "invalid_client"),
    70000: Kind("InvalidGrant", "The provided authorization code is not valid: {why}.", "invalid_grant"),
    54005: Kind(
        "AuthorizationCodeRedeemed",
        "OAuth2 Authorization code was already redeemed, please retry with a new valid code.",
        "invalid_grant",
    ),
    70003: Kind("UnsupportedGrantType", "The grant type '{given}' is not supported.", "unsupported_grant_type"),
    501481: Kind(
        "CodeVerifierMismatch",
        "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
        "invalid_grant",
    ),
}  # fmt: skip


class Refused(Exception):
    """The provider shows its own page, or answers with an OAuth error; `number` is a key of KINDS."""

    def __init__(self, number: int, **facts: object) -> None:
        super().__init__(number)
        self.number = number
        self.facts = facts

    @property
    def kind(self) -> Kind:
        """What the number means."""
        return KINDS[self.number]

    @property
    def message(self) -> str:
        """`AADSTS50011: …`, as it stands on the page and in a failed response."""
        return f"AADSTS{self.number}: {self.kind.sentence.format(**self.facts)}"
