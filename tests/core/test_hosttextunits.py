"""How units do, and whether the clock follows a time server, as systemd and chrony say."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.recover.condition import SERVICES, Service
from pve_auth_tui.core.recover.hosttextunits import (
    chrony_is_synchronised,
    is_synchronised,
    states_of_processes,
    unit_states,
)


def unit(name, load, active, sub, *, result="success", restarts=0):
    """As systemd 252 prints it: in its own order, an empty line between two units."""
    return (
        f"Result={result}\nNRestarts={restarts}\nId={name}.service\n"
        f"LoadState={load}\nActiveState={active}\nSubState={sub}\n"
    )


@pytest.mark.parametrize(
    ("states", "result", "restarts", "expected"),
    [
        ("loaded active running", "success", 0, Service.RUNS),
        ("loaded active running", "success", 4, Service.RUNS),  # it came up in the end
        ("loaded reloading reload", "success", 0, Service.RUNS),
        ("not-found active running", "success", 0, Service.RUNS),  # its file was removed
        ("not-found inactive dead", "success", 0, Service.ABSENT),
        ("masked inactive dead", "success", 0, Service.STOPPED),
        ("loaded inactive dead", "success", 0, Service.STOPPED),
        ("loaded deactivating stop-sigterm", "success", 0, Service.STOPPED),
        ("loaded activating start", "success", 0, Service.STOPPED),
        ("loaded activating start", "exit-code", 3, Service.FAILED),
        ("loaded activating auto-restart", "exit-code", 0, Service.FAILED),
        ("loaded activating auto-restart-queued", "exit-code", 1, Service.FAILED),
        ("loaded failed failed", "exit-code", 5, Service.FAILED),
        ("loaded maintenance dead", "success", 0, Service.UNKNOWN),
    ],
)
def test_a_unit_runs_or_not(states, result, restarts, expected):
    text = unit("pveproxy", *states.split(), result=result, restarts=restarts)
    assert unit_states(text) == {"pveproxy": expected}


def test_units_stand_one_after_another():
    text = "\n".join(
        [
            unit("corosync", "loaded", "failed", "failed", result="exit-code"),
            unit("pve-cluster", "loaded", "active", "running"),
            unit("corosync-qdevice", "not-found", "inactive", "dead"),
        ]
    )
    assert unit_states(text) == {
        "corosync": Service.FAILED,
        "pve-cluster": Service.RUNS,
        "corosync-qdevice": Service.ABSENT,
    }


def test_without_systemd_processes_tell():
    states = states_of_processes(["pmxcfs", "corosync-qdevic", "pveproxy"], complete=True)
    assert states["pve-cluster"] is Service.RUNS
    assert states["corosync-qdevice"] is Service.RUNS
    assert states["corosync"] is Service.STOPPED
    assert set(states) == set(SERVICES)


def test_what_may_be_hidden_has_not_stopped():
    states = states_of_processes(["pveproxy"], complete=False)
    assert states["pveproxy"] is Service.RUNS
    assert states["corosync"] is Service.UNKNOWN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NTP=yes\nNTPSynchronized=yes\n", True),
        ("NTP=yes\nNTPSynchronized=no\n", False),
        ("NTP=yes\n", None),
        ("", None),
    ],
)
def test_systemd_says_whether_the_clock_is_right(text, expected):
    assert is_synchronised(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Stratum         : 3\nLeap status     : Normal\n", True),
        ("Leap status     : Insert second\n", True),
        ("Reference ID    : 00000000 ()\nLeap status     : Not synchronised\n", False),
        ("506 Cannot talk to daemon\n", None),
    ],
)
def test_chrony_says_it_too(text, expected):
    assert chrony_is_synchronised(text) is expected


@given(
    st.one_of(st.text(), st.lists(st.sampled_from(unit("a", "b", "c", "d").split())).map("\n".join))
)
def test_any_output_is_read(text):
    unit_states(text)
    is_synchronised(text)
    chrony_is_synchronised(text)
