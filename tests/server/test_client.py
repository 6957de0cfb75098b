"""Who calls, by the address alone."""

import pytest

from vestibule.server.client import client_of


@pytest.mark.parametrize(
    ("host", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("2001:db8:1:3::1", "2001:db8:1:3::"),
        ("fe80::1%eth0", "fe80::"),
        ("unix", ""),
        ("", ""),
        (None, ""),
    ],
)
def test_a_client_is_an_address_or_the_network_that_a_host_has_to_itself(host: str | None, client: str) -> None:
    assert client_of(host) == client
