"""What one types behind `/`, and which rows that leaves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.find import field_value, haystack, parse_query
from pve_auth_tui.core.listing import Row

ROWS = (
    Row("root@pam", ("root", "pam", "yes"), {"realm": "pam", "tfa": "key totp", "name": ""}),
    Row("Anna@corp", ("Anna", "corp", "yes"), {"realm": "corp", "tfa": "totp", "name": "anna a"}),
    Row("bob@corp", ("bob", "corp", "no"), {"realm": "corp", "tfa": "none", "name": "strasse"}),
    Row("lab-1@pve", ("lab-1", "pve", "yes"), {"realm": "pve", "tfa": "none", "name": ""}),
)  # fmt: skip
FIELDS = ("realm", "tfa", "name")


def found(text):
    rows = parse_query(text, FIELDS).select(ROWS, [haystack(row) for row in ROWS])
    return [ROWS[index].key for index in rows]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", ["root@pam", "Anna@corp", "bob@corp", "lab-1@pve"]),
        ("ANN", ["Anna@corp"]),
        ("corp yes", ["Anna@corp"]),
        ("realm:corp", ["Anna@corp", "bob@corp"]),
        ("REALM:Co", ["Anna@corp", "bob@corp"]),
        ("realm:p", ["root@pam", "lab-1@pve"]),
        ("realm:corp tfa:none", ["bob@corp"]),
        ("tfa:totp", ["root@pam", "Anna@corp"]),
        ("-realm:corp", ["root@pam", "lab-1@pve"]),
        ("-corp -lab", ["root@pam"]),
        ('name:"anna a"', ["Anna@corp"]),
        ("name:STRAßE", ["bob@corp"]),
        ('"lab-1"', ["lab-1@pve"]),
        ('-"lab-1" tfa:none', ["bob@corp"]),
        ("nobody", []),
    ],
)
def test_everything_typed_must_fit(text, keys):
    assert found(text) == keys


@pytest.mark.parametrize("begun", ["realm:", "-", '"', "   ", '-realm:"'])
def test_what_is_only_begun_leaves_nothing_out_yet(begun):
    assert len(found(begun)) == len(ROWS)


def test_a_word_does_not_reach_over_two_cells():
    assert found('"root pam"') == []


def test_an_unknown_field_is_said_and_looked_for_as_text():
    query = parse_query("realm:corp shoe:42", FIELDS)
    assert query.problem == (
        "No field shoe here, so it was looked for as text. Fields: realm, tfa, name."
    )
    rows = [Row("a", ("shoe:42",), {"realm": "corp"}), Row("b", ("x",), {"realm": "corp"})]
    assert list(query.select(rows, [haystack(row) for row in rows])) == [0]


def test_a_row_without_the_field_is_not_found_by_it():
    rows = [Row("a", ("x",), {}), Row("b", ("x",), {"realm": "corp"})]
    assert list(parse_query("realm:corp").select(rows, ["x", "x"])) == [1]


def test_a_field_of_several_words_is_found_by_each():
    assert field_value(["Ops-Corp", "Lab"]) == "ops-corp lab"


@given(st.text())
def test_anything_can_be_typed(text):
    query = parse_query(text, FIELDS)
    assert set(query.select(ROWS, [haystack(row) for row in ROWS])) <= {0, 1, 2, 3}
