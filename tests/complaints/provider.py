"""An identity provider at work on one connection, and what it and the operator see afterwards."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2

from tests.complaints import shapes
from tests.conftest import Tenant
from vestibule.clock import SystemClock
from vestibule.directory import Directory
from vestibule.model import Origin, User

T = TypeVar("T")


@dataclass(frozen=True)
class Provider:
    """Requests of an identity provider; every one that makes something asserts that it was made."""

    tenant: Tenant

    @property
    def http(self) -> httpx2.Client:
        return self.tenant.http

    def new_user(self, user_name: str, **rest: Any) -> dict[str, Any]:
        answer = self.http.post("/Users", json=shapes.entra_user(user_name, **rest))
        assert answer.status_code == 201, answer.text
        return answer.json()

    def new_users(self, *names: str) -> list[str]:
        return [self.new_user(name)["id"] for name in names]

    def new_group(self, name: str, *ids: str) -> str:
        answer = self.http.post("/Groups", json=shapes.entra_group(name))
        assert answer.status_code == 201, answer.text
        group_id = answer.json()["id"]
        if ids:
            assert self.patch_group(group_id, shapes.entra_add(*ids)).status_code == 204
        return group_id

    def patch_user(self, user_id: str, *operations: shapes.Body) -> httpx2.Response:
        return self.http.patch(f"/Users/{user_id}", json=shapes.patch(*operations))

    def patch_group(self, group_id: str, *operations: shapes.Body) -> httpx2.Response:
        return self.http.patch(f"/Groups/{group_id}", json=shapes.patch(*operations))

    def user(self, user_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/Users/{user_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def group(self, group_id: str) -> dict[str, Any]:
        answer = self.http.get(f"/Groups/{group_id}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def members(self, group_id: str) -> set[str]:
        return {each["value"] for each in self.group(group_id).get("members", [])}

    def found(self, endpoint: str, filter_text: str, **parameters: str) -> list[str]:
        """The ids that a filter finds; the total must say as many."""
        answer = self.http.get(endpoint, params={"filter": filter_text, **parameters})
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["schemas"] == [shapes.LIST]
        assert body["totalResults"] == len(body["Resources"])
        return [each["id"] for each in body["Resources"]]

    def by_hand(self, work: Callable[[Directory], Awaitable[T]]) -> T:
        """Do something straight in the directory, beside the running server."""
        return self.tenant.vestibule.admin(lambda store: work(Directory(store, SystemClock())))

    def stored(self, user_id: str) -> User:
        return self.by_hand(lambda directory: directory.store.user(self.tenant.connection_id, user_id))

    def made_elsewhere(self, user_name: str, origin: Origin, **rest: Any) -> User:
        """A user whom the app or a sign-in has made, not the identity provider."""
        document = {"schemas": [shapes.USER], "userName": user_name, "active": True} | rest
        return self.by_hand(lambda directory: directory.create_user(self.tenant.connection_id, document, origin))
