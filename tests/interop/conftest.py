"""The server that signs people in, for counterparts that we did not write."""

from tests.sign_on.conftest import door, mailbox

__all__ = ["door", "mailbox"]
