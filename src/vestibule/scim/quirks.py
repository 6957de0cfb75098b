"""The register of tolerated deviations: what a named sender does, what is done about it, and where it is known from.

Code that tolerates something notes the entry's id in a `Notes`; the provisioning log shows the notes.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Quirk:
    """One deviation. `source` is a section of the RFC that it departs from, or where the sender was seen."""

    id: str
    sender: str
    example: str
    what_we_do: str
    source: str


QUIRKS = (
    Quirk("op_case", "Entra", '"op":"Replace"', "read caseless", "RFC 7644 3.5.2; Entra's default mode"),
    Quirk("boolean_string", "Entra", '"active":"False"', "read as a boolean", "RFC 7643 2.3.2; Entra's default mode"),
    Quirk("integer_string", "any", '"weight":"3"', "read as an integer", "RFC 7643 2.3.4"),
    Quirk("remove_members_with_value", "Entra", '{"op":"Remove","path":"members","value":[{"value":"id"}]}',
          "remove only these members", "RFC 7644 3.5.2.2; Entra's default mode"),
    Quirk("dotted_keys", "Entra", '{"op":"replace","value":{"name.givenName":"A"}}',
          "read each key as a path", "RFC 7644 3.5.2.3; Entra's compliant mode"),
    Quirk("value_path_created", "Entra", 'Add emails[type eq "work"].value with no such element',
          "make the element", "RFC 7644 3.5.2.3 would say noTarget"),
    Quirk("remove_without_match", "any", 'remove emails[type eq "fax"] with no such element',
          "nothing to do", "RFC 7644 3.5.2.2"),
    Quirk("reference_as_string", "Entra", '"manager":"usr_1"', "read as {value: …}",
          "RFC 7643 4.3; Entra's default mode"),
    Quirk("single_for_list", "any", '"emails":{"value":"a@b"}', "read as a list of one", "RFC 7643 2.4"),
    Quirk("list_for_single", "Entra", '"manager":[{"value":"usr_1"}]', "read the only element", "RFC 7643 2.4"),
    Quirk("string_for_complex", "any", '"members":["usr_1"]', "read as {value: …}", "RFC 7643 2.4"),
    Quirk("unknown_schema", "Entra", '"schemas":["http://schemas.microsoft.com/…/Group"]',
          "ignored", "RFC 7643 3; Entra's group create"),
    Quirk("unknown_attribute", "any", '"shoeSize":43', "ignored, never stored", "RFC 7644 3.3"),
    Quirk("bare_extension_attribute", "Entra", '"path":"manager"', "taken for the extension's", "RFC 7644 3.10"),
    Quirk("id_in_value", "Okta", '{"op":"replace","value":{"id":"grp_1","displayName":"n"}}',
          "accepted when it is the resource's own id", "Okta's group push"),
    Quirk("empty_clears", "Entra", '{"op":"replace","path":"manager","value":""}',
          "the attribute is removed", "RFC 7643 2.5; Microsoft's validator"),
    Quirk("second_primary", "any", "two values with primary true in one PATCH", "the last one wins", "RFC 7643 2.4"),
    Quirk("password_dropped", "Okta", '"password":"…"', "accepted and forgotten: people sign in at their provider",
          "RFC 7643 4.1.1"),
)  # fmt: skip
BY_ID = {quirk.id: quirk for quirk in QUIRKS}


@dataclass(slots=True)
class Notes:
    """Which quirks were tolerated while one request was read, in the order seen, each once."""

    seen: dict[str, None] = field(default_factory=dict[str, None])

    def note(self, quirk_id: str) -> None:
        """Remember a tolerated deviation. Raises KeyError for one that is not in the register."""
        self.seen[BY_ID[quirk_id].id] = None
