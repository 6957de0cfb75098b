"""What no honest identity provider sends: a document that could be read in two ways."""

from typing import Final

from vestibule.explain.catalogue.sign_in.places import place
from vestibule.explain.catalogue.sign_in.reading import NOT_SET_UP, SignIn, at_idp, lowered, mend, story
from vestibule.explain.entry import Evidence, Explanation
from vestibule.saml.errors import CODES

_DOCUMENT = ("doctype", "comment_or_pi", "odd_id_attribute", "duplicate_id", "relative_namespace")
_SIGNATURE = (
    "signature_in_odd_place", "sig_shape", "sig_extra_child", "one_reference", "reference_not_parent", "transform",
)  # fmt: skip


def _tell(sign_in: SignIn) -> Explanation:
    code = sign_in.exchange.error or "doctype"
    said = CODES.get(code, "It is of a form that is not accepted.")
    return Explanation(
        code,
        f"The response is of a form that is refused as a forgery: {lowered(said)}.",
        "Known attacks on SAML work by a document that the signature's checker and the reader understand differently. "
        "No identity provider in use writes such a document; if yours does, something in between rewrites it.",
        (
            mend("Look at the response, and at where it came from", "vestibule explain --saml-response FILE"),
            at_idp(f"Compare with the sign-in as it is recorded there: {place(sign_in, 'log')}"),
        ),
        (Evidence(sign_in.text("element") or "document", sign_in.text("expected"), sign_in.text("received")),),
        NOT_SET_UP,
    )


ENTRIES: Final = (story(*_DOCUMENT, *_SIGNATURE, tell=_tell),)
