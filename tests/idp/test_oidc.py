"""Sign-on by OpenID Connect over HTTP, seen by another library than the one that signs."""

import base64
import hashlib
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from tests.idp.browser import CALLBACK, CLIENT, NOW, Provider, form_of, provider
from vestibule.idp.apps import OidcClient
from vestibule.idp.mistakes import MISTAKES

VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
NINA = "nina.maiden@contoso.example"


def discovery(idp: Provider) -> Any:
    return idp.http.get(f"{idp.home}/v2.0/.well-known/openid-configuration").json()


def authorize(idp: Provider, **more: str | None) -> httpx2.Response:
    query = {
        "client_id": CLIENT.id, "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid profile email",
        "state": "s1", "nonce": "n1", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    } | more  # fmt: skip
    return idp.http.get(
        discovery(idp)["authorization_endpoint"],
        params={name: value for name, value in query.items() if value is not None},
    )


def sent(answer: httpx2.Response) -> dict[str, str]:
    assert answer.status_code == 302, answer.text
    url = urlsplit(answer.headers["location"])
    assert f"{url.scheme}://{url.netloc}{url.path}" == CALLBACK
    return {name: values[0] for name, values in parse_qs(url.query).items()}


def code(idp: Provider, who: str = "ana@contoso.example", **more: str | None) -> str:
    idp.forget()
    return sent(idp.be(authorize(idp, **more), who))["code"]


