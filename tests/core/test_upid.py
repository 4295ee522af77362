"""The names of PVE's tasks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.apipath import unquoted
from pve_auth_tui.core.upid import Upid, ended_well, parse

SYNC = "UPID:pve1:00002CAB:0003CDC9:6B021FBE:auth-realm-sync:corp:root@pam:"


def test_its_parts():
    assert parse(SYNC) == Upid(
        "pve1", 0x2CAB, 0x3CDC9, 0x6B021FBE, "auth-realm-sync", "corp", "root@pam"
    )


def test_a_long_uptime_a_token_and_no_id():
    found = parse("UPID:node-2:00000001:1FFFFFFFF:6B021FBE:aptupdate::ann@pve!ci:")
    assert (found.pstart, found.id, found.user) == (0x1FFFFFFFF, "", "ann@pve!ci")


@pytest.mark.parametrize(
    "other",
    [
        None,
        5,
        "",
        SYNC[:-1],
        f"{SYNC}\n",
        f" {SYNC}",
        SYNC.replace("corp", "../x"),
        SYNC.replace("corp", "a b"),
        SYNC.replace("pve1", "-"),
        SYNC.replace("pve1", "a.b"),
        SYNC.replace("6B021FBE", "6B021FBX"),
        SYNC.replace("6B021FBE", "6B021FB"),
        SYNC.replace("corp", "x" * 300),
    ],
)
def test_anything_else_is_no_task(other):
    assert parse(other) is None


@given(
    st.text() | st.from_regex(r"UPID:[^:]*:[0-9A-F]{8}:[0-9A-F]{8}:[0-9A-F]{8}:.*", fullmatch=True)
)
def test_what_is_one_can_stand_in_a_path(text):
    if parse(text):
        assert unquoted(("nodes", text)) == f"/nodes/{text}"


def test_warnings_are_no_failure():
    assert [ended_well(status) for status in ("OK", "WARNINGS: 2")] == [True, True]
    others = ("", "ok", "WARNINGS: x", "unexpected status", "Connection refused", "OK\n")
    assert not any(map(ended_well, others))
