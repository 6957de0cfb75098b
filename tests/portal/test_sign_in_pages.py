"""The pages of signing in, told hostile values: nothing of what came from outside is ever markup, or a script."""

from html.parser import HTMLParser
from typing import Any

import pytest

from vestibule.model import EmailVerification, Exchange, SignedInSession, VerifiedEmail
from vestibule.portal import sign_in_pages as pages
from vestibule.store import SessionState

EVIL = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{7*7}}`<b>`"


def hostile(value: Any) -> Any:
    """The same shape, every text an attack; names too."""
    if isinstance(value, dict):
        return {**{name: hostile(each) for name, each in value.items()}, EVIL: EVIL}
    if isinstance(value, list):
        return [hostile(each) for each in value]
    return EVIL if isinstance(value, str) else value


def verification(state: Any, document: dict[str, Any]) -> EmailVerification:
    return EmailVerification("con_1", EVIL, b"", "i", "s", EVIL, state, 1, 2, document, code_hash=b"x", sends=1)


def exchange(code: str, facts: dict[str, Any]) -> Exchange:
    return Exchange(
        EVIL, "con_1", 1, 1, "POST", EVIL, "", 400, resource_type="SignIn", target=EVIL, error=code, facts=facts
    )


class Markup(HTMLParser):
    """What of a page a browser takes for markup."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        if self.lasttag == "script" and data.strip():
            self.scripts.append(data)


SESSION = SignedInSession("con_1", EVIL, b"", "usr_1", "idy_1", 1, 2, {})
TEST: dict[str, Any] = {
    "id": "x",
    "request_id": "x",
    "subject": "x",
    "issuer": "x",
    "claims": {"a": ["x", "y"], "b": []},
    "checks": [{"name": "x", "passed": False, "code": "x", "facts": {"expected": "x", "received": ["x"]}}],
    "mapping": [{"attribute": "x", "sources": ["x"], "found": ["x"], "passed": True}],
    "notes": [{"code": "x", "facts": {"x": "x"}}],
    "explanation": {
        "sentence": "a `b` c",
        "why": "a `b` c",
        "evidence": [{"label": "x", "expected": "x", "received": "x"}],
        "fixes": [{"label": "x", "command": "x"}],
    },
}
OUTCOMES: dict[str, dict[str, Any]] = {
    "refused": {"profile": {"userName": "x", "groups": ["x"]}},
    "admitted": {
        "profile": {"userName": "x", "displayName": "x", "groups": ["x"]},
        "user": {"userName": "x"},
        "email": {"policy": "x", "reason": "x"},
        "groups": {"applied": True, "joins": {"g": "x"}, "leaves": {"g": "x"}, "unknown": ["x"], "overage": True},
    },
}


def told(outcome: str) -> dict[str, Any]:
    shown: dict[str, Any] = {**hostile(OUTCOMES[outcome]), "outcome": outcome, "match": "email"}
    if "email" in shown:
        shown["email"] = {**dict(shown["email"]), "asks": None}
    return {**hostile(TEST), "outcome": shown}


PAGES = {
    "refused": lambda: pages.refused_page(exchange("claim_missing", {"attribute": EVIL, "received": [EVIL]})),
    "posting": lambda: pages.posting_page(f"https://idp.example/{EVIL}", {"SAMLRequest": EVIL, EVIL: EVIL}),
    "asked": lambda: pages.verify_page(
        verification("asked", {"display_name": EVIL}), "not_an_address", {"why": EVIL}, resend_in=1
    ),
    "asked for something odd": lambda: pages.verify_page(verification("asked", {}), EVIL, {}, resend_in=0),
    "waiting": lambda: pages.verify_page(
        verification("awaiting_approval", {"user_name": EVIL}), "", {}, resend_in=0
    ),
    "signed in": lambda: pages.signed_in_page(
        document={"userName": EVIL, "displayName": EVIL, "emails": [{"value": EVIL}]}, groups=[EVIL],
        proofs=[VerifiedEmail("con_1", "usr_1", EVIL, "code", 1)], state=SessionState(SESSION, "active", EVIL, True),
        origin="login", idp=EVIL,
    ),
    "start": lambda: pages.start_page("no_way", EVIL),
    "test, refused": lambda: pages.test_page(told("refused")),
    "test, admitted": lambda: pages.test_page(told("admitted")),
}  # fmt: skip


@pytest.mark.parametrize("name", PAGES)
def test_nothing_that_came_from_outside_is_markup(name: str) -> None:
    page = PAGES[name]()
    text = bytes(page.body).decode()
    read = Markup(text)
    assert not read.tags & {"img", "b", "iframe"}
    assert not [each for each in read.attributes if each.startswith("on")]
    assert read.scripts in ([], [pages.SUBMIT])
    assert "49" not in text
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_a_mail_is_one_subject_line_and_shows_an_enterprises_name_as_it_is() -> None:
    subject, text, html = pages.code_mail("123456", "Smith & Sons <script>\r\nBcc: all@x.test")
    assert subject == "123 456 is your code to sign in"
    assert "Smith & Sons <script>" in text
    assert "<script>" not in html
