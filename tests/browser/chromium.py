"""A real browser: where it is found, how it is started, and what it complains of."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from playwright.sync_api import ConsoleMessage, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-gpu",
    "--disable-quic",
)
NONE_HERE = "no Chromium here: install one, or name it in VESTIBULE_TEST_CHROMIUM"


def executable() -> str | None:
    """The browser that `VESTIBULE_TEST_CHROMIUM` names, else one on the PATH."""
    named = os.environ.get("VESTIBULE_TEST_CHROMIUM")
    return named or next(filter(None, map(shutil.which, NAMES)), None)


def picture(page: Page, name: str) -> None:
    """Keep a screenshot when `VESTIBULE_TEST_SCREENSHOTS` names a folder for them."""
    folder = os.environ.get("VESTIBULE_TEST_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


class Complaints:
    """Errors of scripts, of the console, and violations of a page's own policy."""

    def __init__(self, page: Page) -> None:
        self._found: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self._found.append(str(error)))

    def _console(self, message: ConsoleMessage) -> None:
        # That a page came with 400 is reported as an error too, and is meant.
        if message.type in ("error", "warning") and "the server responded with a status of 4" not in message.text:
            self._found.append(message.text)

    @property
    def found(self) -> Sequence[str]:
        return self._found
