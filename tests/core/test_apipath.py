"""What a name holds never becomes another path, another parameter or another name (R2)."""

import re
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.apipath import checked, quoted, unquoted
from pve_auth_tui.core.errors import UsageError

# PVE takes any userid without blanks, `:` and `/` before the last `@` (reference 2).
NAMES = st.text(
    st.characters(exclude_characters=":/", exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]),
    min_size=1,
    max_size=40,
)
USERIDS = st.builds("{}@{}".format, NAMES, st.sampled_from(["pam", "pve", "corp", "my-idp.2"]))


def as_pve_reads_it(path):
    """`uri_unescape($uri->path())`, which decodes nothing, split as its router does."""
    assert path.isascii()
    return unquote_to_bytes(urlsplit(f"https://pve1:8006{path}").path).split(b"/")[1:]


@given(USERIDS)
def test_pve_unquotes_exactly_the_userid_that_was_meant(userid):
    *before, seen = as_pve_reads_it(quoted(("access", "users", userid)))
    assert before == [b"access", b"users"]
    in_user_cfg = userid.encode("latin-1" if max(userid) < "\u0100" else "utf-8")
    assert seen == in_user_cfg


@given(USERIDS, NAMES)
def test_parts_stay_apart_whatever_they_hold(userid, other):
    if other in {".", ".."}:
        return
    assert len(as_pve_reads_it(quoted(("access", userid, other, "x")))) == 4


@given(USERIDS)
def test_a_quoted_path_has_no_sign_that_a_client_or_server_reads(userid):
    assert re.fullmatch(r"(/[A-Za-z0-9@!._~%-]+)+", quoted(("access", "users", userid)))


@pytest.mark.parametrize(
    ("userid", "part"),
    [
        ("joe@pve", "joe@pve"),
        ("joe@pve!ci", "joe@pve!ci"),
        ("root@pam#x@corp", "root@pam%23x@corp"),
        ("a?groups=admins@pve", "a%3Fgroups%3Dadmins@pve"),
        ("100%@pve", "100%25@pve"),
        ("a%2Fb@pve", "a%252Fb@pve"),
        ("dom\\user@pve", "dom%5Cuser@pve"),
        ("a;b&c+d@pve", "a%3Bb%26c%2Bd@pve"),
        ("Üser@pve", "%DCser@pve"),
        ("žofie@corp", "%C5%BEofie@corp"),
    ],
)
def test_dangerous_names_by_example(userid, part):
    assert quoted(("access", "users", userid)) == f"/access/users/{part}"


def test_pves_own_modules_are_asked_without_quotes():
    assert unquoted(("access", "users", "root@pam#x@corp")) == "/access/users/root@pam#x@corp"


@pytest.mark.parametrize("part", ["", ".", "..", "a/b", "/", "a\0b", "\udc80@pve"])
@pytest.mark.parametrize("write", [quoted, unquoted, checked])
def test_what_can_be_no_part_is_refused(part, write):
    with pytest.raises(UsageError, match="nothing was sent"):
        write(("access", "users", part))
