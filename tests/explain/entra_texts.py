"""What administrators paste out of Entra: the forms of its log and of its pages, as public threads have them.

The forms are those of 1Password/scim-examples#82, getsentry/sentry#84941, getsentry/self-hosted#2280, scimmy#86, of
questions 1185756, 4969398 and 5746233 on learn.microsoft.com, and of the origin story; names and values are ours.
"""

_PROCESSING = (
    "Message: Processing of the HTTP request resulted in an exception. Please see the HTTP response returned by the "
    "'Response' property of this exception for details. Web Response: "
)
_AGAIN = (
    " This operation was retried 0 times. It will be retried again after this date: 2026-11-25T07:43:56.6507375Z UTC"
)
_SCIM = '"schemas" : [ "urn:ietf:params:scim:api:messages:2.0:Error" ]'

TEXTS: list[tuple[str, str, str, str]] = [
    (
        "the words alone", "foreign_refused", "(400)",
        ("Failed to create User 'ana@example.com' in customappsso; Error: The SCIM endpoint is not fully compatible with "
        f"the Azure Active Directory SCIM client.\nStatusCode: BadRequest\n{_PROCESSING}Bad Request .{_AGAIN}\n\n"
        "ErrorCode\nSystemForCrossDomainIdentityManagementBadRequest\n"),
    ),
    (
        "a detail that is an object", "foreign_refused", '{"Operations":{"op":["\\"add\\" is no choice"]}}',
        ("Action: Update\nError code: SystemForCrossDomainIdentityManagementServiceIncompatible\n\nStatusCode: BadRequest\n"
        f'{_PROCESSING}\n\n{{\n {_SCIM},\n "detail": {{"Operations": {{"op": ["\\"add\\" is no choice"]}}}}\n}}'),
    ),
    (
        "a 409 that is no conflict", "foreign_refused", "“User must be Active”",
        ("Error code\n\nSystemForCrossDomainIdentityManagementServiceIncompatibleFiltering\n\nError message\n\n"
        f'StatusCode: Conflict {_PROCESSING}{{ {_SCIM}, "status" : "409", "detail" : "User must be Active." }}.{_AGAIN}'),
    ),
    (
        "a 409 that is one", "foreign_conflict", "“The user already exists in the tenant” (uniqueness)",
        (f"Failed to create User 'ana@example.com' in customappsso; Error: StatusCode: Conflict {_PROCESSING}"
        f'{{{_SCIM},"detail":"The user already exists in the tenant.","status":"409","scimType":"uniqueness"}}. '),
    ),
    (
        "a path of PATCH", "foreign_refused", "mono valued attribute” (invalidSyntax)",
        (f"Error code: SystemForCrossDomainIdentityManagementServiceIncompatible\n\nStatusCode: BadRequest {_PROCESSING}"
        f'{{"scimType":"invalidSyntax","detail":"Impossible to search on a mono valued attribute.",{_SCIM},'
        f'"status":"400"}}.{_AGAIN}'),
    ),
    (
        "a method, as Microsoft's support has it", "foreign_refused", "(405)",
        ("Resource: https://app.example/scim/v2/Groups/2\nOperation: PATCH\nHeaders: ADSCIMVersion: 6.0\n"
        "Response Status Code: MethodNotAllowed\nResponse Headers: Connection: keep-alive"),
    ),
    (
        "a page of a proxy", "foreign_unavailable", "“504 Gateway Time-out”",
        (f"Error code: InternalServerError\nStatusCode: GatewayTimeout {_PROCESSING}"
        f"<html> <head><title>504 Gateway Time-out</title></head> <body>x</body> </html>.{_AGAIN}"),
    ),
    (
        "a page at a wrong address", "foreign_not_found", "“404 Not Found”",
        ("Error code: SystemForCrossDomainIdentityManagementServiceIncompatible\nError message: StatusCode: NotFound "
        f"{_PROCESSING}<html><head><title>404 Not Found</title></head><body></body></html>.{_AGAIN}"),
    ),
    (
        "a code and an answer", "foreign_throttled", "GitHub has had enough",
        'Error code: TooManyRequests\nWeb Response: {"message":"API rate limit exceeded.","documentation_url":"https://d"}',
    ),
    ("a code alone", "foreign_throttled", "The server has had enough", "Error code: TooManyRequests"),
    ("another code alone", "foreign_forbidden", "does not let", "InsufficientRights"),
    (
        "an answer of ours", "user_conflict_username", "the same userName",
        (f"StatusCode: Conflict {_PROCESSING}{{{_SCIM},"
        '"status":"409","scimType":"uniqueness","detail":"The user … '
        f'https://id.example/e/req_06fdm3v7q5wrn9w2fz1m8m3h1c"}}.{_AGAIN}'),
    ),
    (
        "the origin story", "scope_missing", "get:groups",
        ("EntrySynchronizationError\nFailed to match an entry in the source and target systems\nGroup 'grp_all@example.com'\n"
        'Resource:\nhttps://auth.example.net/scim/v2/connections/con/Groups?filter=displayName+eq+"grp_all%40example.com"\n'
        'Response Status Code: 403\nResponse Content:\n{\n "got":["get:users"],\n "need":[{"selection":["get:groups"]}],\n'
        ' "detail":"Insufficient scope",\n "status":"403"\n}\nCurrent cycle status: Initial sync paused\n'),
    ),
    (
        "a test that met another status", "foreign_not_found", "nothing at this address",
        ("You appear to have entered invalid credentials. Please confirm you are using the correct information for an "
        "administrative account. An HTTP/404 Not Found response was returned rather than the expected HTTP/200 OK response."),
    ),
    (
        "a test that failed", "entra_credentials", "a wrong address or a fault",
        ("You appear to have entered invalid credentials. Please confirm you are using the correct information for an "
        "administrative account."),
    ),
    ("a token that is over", "entra_credentials", "a token that is refused or over",
     "Error code: SystemForCrossDomainIdentityManagementCredentialValidationFailure"),
    ("two in the application", "entra_duplicate_target", "More than one account",
     "Failed to match an entry in the source and target systems User 'ana@example.com'\nErrorCode: DuplicateTargetEntries"),
    ("two in Entra", "entra_duplicate_source", "More than one user of Entra", "ErrorCode: DuplicateSourceEntries"),
    ("several", "entra_several", "does not obey the filter",
     "Error code: SystemForCrossDomainIdentityManagementMultipleEntriesInResponse"),
    ("no SCIM", "entra_not_scim", "could not make anything",
     "Error code: SystemForCrossDomainIdentityManagementServiceIncompatible"),
    ("no answer", "entra_no_answer", "none in time", "Error code: WebExceptionProtocolError"),
    ("no answer in time", "entra_no_answer", "none in time", "Error code: Timeout"),
    ("no seats", "entra_licences", "no licence left", "Error code: LicenseLimitExceeded"),
    ("a value that lacks", "entra_mapping", "a value is missing", "Error code: MissingValues"),
    ("out of scope", "entra_skipped", "not in scope", "Error code: EntrySynchronizationSkipped"),
    ("quarantine", "entra_quarantine", "once a day", "Provisioning status: In quarantine. Reason: EncounteredBaseEscrowThreshold"),
    ("paused", "entra_quarantine", "paused it", "Provisioning interval: 40 minutes\nCurrent cycle status: Initial sync paused"),
]  # fmt: skip
"""What it is, the code that it is told by, words of what is told, and the text."""
EXAMPLES = {code: text for _, code, _, text in reversed(TEXTS) if code.startswith("entra_")}
"""The text that is the example of a code in the catalogue's document: the first of each."""
