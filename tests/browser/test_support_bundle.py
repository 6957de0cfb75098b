"""The page of a support bundle in a browser: without a network, in both colour schemes, at both widths."""

from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.chromium import Complaints, picture
from tests.browser.visitor import LOOKS, violations
from tests.conftest import Tenant
from tests.server.wire import GROUP, USER, entry
from tests.support.test_bundle import bundled
from vestibule.rollcall import Expectation, ExpectedPerson

LONG = "a-name-without-an-end-" * 12


def test_the_page_is_read_by_everybody(tenant: Tenant, chromium: Browser, tmp_path: Path) -> None:
    """With names and bodies that fit on no line, every part unfolded."""
    tenant.set(hold_emptied_group=1)
    ana = tenant.http.post("/Users", json={"schemas": [USER], "userName": f"{LONG}@x.example"}).json()["id"]
    group = {"schemas": [GROUP], "displayName": LONG, "members": [{"value": ana}]}
    tenant.http.post("/Groups", json=group)
    tenant.http.post("/Users", json={"schemas": [USER], "userName": "</pre><script>alert(1)</script>"})
    entry(tenant, tenant.http.get("/Users", params={"filter": f'{LONG} eq "</script>"'}))
    expected = Expectation(LONG, 2, (ExpectedPerson(f"{LONG}@x.example"), ExpectedPerson("zoe@x.example")))
    bundled(tenant, tmp_path / "bundle", expected, with_names=True)
    for scheme, width in LOOKS:
        with chromium.new_context(
            color_scheme=scheme, viewport={"width": width, "height": 800}, offline=True
        ) as context:
            page = context.new_page()
            complaints = Complaints(page)
            page.goto((tmp_path / "bundle" / "index.html").as_uri())
            page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            picture(page, f"bundle-{scheme}-{width}")
            assert violations(page) == []
            assert list(complaints.found) == []
