"""How two texts that should be equal differ, in a few words."""

from urllib.parse import urlsplit


def how_differs(expected: str | None, received: str | None) -> str | None:
    """E.g. `only in the slash at the end`; None where it is no single small thing, or one of the two is not there."""
    if not expected or not received or expected == received:
        return None
    if expected.strip() == received.strip():
        return "only in space around it"
    if expected.rstrip("/") == received.rstrip("/"):
        return f"only in the slash at the end, which {'is missing' if expected.endswith('/') else 'is one too many'}"
    if received.removeprefix("spn:") == expected:
        return "only in `spn:`, which stands before it"
    if expected.lower() == received.lower():
        return "only in capital and small letters"
    return _in_address(expected, received)


def _in_address(expected: str, received: str) -> str | None:
    try:
        due, came = urlsplit(expected), urlsplit(received)
    except ValueError:
        return None
    if not (due.scheme and due.netloc and came.scheme and came.netloc):
        return None
    if due.scheme != came.scheme and due[1:] == came[1:]:
        return f"only in {came.scheme} in place of {due.scheme}"
    if due.netloc.lower() != came.netloc.lower():
        return f"in the host, which is {came.netloc} in place of {due.netloc}"
    return None
