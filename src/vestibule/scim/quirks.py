"""The register of tolerated deviations: what a named sender does, what is done about it, and where it is known from.

Code that tolerates something notes the entry's id in the `dialects.Notes` of the request; a dialect that does not
tolerate it refuses with the entry's error instead. The provisioning log shows the notes.
"""

from dataclasses import dataclass

from vestibule.scim.errors import (
    InvalidFilter,
    InvalidPath,
    InvalidSyntax,
    InvalidValue,
    Mutability,
    NoTarget,
    ScimError,
)


@dataclass(frozen=True, slots=True)
class Quirk:
    """One deviation. `source` is a section of the RFC that it departs from, or where the sender was seen.

    `refusal` is the error where a dialect does not tolerate it; None when the RFC leaves it to the server, so that
    every dialect does the same.
    """

    id: str
    sender: str
    example: str
    what_we_do: str
    source: str
    refusal: type[ScimError] | None


QUIRKS = (
    Quirk("op_case", "Entra", '"op":"Replace"', "read caseless", "RFC 7644 3.5.2; Entra's default mode", InvalidSyntax),
    Quirk("schemas_missing", "any", '{"Operations":[…]}', "read as what is due",
          "RFC 7643 3, RFC 7644 3.5.2; Okta's full push", InvalidSyntax),
    Quirk("boolean_string", "Entra", '"active":"False"', "read as a boolean, in filters too",
          "RFC 7643 2.3.2; Entra's default mode", InvalidValue),
    Quirk("integer_string", "any", '"weight":"3"', "read as an integer", "RFC 7643 2.3.4", InvalidValue),
    Quirk("remove_with_value", "any", '{"op":"Remove","path":"members","value":[{"value":"id"}]}',
          "remove only these values; none where null or [] came", "RFC 7644 3.5.2.2; Entra's default mode",
          InvalidValue),
    Quirk("dotted_keys", "Entra", '{"op":"replace","value":{"name.givenName":"A"}}',
          "read each key as a path", "RFC 7644 3.5.2.3; Entra's compliant mode", InvalidPath),
    Quirk("value_path_created", "Entra", 'replace emails[type eq "work"].value with no such element',
          "make the element", "RFC 7644 3.5.2.3 would say noTarget", NoTarget),
    Quirk("remove_without_match", "any", 'remove emails[type eq "fax"] with no such element',
          "nothing to do", "RFC 7644 3.5.2.2 leaves it open", None),
    Quirk("reference_as_string", "Entra", '"manager":"usr_1"', "read as {value: …}",
          "RFC 7643 4.3; Entra's default mode", InvalidValue),
    Quirk("single_for_list", "any", '"emails":{"value":"a@b"}', "read as a list of one", "RFC 7643 2.4", InvalidValue),
    Quirk("list_for_single", "Entra", '"manager":[{"value":"usr_1"}]', "read the only element", "RFC 7643 2.4",
          InvalidValue),
    Quirk("string_for_complex", "any", '"members":["usr_1"]', "read as {value: …}", "RFC 7643 2.4", InvalidValue),
    Quirk("unknown_schema", "any", '"schemas":["http://schemas.microsoft.com/…/Group"]',
          "ignored", "RFC 7643 3; Entra's group create", InvalidSyntax),
    Quirk("unknown_attribute", "any", '"shoeSize":43', "ignored, never stored", "RFC 7644 3.12 invalidSyntax",
          InvalidSyntax),
    Quirk("bare_extension_attribute", "Entra", '"path":"manager"', "taken for the extension's", "RFC 7644 3.10",
          InvalidPath),
    Quirk("id_in_value", "Okta", '{"op":"replace","value":{"id":"grp_1","displayName":"n"}}',
          "accepted when it is the resource's own id", "RFC 7643 3.1; Okta's group push", Mutability),
    Quirk("read_only_in_value", "any", '{"op":"replace","value":{"meta":{…},"groups":[…],"title":"T"}}',
          "left out", "RFC 7644 3.5.2; clients that send what they have read", Mutability),
    Quirk("empty_clears", "any", '{"op":"replace","path":"manager","value":""}',
          "the attribute is removed, as by null", "RFC 7643 2.5; Microsoft's validator", InvalidValue),
    Quirk("second_primary", "any", "two values with primary true in one PATCH", "the last one wins", "RFC 7643 2.4",
          InvalidValue),
    Quirk("unquoted_literal", "Entra", "userName sw O", "read as a text where the attribute is one",
          "RFC 7644 3.4.2.2; Microsoft's reference client", InvalidFilter),
    Quirk("unescaped_text", "Entra", 'displayName eq "The "A" team"',
          "read to the last quotation mark, where the filter is one comparison",
          "RFC 7644 3.4.2.2", InvalidFilter),
    Quirk("password_dropped", "Okta", '"password":"…"', "accepted and forgotten: people sign in at their provider",
          "RFC 7643 4.1.1", None),
)  # fmt: skip
BY_ID = {quirk.id: quirk for quirk in QUIRKS}
