"""Somebody at a browser, and what every page of ours owes them."""

import itertools
from dataclasses import dataclass
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.chromium import Complaints, picture
from tests.sign_on.walk import ANA, Walk

LOOKS = tuple(itertools.product(("light", "dark"), (1_000, 360)))
EXAMINED = (("light", 1_000), ("dark", 360))
"""Each colour scheme and each width once; the rules see no more in the other two."""
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}


def violations(page: Page) -> list[Any]:
    """What keeps somebody from using the page, by the rules of WCAG 2.2 AA: each rule with the elements."""
    found = Axe().run(page, options=RULES).response["violations"]
    return [(each["id"], [node["html"] for node in each["nodes"]]) for each in found]


@dataclass
class Visitor:
    """One person, one browser, with scripts or without."""

    page: Page
    walk: Walk
    scripts: bool
    complaints: Complaints

    def begin(self, query: str = "") -> None:
        """As far as the identity provider's sign-in page."""
        self.page.goto(self.walk.url("login") + query)
        if not self.scripts and self.page.url.startswith(self.walk.url("login")):
            self.press("Go on")
        self.page.wait_for_url(f"{self.walk.provider.url}/**")

    def vouched(self, who: str = ANA) -> None:
        """Sign in at the identity provider, and come back."""
        self.page.get_by_label("Sign-in name").fill(who)
        self.page.get_by_role("button", name="Sign in", exact=True).click()
        if not self.scripts and self.walk.protocol == "saml":
            self.press("Continue")
        self.back()

    def back(self) -> None:
        self.page.wait_for_url(f"{self.walk.vestibule.base_url}/**")

    def sign_in(self, who: str = ANA, query: str = "") -> None:
        self.begin(query)
        self.vouched(who)

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def sees(self, heading: str) -> None:
        """The page's one heading."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(heading)

    def looks_well(self, name: str) -> None:
        """In light and dark, wide and narrow: nothing sticks out, and everybody can use it (WCAG 2.2 AA)."""
        if not self.scripts:
            return
        for scheme, width in LOOKS:
            self.page.emulate_media(color_scheme=scheme)
            self.page.set_viewport_size({"width": width, "height": 800})
            picture(self.page, f"{name}-{scheme}-{width}")
            overhang = self.page.evaluate("document.documentElement.scrollWidth - innerWidth")
            assert overhang <= 0, f"{name} is {overhang} pixels too wide at {width}"
            if (scheme, width) not in EXAMINED:
                continue
            assert violations(self.page) == []
        self.page.set_viewport_size({"width": 1_000, "height": 800})
