"""Lists of people: exports are known by their headings, anything else is read by what it says, faults are told by line."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vestibule.rollcall.lists import InvalidList, Row, read_csv_list, read_names
from vestibule.store.roll_calls import ExpectedPerson

ENTRA = """\ufeffid,userPrincipalName,displayName,objectType,userType,isUser,isGroup,isGuest
6d3f,ana@acme.example,Ana,User,Member,True,False,False
7a10,bob_partner.example#EXT#@acme.onmicrosoft.com,Bob,User,Guest,True,False,True
99aa,,Inner,Group,,False,True,False
"""
ENTRA_NEW = """Object ID,User principal name,Display name,Member type
6d3f,ana@acme.example,Ana,User
99aa,,Inner,Group
"""
ENTRA_TEMPLATE = """version:v1.0
Member object ID or user principal name [memberObjectIdOrUpn] Required
ana@acme.example
"""
OKTA = """login,email,firstName,lastName,status
ana@acme.example,ana@mail.example,Ana,Li,ACTIVE
cleo@acme.example,cleo@mail.example,Cleo,Ray,DEPROVISIONED
"""
GOOGLE = """Group Email [Required],Member Email,Member Name,Member Role,Member Type
all@acme.example,ana@acme.example,Ana,MEMBER,USER
all@acme.example,inner@acme.example,,MEMBER,GROUP
"""


def rows(text: str) -> list[Row]:
    return list(read_csv_list(text.splitlines(keepends=True), "members.csv").rows)


def person(name: str, *ids: str, enabled: bool = True) -> ExpectedPerson:
    return ExpectedPerson(name, frozenset(ids), enabled)


@pytest.mark.parametrize(
    ("text", "sender", "people", "nested"),
    [
        (ENTRA, "entra", [person("ana@acme.example", "6d3f"), person("bob_partner.example", "7a10")], ["Inner"]),
        (ENTRA_NEW, "entra", [person("ana@acme.example", "6d3f")], ["Inner"]),
        (ENTRA_TEMPLATE, "entra", [person("ana@acme.example")], []),
        (OKTA, "okta", [person("ana@acme.example"), person("cleo@acme.example", enabled=False)], []),
        (GOOGLE, "google", [person("ana@acme.example")], ["inner@acme.example"]),
        ("E-mail;x\nana@acme.example;1\n", "csv", [person("ana@acme.example")], []),
        ("user name\tid\n\nAna\t7\n", "csv", [person("Ana", "7")], []),
        ("id\n7\n", "csv", [person("7", "7")], []),
    ],
)
def test_an_export_is_known_by_its_headings(
    text: str, sender: str, people: list[ExpectedPerson], nested: list[str]
) -> None:
    assert read_csv_list(text.splitlines(keepends=True), "x").sender == sender
    assert [each.person for each in rows(text) if not each.nested] == people
    assert [each.person.user_name for each in rows(text) if each.nested] == nested


def test_the_group_of_a_row_is_told_where_the_file_names_it() -> None:
    assert {each.group for each in rows(GOOGLE)} == {"all@acme.example"}
    assert read_csv_list([GOOGLE.splitlines()[0]], "x").names_groups
    assert not read_csv_list([ENTRA.splitlines()[0]], "x").names_groups


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "members.csv: the file is empty"),
        ("version:v1.0\n", "is empty"),
        ("first,last\nAna,Li\n", "members.csv, line 1: no column tells who it is. There is first, last; one of userPr"),
        ("userName,id\n,\n ,7\nx,y,z\n", "row 4: 3 cells under 2 headings"),
        ("userName,x\n,7\n", "row 2: nobody is named"),
        ('userName\n"a"b\n', "row 2: this is not CSV"),
    ],
)
def test_a_fault_is_told_with_its_place(text: str, words: str) -> None:
    with pytest.raises(InvalidList) as caught:
        rows(text)
    assert words in str(caught.value)


def test_names_are_read_as_they_are_pasted() -> None:
    text = ["\ufeffana@x\n", "  ben@x ; cleo@x,\n", "# the contractors\n", '"Dan Li" <dan@x>  # new\n', "\n"]
    assert [each.user_name for each in read_names(text, "-")] == ["ana@x", "ben@x", "cleo@x", "dan@x"]
    guest = "bob_p.example#EXT#@acme.onmicrosoft.com"
    assert [each.user_name for each in read_names([guest], "-")] == ["bob_p.example"]
    with pytest.raises(InvalidList, match="nobody is named"):
        list(read_names(["\n", "# nobody"], "-"))


@given(st.lists(st.text(st.characters(blacklist_categories=("Cs",)), max_size=60), max_size=8))
def test_any_text_is_read_or_refused_in_words(lines: list[str]) -> None:
    for read in (lambda: list(read_csv_list(lines, "x").rows), lambda: list(read_names(lines, "x"))):
        try:
            found = read()
        except InvalidList as told:
            assert str(told).startswith("x")
        else:
            assert all(each for each in found)