def redeem(idp: Provider, given: str, auth: Any = (CLIENT.id, "s3cret%26%25"), **more: str) -> httpx2.Response:
    form = {"grant_type": "authorization_code", "code": given, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return idp.http.post(discovery(idp)["token_endpoint"], data=form | more, auth=auth)


def tokens(idp: Provider, who: str = "ana@contoso.example", **more: str | None) -> Any:
    answer = redeem(idp, code(idp, who, **more))
    assert answer.status_code == 200, answer.text
    return answer.json()


def claims(idp: Provider, who: str = "ana@contoso.example", **more: str | None) -> dict[str, Any]:
    """The claims of an ID token whose signature is good by the published keys."""
    return read(idp, tokens(idp, who, **more)["id_token"])


def read(idp: Provider, token: str) -> dict[str, Any]:
    keys = KeySet.import_key_set(idp.http.get(discovery(idp)["jwks_uri"]).json())
    return jwt.decode(token, keys, algorithms=["RS256"]).claims


def unread(token: str) -> dict[str, Any]:
    import orjson

    part = token.split(".")[1]
    return orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


def test_a_sign_on_gives_an_id_token_that_another_library_verifies(idp: Provider) -> None:
    idp.forget()
    answer = sent(idp.be(authorize(idp), "ana@contoso.example"))
    assert (answer["state"], answer["iss"]) == ("s1", discovery(idp)["issuer"])
    found = read(idp, redeem(idp, answer["code"]).json()["id_token"])
    ana = idp.state.people.find("ana@contoso.example")
    subject = found.pop("sub")
    assert re.fullmatch(r"[\w\-]{43}", subject)
    assert found == {
        "aud": CLIENT.id, "iss": f"{idp.url}{idp.home}/v2.0", "iat": NOW // 1_000_000, "nbf": NOW // 1_000_000,
        "exp": NOW // 1_000_000 + 3_600, "auth_time": NOW // 1_000_000, "tid": idp.state.people.tenant_id,
        "ver": "2.0", "oid": ana.id, "nonce": "n1", "name": "Ana García", "preferred_username": ana.upn,
        "given_name": "Ana", "family_name": "García", "email": ana.mail, "groups": [each.id for each in ana.groups],
    }  # fmt: skip


def test_the_userinfo_is_of_the_same_person(idp: Provider) -> None:
    given = tokens(idp)
    url = discovery(idp)["userinfo_endpoint"]
    info = idp.http.get(url, headers={"Authorization": f"Bearer {given['access_token']}"}).json()
    assert info["sub"] == unread(given["id_token"])["sub"]
    assert (info["email"], info["name"]) == ("ana@contoso.example", "Ana García")
    assert idp.http.get(url, headers={"Authorization": "Bearer x"}).status_code == 401


def test_claims_are_by_scope_and_an_absent_mail_is_absent(idp: Provider) -> None:
    assert {"email", "name"}.isdisjoint(claims(idp, scope="openid"))
    assert "email" not in claims(idp, "dmitri@contoso.example")
    assert claims(idp, "dmitri@contoso.example")["preferred_username"] == "dmitri@contoso.example"


def test_the_claim_about_the_mails_domain_is_there_when_it_is_configured(idp: Provider) -> None:
    client = OidcClient("edov", "s", (CALLBACK,), xms_edov=True)
    idp.state.clients["edov"] = client
    for who, owned in (("ana@contoso.example", True), ("gus_partner.example#EXT#@contoso.onmicrosoft.example", False)):
        given = code(idp, who, client_id="edov")
        assert read(idp, redeem(idp, given, ("edov", "s")).json()["id_token"])["xms_edov"] is owned


def test_an_answer_may_be_posted_and_its_state_is_escaped(idp: Provider) -> None:
    state = '"><script>alert(1)</script>'
    page = idp.be(authorize(idp, response_mode="form_post", state=state), "ana@contoso.example")
    assert "<script>alert" not in page.text
    form = form_of(page)
    assert (form.url, form.fields["state"], form.fields["iss"]) == (CALLBACK, state, discovery(idp)["issuer"])
    assert redeem(idp, form.fields["code"]).status_code == 200


@pytest.mark.parametrize(
    ("more", "number"),
    [
        ({"client_id": "nobody"}, 700016),
        ({"redirect_uri": f"{CALLBACK}/"}, 50011),
        ({"redirect_uri": "http://rp.example/callback"}, 50011),
        ({"redirect_uri": None}, 90014),
        ({"response_mode": "fragment"}, 90014),
    ],
)
def test_what_is_wrong_with_the_address_is_shown_and_sent_nowhere(
    idp: Provider, more: dict[str, str | None], number: int
) -> None:
    page = authorize(idp, **more)
    assert (page.status_code, f"AADSTS{number}: " in page.text) == (400, True)


@pytest.mark.parametrize(
    ("more", "error", "number"),
    [
        ({"response_type": "token"}, "unsupported_response_type", 700054),
        ({"scope": "profile"}, "invalid_request", 90014),
        ({"code_challenge": "short"}, "invalid_request", 50147),
        ({"code_challenge_method": "S512"}, "invalid_request", 90014),
        ({"prompt": "none"}, "login_required", 50058),
    ],
)
def test_what_is_wrong_with_the_rest_is_sent_to_the_client(
    idp: Provider, more: dict[str, str | None], error: str, number: int
) -> None:
    answer = sent(authorize(idp, **more))
    assert (answer["error"], answer["state"]) == (error, "s1")
    assert answer["error_description"].startswith(f"AADSTS{number}: ")


def test_who_is_not_assigned_is_refused_at_the_client(idp: Provider) -> None:
    answer = sent(idp.be(authorize(idp), "olaf@contoso.example"))
    assert (answer["error"], answer["error_description"][:12]) == ("access_denied", "AADSTS50105:")


def test_who_is_signed_in_is_asked_again_only_when_the_client_says_so(idp: Provider) -> None:
    code(idp)
    assert sent(authorize(idp, prompt="none"))["code"]
    assert form_of(authorize(idp, prompt="login")).url.endswith("/login")


@pytest.mark.parametrize(
    ("auth", "more", "status", "error"),
    [
        ((CLIENT.id, "wrong"), {}, 401, "invalid_client"),
        (("nobody", "wrong"), {}, 401, "unauthorized_client"),
        (None, {"client_id": CLIENT.id}, 401, "invalid_client"),
        ((CLIENT.id, "s3cret%26%25"), {"code_verifier": "w" * 43}, 400, "invalid_grant"),
        ((CLIENT.id, "s3cret%26%25"), {"redirect_uri": f"{CALLBACK}/"}, 400, "invalid_grant"),
        ((CLIENT.id, "s3cret%26%25"), {"code": "x"}, 400, "invalid_grant"),
        ((CLIENT.id, "s3cret%26%25"), {"grant_type": "password"}, 400, "unsupported_grant_type"),
    ],
)
def test_a_code_is_not_redeemed_by_a_wrong_request(
    idp: Provider, auth: Any, more: dict[str, str], status: int, error: str
) -> None:
    answer = redeem(idp, code(idp), auth, **more)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert re.match(r"AADSTS\d+: ", answer.json()["error_description"])


def test_a_secret_in_the_form_is_as_good(idp: Provider) -> None:
    assert redeem(idp, code(idp), None, client_id=CLIENT.id, client_secret=CLIENT.secret).status_code == 200


def test_a_code_is_good_once_and_a_second_time_takes_back_what_it_gave(idp: Provider) -> None:
    given = code(idp)
    bearer = {"Authorization": f"Bearer {redeem(idp, given).json()['access_token']}"}
    url = discovery(idp)["userinfo_endpoint"]
    assert idp.http.get(url, headers=bearer).status_code == 200
    assert redeem(idp, given).json()["error_codes"] == [54005]
    assert idp.http.get(url, headers=bearer).status_code == 401


def test_a_code_of_another_client_or_of_yesterday_is_no_good(idp: Provider) -> None:
    idp.state.clients["other"] = OidcClient("other", "o", (CALLBACK,))
    assert redeem(idp, code(idp), ("other", "o")).json()["error_codes"] == [70000]
    given = code(idp)
    idp.control(clock_offset=601)
    assert redeem(idp, given).json()["error_codes"] == [70000]


def test_keys_roll_over_and_old_tokens_stay_good() -> None:
    with provider() as idp:
        first = tokens(idp)["id_token"]
        idp.control(certificate="roll")
        assert len(idp.http.get(discovery(idp)["jwks_uri"]).json()["keys"]) == 2
        assert first.split(".")[0] == tokens(idp)["id_token"].split(".")[0]
        idp.control(certificate="activate")
        second = tokens(idp)["id_token"]
        assert first.split(".")[0] != second.split(".")[0]
        assert (read(idp, first)["nonce"], read(idp, second)["nonce"]) == ("n1", "n1")


def test_signing_out_goes_on_only_to_an_address_that_a_client_registered(idp: Provider) -> None:
    code(idp)
    url = discovery(idp)["end_session_endpoint"]
    left = idp.http.get(url, params={"post_logout_redirect_uri": "https://rp.example/bye", "state": "x y"})
    assert left.headers["location"] == "https://rp.example/bye?state=x+y"
    assert form_of(authorize(idp)).url.endswith("/login")
    stayed = idp.http.get(url, params={"post_logout_redirect_uri": "https://evil.example/"})
    assert (stayed.status_code, "location" in stayed.headers) == (200, False)


def test_the_issuer_of_everybodys_tenant_names_none(idp: Provider) -> None:
    told = idp.http.get("/common/v2.0/.well-known/openid-configuration").json()
    assert told["issuer"] == f"{idp.url}/{{tenantid}}/v2.0"


SEEN: dict[str, Any] = {
    "email_literal": lambda found: found["email"] == "user.email",
    "email_empty": lambda found: found["email"] == "",
    "no_mail": lambda found: "email" not in found,
    "upn_as_email": lambda found: found["email"] == NINA,
    "wrong_audience": lambda found: found["aud"] == f"{CLIENT.id}/",
    "wrong_issuer": lambda found: found["iss"] == f"https://sts.windows.net/{found['tid']}/",
    "clock_ahead": lambda found: found["iat"] == NOW // 1_000_000 + 600,
    "clock_behind": lambda found: found["iat"] == NOW // 1_000_000 - 600,
    "groups_names": lambda found: found["groups"] == ["Everybody"],
    "groups_overage": lambda found: (
        "groups" not in found and found["_claim_names"] == {"groups": "src1"} and "src1" in found["_claim_sources"]
    ),
    "guest": lambda found: "#EXT#" in found["preferred_username"] and found["email"].endswith("@partner.example"),
    "wrong_nonce": lambda found: found["nonce"] != "n1",
}
OTHERWISE_SEEN = {"unknown_certificate", "certificate_rolled", "unsigned", "user_not_assigned"}


def test_every_mistake_of_openid_connect_is_looked_at() -> None:
    assert {each.name for each in MISTAKES if "oidc" in each.protocols} == set(SEEN) | OTHERWISE_SEEN


@pytest.mark.parametrize("name", SEEN)
def test_a_mistake_is_seen_in_the_token(idp: Provider, name: str) -> None:
    assert not SEEN[name](claims(idp, NINA))
    idp.control(mistakes=[name])
    assert SEEN[name](claims(idp, NINA))


@pytest.mark.parametrize("name", ["unknown_certificate", "unsigned"])
def test_a_token_that_no_published_key_signed_is_refused_by_the_other_library(idp: Provider, name: str) -> None:
    idp.control(mistakes=[name])
    token = tokens(idp)["id_token"]
    assert unread(token)["nonce"] == "n1"
    with pytest.raises((JoseError, ValueError)):
        read(idp, token)


def test_the_next_key_signs_already_when_it_has_rolled(idp: Provider) -> None:
    before = KeySet.import_key_set(idp.http.get(discovery(idp)["jwks_uri"]).json())
    idp.control(mistakes=["certificate_rolled"])
    token = tokens(idp)["id_token"]
    with pytest.raises((JoseError, ValueError)):
        jwt.decode(token, before, algorithms=["RS256"])
    assert read(idp, token)["nonce"] == "n1"


def test_nobody_is_assigned_when_that_is_switched_on(idp: Provider) -> None:
    idp.control(mistakes=["user_not_assigned"])
    assert "AADSTS50105" in sent(idp.be(authorize(idp), NINA))["error_description"]
