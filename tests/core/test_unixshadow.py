"""/etc/shadow: whose password can be right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.recover.condition import Shadow
from pve_auth_tui.core.unixshadow import state_of, usable_names

TODAY = 20000  # days since 1970
NOW = TODAY * 86400 + 3600.0
HASH = "$5$salt$5B8vYYiY"


def names(*lines):
    return usable_names("\n".join(lines).encode("latin-1"), NOW)


@pytest.mark.parametrize("hash", [HASH, "$y$j9T$salt$hash", "abJnggxhB/yWI"])
def test_a_hash_of_any_kind_is_a_password(hash):
    assert names(f"root:{hash}:19000:0:99999:7:::") == {"root"}


@pytest.mark.parametrize("hash", ["", "*", "!", "!!", f"!{HASH}", "x", "*LK*", "NP"])
def test_an_empty_or_locked_one_is_none(hash):
    assert names(f"root:{hash}:19000:0:99999:7:::") == frozenset()


@pytest.mark.parametrize(
    ("fields", "usable"),
    [
        ("19000:0:99999:7::", True),
        (":::::", True),
        ("19000:::::", True),
        ("0:0:99999:7::", False),  # must be changed at the next login
        ("19000:0:1000:7::", False),
        ("19000:0:1001:7::", True),
        ("19000:0:999:7:30:", False),  # pam_unix demands a new one, PVE cannot set it
        (f"{TODAY + 5}:0:0:7::", True),  # changed in the future: pam_unix shrugs
        (f"19000:0:99999:7::{TODAY}", False),
        (f"19000:0:99999:7::{TODAY + 1}", True),
        ("19000:0:99999:7::0", False),
        ("19000:0:99999:7::-1", True),
        ("-1:0:0:7::", True),
    ],
)
def test_accounts_and_passwords_expire(fields, usable):
    assert names(f"root:{HASH}:{fields}:") == ({"root"} if usable else set())


@pytest.mark.parametrize(
    "line",
    [
        f"root:{HASH}",
        f"root:{HASH}:19000:0:99999:7::",  # one field is missing
        f"root:{HASH}:19000:0:99999:7::::",  # one too many
        f"root:{HASH}:soon:0:99999:7:::",
        f"root:{HASH}:1_9:0:99999:7:::",
        f"root:{HASH}:19000:0:99999:7::\u0663:",
        "root",
        "",
    ],
)
def test_a_line_that_libc_does_not_read_is_none(line):
    assert usable_names(line.encode(), NOW) == frozenset()


def test_the_first_line_of_a_name_counts():
    assert names("ann:!:1::::::", f"ann:{HASH}:1::::::", f"bob:{HASH}:1::::::") == {"bob"}


def test_a_name_is_spelled_as_in_user_cfg():
    assert names(f"j\xfcrgen:{HASH}:19000:0:99999:7:::") == {"j\xfcrgen"}


# --- what is in the way ------------------------------------------------------------------------


def state(line):
    return state_of(f"daemon:*:1::::::\n{line}\n".encode("latin-1"), "root", NOW)


@pytest.mark.parametrize(
    ("hash", "expected"),
    [
        (HASH, Shadow.SET),
        ("", Shadow.NONE),
        ("*", Shadow.NONE),
        ("!", Shadow.NONE),
        ("!*", Shadow.NONE),  # as Debian has it for users without a password
        (f"!{HASH}", Shadow.LOCKED),  # passwd -l; a password is still there
        (f"!!{HASH}", Shadow.LOCKED),
        (f"*{HASH}", Shadow.NONE),
    ],
)
def test_a_locked_password_is_one_that_can_be_unlocked(hash, expected):
    assert state(f"root:{hash}:19000:0:99999:7:::") is expected


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("19000:0:99999:7::", Shadow.SET),
        ("0:0:99999:7::", Shadow.MUST_CHANGE),
        ("19000:0:1000:7::", Shadow.MUST_CHANGE),
        ("19000:0:990:7:30:", Shadow.MUST_CHANGE),  # ten days over, thirty are allowed
        ("19000:0:900:7:30:", Shadow.EXPIRED),
        ("19000:0:900:7:0:", Shadow.EXPIRED),
        (f"19000:0:99999:7::{TODAY}", Shadow.EXPIRED),
        (f"0:0:99999:7::{TODAY}", Shadow.EXPIRED),  # the account comes first
        ("soon:0:99999:7::", Shadow.NONE),
    ],
)
def test_what_has_expired_is_told_from_what_must_be_changed(fields, expected):
    assert state(f"root:{HASH}:{fields}:") is expected


def test_a_locked_password_of_an_expired_account_is_locked():
    assert state(f"root:!{HASH}:19000:0:99999:7::1:") is Shadow.LOCKED


def test_who_has_no_line_has_no_password():
    assert state("ann:x:1::::::") is Shadow.NONE
    assert state("root:") is Shadow.NONE
    assert state_of(b"", "root", NOW) is Shadow.NONE


NUMBERS = st.sampled_from(["", "0", "-1", "1", "900", "19000", "20000", "20001", "x"])


@given(st.sampled_from(["", "!", "*", HASH, f"!{HASH}"]), st.lists(NUMBERS, max_size=8))
def test_usable_is_exactly_what_is_set(hash, fields):
    data = ":".join(["root", hash, *fields]).encode()
    assert (state_of(data, "root", NOW) is Shadow.SET) == ("root" in usable_names(data, NOW))


@given(st.binary())
def test_any_bytes_are_read(data):
    usable_names(data, NOW)
    state_of(data, "root", NOW)
