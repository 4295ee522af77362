"""/etc/shadow: whose password can be right."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.unixshadow import usable_names

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


@given(st.binary())
def test_any_bytes_are_read(data):
    usable_names(data, NOW)
