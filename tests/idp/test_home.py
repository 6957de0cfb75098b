"""The front page: tiles, addresses, and the switches for people."""

from tests.idp.browser import Provider
from vestibule.idp.mistakes import MISTAKES
from vestibule.idp.pages import with_code


def test_the_page_tells_what_to_give_to_the_application_and_what_it_is_not_for(idp: Provider) -> None:
    text = idp.http.get("/").text
    told = idp.http.get("/control").json()["apps"][0]
    for wanted in ("Not for production", told["login_url"], told["issuer"], told["entity_id"]):
        assert wanted in text
    assert f'href="{told["tile_url"].removeprefix(idp.url)}"' in text


def test_mistakes_are_ticked_on_the_page_and_keep_their_number(idp: Provider) -> None:
    idp.control(mistakes=["clock_ahead=90"])
    assert 'value="clock_ahead=90" checked' in idp.http.get("/").text
    ticked = {"mistake": ["sha1", "clock_ahead=90"]}
    assert idp.http.post("/mistakes", data=ticked, headers={"Origin": idp.url}).status_code == 303
    assert idp.http.get("/control").json()["mistakes"] == ["sha1", "clock_ahead=90"]
    assert idp.http.post("/mistakes", data={}).status_code == 303
    assert idp.http.get("/control").json()["mistakes"] == []


def test_another_site_cannot_tick_them(idp: Provider) -> None:
    for origin in ("https://evil.example", "null"):
        answer = idp.http.post("/mistakes", data={"mistake": "sha1"}, headers={"Origin": origin})
        assert answer.status_code == 403
    assert idp.http.get("/control").json()["mistakes"] == []


def test_every_page_forbids_what_it_does_not_need(idp: Provider) -> None:
    for page in (idp.http.get("/"), idp.ask(), idp.http.get(f"{idp.home}/saml2")):
        assert page.headers["content-security-policy"].startswith("default-src 'none'")
        assert "Not for production" in page.text


def test_sentences_of_the_register_are_escaped_and_end() -> None:
    assert with_code("a `<b>` c") == "a <code>&lt;b&gt;</code> c"
    assert [each.name for each in MISTAKES if each.sentence.count("`") % 2 or each.sentence[-1] not in ".`"] == []
