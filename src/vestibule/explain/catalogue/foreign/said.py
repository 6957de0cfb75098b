"""What all stories of other servers' answers have in common: whose words, and how they are quoted."""

from collections.abc import Callable

from vestibule.explain.entry import Entry, Explanation, Fix
from vestibule.model import Exchange


def story(code: str, meaning: str, sentence: str, why: str, *fixes: Fix) -> Entry:
    """An entry for one meaning. `{server}` in the sentence is who answered; their own words stand behind it."""

    def tell(exchange: Exchange) -> Explanation:
        told = sentence.format(server=_server(exchange), status=exchange.status)
        return Explanation(f"foreign_{code}", f"{told}{_quoted(exchange)}", why, fixes)

    return Entry(f"foreign_{code}", _means(meaning), tell)


def _means(meaning: str) -> Callable[[Exchange], bool]:
    return lambda exchange: exchange.facts.get("foreign") is True and exchange.facts.get("meaning") == meaning


def _server(exchange: Exchange) -> str:
    return str(exchange.facts.get("sender") or "The server").replace("a server of", "A server of")


def _quoted(exchange: Exchange) -> str:
    """The server's own words."""
    said = on_one_line(str(exchange.facts.get("detail") or "")).rstrip(".")
    code = exchange.facts.get("their_code")
    beside = f" ({code})" if code and str(code) not in said else ""
    return f" It says: “{said}”{beside}." if said else f" It says {code}." if code else ""


def on_one_line(text: str) -> str:
    """A text of another's, printable and on one line."""
    return "".join(each for each in " ".join(text.split()) if each.isprintable())


def theirs(label: str) -> Fix:
    """What whoever runs that application does."""
    return Fix(label, "operator")


def idp(label: str) -> Fix:
    """What the identity provider's administrator does."""
    return Fix(label, "customer")
