"""The filters that PVE composes, and the syntax of those that people type."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.directory.filters import (
    escaped,
    filter_problem,
    group_filter,
    person_filter,
    user_filter,
)
from pve_auth_tui.core.directory.settings import DirectorySettings, settings_of
from pve_auth_tui.core.domains import Realm


def of(**options: str) -> DirectorySettings:
    return settings_of(Realm("corp", "ldap", {"server1": "a", **options}))


def test_users_have_any_mapped_attribute_and_any_class() -> None:
    assert user_filter(of(), ["uid", "mail"]) == (
        "(&(|(uid=*)(mail=*))"
        "(|(objectclass=inetorgperson)(objectclass=posixaccount)(objectclass=person)"
        "(objectclass=user)))"
    )


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("memberOf=cn=admins", "(memberOf=cn=admins)"),
        ("(memberOf=cn=admins)", "(memberOf=cn=admins)"),
        ("(a=b)(c=d)", "(a=b)(c=d)"),
        ("(a=b", "((a=b)"),
    ],
)
def test_a_realms_own_filter_stands_before_it_with_brackets_around(typed: str, sent: str) -> None:
    assert user_filter(of(filter=typed, user_classes="person"), ["uid"]) == (
        f"(&{sent}(&(|(uid=*))(|(objectclass=person))))"
    )
    assert group_filter(of(group_filter=typed, group_classes="group")) == (
        f"(&{sent}(|(objectclass=group)))"
    )


def test_a_filter_that_perl_takes_for_nothing_is_none() -> None:
    assert group_filter(of(group_filter="0", group_classes="group")) == "(|(objectclass=group))"


def test_groups_have_any_of_the_classes() -> None:
    assert group_filter(of()) == (
        "(|(objectclass=groupOfNames)(objectclass=group)(objectclass=univentionGroup)"
        "(objectclass=ipausergroup))"
    )


def test_no_sign_of_a_login_name_means_anything_to_the_filter() -> None:
    assert person_filter(of(user_attr="cn"), "a*(b)\\\0ü") == "(cn=a\\2a\\28b\\29\\5c\\00ü)"


def test_an_ad_realm_looks_for_the_account_name() -> None:
    settings = settings_of(Realm("corp", "ad", {"server1": "a", "domain": "example.com"}))
    assert person_filter(settings, "anna") == "(sAMAccountName=anna)"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "a=b",
        "(a=b)",
        "(a=b)(c=d)",
        "&(a=b)(c=d)",
        "!(a=b)",
        "(&)",
        "(& (a=b) (!(c=d*e*)) )",
        "(memberOf:1.2.840.113556.1.4.1941:=cn=ä)",
        "(:dn:2.4.6.8.10:=x)",
        r"(a;lang-de>=\2a)",
        "(a=)",
    ],
)
def test_a_filter_that_is_fine(typed: str) -> None:
    assert filter_problem(typed) == ""


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("(a=b", 'It begins with "(" and must end with ")", without blanks around it.'),
        (" (a=b)", 'It begins with "(" and must end with ")", without blanks around it.'),
        ("a=b)", 'After "a=b)", there is one ")" too many.'),
        ("(a=b))", 'After "(a=b)", there is one ")" too many.'),
        ("(&(a=b)", 'A ")" is missing at the end.'),
        ("(a=b)x(c=d)", 'After "(a=b)", a "(" or a ")" is missing.'),
        ("(!(a=b)(c=d))", 'After "(!(a=b)(c=d)", "!" takes exactly one filter in brackets.'),
        ("name", "At the beginning, an attribute with one of = >= <= ~= := is missing."),
        ("((a=b))", 'After "(", an attribute with one of = >= <= ~= := is missing.'),
        ("(a=(b))", r'After "(a=", a bracket in a value is written \28.'),
        ("(a>=*)", r'After "(a>=", a "*" only stands behind "="; write \2a for the sign itself.'),
        (
            r"(a=\2)",
            'After "(a=", a backslash takes two hexadecimal digits after it '
            r"(\5c is a backslash).",
        ),
        ("(a=\0)", r'After "(a=", a NUL is written \00.'),
        ("(a=[/]\x1b(b))", r'After "(a=[/]\x1b", a bracket in a value is written \28.'),
    ],
)
def test_what_is_wrong_is_said_with_the_place(typed: str, problem: str) -> None:
    assert filter_problem(typed) == problem


# An independent parser: what is right is taken out from the inside to the outside.
_NAME = r"(?:[A-Za-z][A-Za-z0-9_-]*|[0-9]+(?:\.[0-9]+)*)"
_DESCRIBED = rf"{_NAME}(?:;[A-Za-z0-9_-]+)*"
_SIGN = r"(?:[^\\()*\x00]|\\[0-9A-Fa-f]{2})"
_ITEM = (
    rf"\(\s*(?:{_DESCRIBED}\s*=(?:{_SIGN}|\*)*|{_DESCRIBED}\s*[<>~]={_SIGN}*"
    rf"|(?:{_DESCRIBED})?(?::[dD][nN])?(?::{_NAME})?:={_SIGN}*)\)"
)
_TAKEN = "\x01"
_LISTS = (rf"\(\s*[&|]\s*(?:{_TAKEN}\s*)*\)", rf"\(\s*!\s*{_TAKEN}\s*\)")


def well_formed(text: str) -> bool:
    """Of filters that stand in brackets, one after the other."""
    rest = re.sub(_ITEM, _TAKEN, text)
    while True:
        before = rest
        for pattern in _LISTS:
            rest = re.sub(pattern, _TAKEN, rest)
        if rest == before:
            return re.fullmatch(rf"(?:{_TAKEN}\s*)*", rest) is not None


@given(st.text("()&|!=*\\ab2f :<>~;.d\0n", max_size=24))
def test_an_independent_parser_agrees(typed: str) -> None:
    bracketed = typed if re.match(r"\(.*\)$", typed) or not typed else f"({typed})"
    assert (filter_problem(typed) == "") == well_formed(bracketed)


_VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\n"), max_size=8)
_ITEMS = st.builds(
    "({}{}{})".format,
    st.sampled_from(["cn", "1.2.3", "a;binary", "memberOf"]),
    st.sampled_from(["=", ">=", "<=", "~=", ":=", ":1.2.840.113556.1.4.1941:="]),
    _VALUES.map(escaped),
)
_FILTERS = st.recursive(
    _ITEMS,
    lambda inner: st.one_of(
        inner.map("(!{})".format),
        st.builds("({}{})".format, st.sampled_from("&|"), st.lists(inner, max_size=3).map("".join)),
    ),
    max_leaves=6,
)


@given(_FILTERS)
def test_whatever_is_built_by_the_rules_is_fine(built: str) -> None:
    assert filter_problem(built) == ""


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=30))
def test_an_escaped_name_is_one_value_whatever_it_holds(name: str) -> None:
    wanted = person_filter(of(), name)
    assert re.fullmatch(r"\(uid=[^()*\0]*\)", wanted)
    assert re.sub(r"\\(..)", lambda found: chr(int(found[1], 16)), wanted) == f"(uid={name})"


@given(st.text(max_size=60))
def test_no_text_makes_it_fail(typed: str) -> None:
    assert isinstance(filter_problem(typed), str)
