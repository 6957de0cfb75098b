"""`user_conflict_email_existing_account`: a user was made whose address another account has already."""

from vestibule.explain.entry import Do, Entry, Explanation, Fix, subject
from vestibule.model import Exchange


def _fits(exchange: Exchange) -> bool:
    return exchange.status < 400 and bool(exchange.facts.get("same_email"))


def _tell(exchange: Exchange) -> Explanation:
    same = exchange.facts["same_email"]
    conflict, arguments = same["conflict"], {"conflict": same["conflict"]}
    con = exchange.connection_id
    return Explanation(
        "user_conflict_email_existing_account",
        f"The {subject(exchange)} was created, but the account {same['holder']} has the same e-mail {same['value']}.",
        "That account was made by the app or by a sign-in and may be the same person's. An address alone takes nobody "
        "over, so both are kept until an administrator decides.",
        (
            Fix(
                "If it is the same person, let the new account take over the memberships of the other one",
                "operator",
                f"vestibule conflict link {con} {conflict}",
                Do("link_conflict", arguments),
            ),
            Fix(
                "If they are two people, dismiss it",
                "operator",
                f"vestibule conflict dismiss {con} {conflict}",
                Do("dismiss_conflict", arguments),
            ),
        ),
    )


ENTRY = Entry("user_conflict_email_existing_account", _fits, _tell)
