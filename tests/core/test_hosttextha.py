"""What PVE's HA manager manages, and where."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.recover.hosttextha import managed, places

RESOURCES = b"""\
vm: 100
\tstate started

ct: 101
\tcomment state ignored
\tmax_restart 2

vm: 102
\tstate ignored
"""


def test_an_ignored_service_counts_as_not_managed():
    assert managed(RESOURCES) == {"vm:100", "ct:101"}
    assert managed(b"") == frozenset()


def test_the_manager_tells_where_it_put_them():
    status = {
        "master_node": "pve2",
        "node_status": {"pve1": "online"},
        "service_status": {
            "vm:100": {"node": "pve1", "state": "started", "uid": "x"},
            "ct:101": {"state": "queued"},
            "ct:102": "pve1",
        },
    }
    assert places(json.dumps(status).encode()) == {"vm:100": "pve1"}


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b'{"service_status": 3}', b"[" * 100_000])
def test_rubbish_puts_them_nowhere(data):
    assert places(data) == {}


@given(st.binary())
def test_any_bytes_are_read(data):
    managed(data)
    places(data)
    managed(RESOURCES + data)
