"""What Entra sends, to the letter: requests in both modes (reference 1.1 to 1.7)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from urllib.parse import parse_qsl, quote_plus, urlsplit, urlunsplit

from vestibule.entra import paths
from vestibule.entra.mapping import ENTERPRISE, MANAGER, Values

Mode = Literal["default", "compliant"]
Kind = Literal["User", "Group"]
JsonObject: TypeAlias = dict[str, Any]

FLAG = "aadOptscim062020"
USER = "urn:ietf:params:scim:schemas:core:2.0:User"
GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"
ADSCIM_GROUP = "http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group"
PATCH_OP = "urn:ietf:params:scim:api:messages:2.0:PatchOp"


@dataclass(frozen=True, slots=True)
class Request:
    """One request below the SCIM base. `expects` says what answer can be read."""

    method: str
    path: str
    query: str = ""
    body: JsonObject | None = None
    expects: Literal["list", "resource", "nothing"] = "nothing"
    sought: tuple[str, str] | None = None

    @property
    def target(self) -> str:
        """Path and query, as Entra's log prints them."""
        return f"{self.path}?{self.query}" if self.query else self.path

    def content(self) -> bytes | None:
        """The body as it is sent."""
        return None if self.body is None else json.dumps(self.body, ensure_ascii=False).encode()


@dataclass(frozen=True, slots=True)
class Edit:
    """One attribute that differs; `had` says whether the target holds a value already."""

    path: str
    value: str | bool
    had: bool
    before: str | bool | None = None


def endpoint(url: str, mode: Mode | None = None) -> tuple[str, Mode]:
    """The SCIM base and the mode of a Tenant URL: its query carries feature flags, never goes on the path."""
    parts = urlsplit(url.strip())
    flags = {key for key, _ in parse_qsl(parts.query, keep_blank_values=True)}
    base = urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
    if mode is None:
        mode = "compliant" if FLAG in flags else "default"
    return base, mode


def _filter(attribute: str, value: str) -> str:
    return f"{attribute} eq {json.dumps(value, ensure_ascii=False)}"


def encode(text: str) -> str:
    """Form style with the quotes left as they are: `displayName+eq+"grp_all%40x.com"` (reference 0a)."""
    return quote_plus(text, safe='"')


def _collection(kind: Kind) -> str:
    return f"/{kind}s"


def match(kind: Kind, attribute: str, value: str) -> Request:
    """Look for one object by a matching attribute; members are always left out of groups (1.4)."""
    query = "filter=" + encode(_filter(attribute, value))
    if kind == "Group":
        query = "excludedAttributes=members&" + query
    return Request("GET", _collection(kind), query, None, "list", (attribute, value))


def probe(random_id: str) -> Request:
    """Test Connection: a user that cannot exist (1.2)."""
    return match("User", "userName", random_id)


def read(kind: Kind, target_id: str) -> Request:
    """Read one object by its cached id."""
    query = "excludedAttributes=members" if kind == "Group" else ""
    return Request("GET", _one(kind, target_id), query, None, "resource")


def check_manager(target_id: str, manager_id: str) -> Request:
    """Ask whether a user has a certain manager (1.3, reference check)."""
    text = f"{_filter('id', target_id)} and {_filter('manager', manager_id)}"
    return Request("GET", "/Users", f"filter={encode(text)}&attributes=id", None, "list")


def create(kind: Kind, values: Values) -> Request:
    """Create an object; a group always without members."""
    if kind == "Group":
        body: JsonObject = {"schemas": [GROUP, ADSCIM_GROUP]}
    else:
        body = {"schemas": [USER, ENTERPRISE]}
    for path, value in values.items():
        paths.put(body, path, value)
    body["meta"] = {"resourceType": kind}
    if kind == "User":
        body["roles"] = []
    return Request("POST", _collection(kind), "", body, "resource")


def delete(kind: Kind, target_id: str) -> Request:
    """Delete an object."""
    return Request("DELETE", _one(kind, target_id))


def update(kind: Kind, target_id: str, edits: Iterable[Edit], mode: Mode) -> Request:
    """PATCH what differs, in the words of the mode (table 1.7)."""
    edits = tuple(edits)
    operations = _compliant(edits) if mode == "compliant" else [_default(edit) for edit in edits]
    return _patch(kind, target_id, operations)


def _default(edit: Edit) -> JsonObject:
    value = str(edit.value) if isinstance(edit.value, bool) else edit.value
    return {"op": "Replace" if edit.had else "Add", "path": edit.path, "value": value}


def _compliant(edits: tuple[Edit, ...]) -> list[JsonObject]:
    """Filtered paths and `active` stay apart; single-valued replaces are folded into one path-less op."""
    apart: list[JsonObject] = []
    folded: JsonObject = {}
    for edit in edits:
        if edit.had and "[" not in edit.path and edit.path != "active":
            folded[edit.path] = edit.value
        else:
            apart.append({"op": "replace" if edit.had else "add", "path": edit.path, "value": edit.value})
    return [*apart, {"op": "replace", "value": folded}] if folded else apart


def add_members(group_id: str, ids: Iterable[str], mode: Mode) -> Request:
    """Add users to a group by their ids in the target."""
    value = [{"$ref": None, "value": each} for each in ids]
    return _patch("Group", group_id, [{"op": _op("Add", mode), "path": "members", "value": value}])


def remove_members(group_id: str, ids: Iterable[str], mode: Mode) -> Request:
    """Take users out of a group: `Remove` with a value, or one filtered path each in compliant mode."""
    if mode == "compliant":
        operations = [{"op": "remove", "path": f"members[{_filter('value', each)}]"} for each in ids]
    else:
        value = [{"$ref": None, "value": each} for each in ids]
        operations: list[JsonObject] = [{"op": "Remove", "path": "members", "value": value}]
    return _patch("Group", group_id, operations)


def set_manager(target_id: str, manager_id: str, mode: Mode, *, had: bool) -> Request:
    """Set a manager, as a bare id."""
    op = _op("Replace" if had else "Add", mode)
    return _patch("User", target_id, [{"op": op, "path": MANAGER, "value": manager_id}])


def remove_manager(target_id: str, mode: Mode) -> Request:
    """Take a manager away."""
    return _patch("User", target_id, [{"op": _op("Remove", mode), "path": MANAGER}])


def _op(op: str, mode: Mode) -> str:
    return op.lower() if mode == "compliant" else op


def _one(kind: Kind, target_id: str) -> str:
    return f"{_collection(kind)}/{quote_plus(target_id)}"


def _patch(kind: Kind, target_id: str, operations: list[JsonObject]) -> Request:
    return Request("PATCH", _one(kind, target_id), "", {"schemas": [PATCH_OP], "Operations": operations})
