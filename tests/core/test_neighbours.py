"""What answers prove: a node that is wrongly taken for dead leads into a cluster in two halves."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.recover.neighbour import (
    Came,
    Outcome,
    Status,
    ahead,
    is_enough,
    merged,
    of_ssh,
    of_status,
    refused_clause,
    status,
    web_address,
)

A, B = "10.0.0.2", "192.0.2.22"
SILENT = Outcome(A, Came.NOBODY, "nobody answers at A")
SILENT_B = Outcome(B, Came.NOBODY, "nobody answers at B")
NO_WAY = Outcome(A, Came.NO_WAY, "no network of this node leads to A")
SOMEBODY = Outcome(B, Came.SOMEBODY, "B refuses port 8006")
FAILED = Outcome(B, Came.UNASKED, "B could not be asked")
LIVES = Outcome(B, Came.PROVED, "it says nothing of quorum", web="https://B:8006", ahead=2.0)
QUORATE = Outcome(A, Came.PROVED, quorate=True)
CUT_OFF = Outcome(B, Came.PROVED, quorate=False)

QUORUMTOOL = """\
Quorum information
------------------
Date:             Thu Jan  1 00:00:00 2026
Quorum provider:  corosync_votequorum
Nodes:            2
Node ID:          0x00000002
Ring ID:          2.1c
Quorate:          {}

Votequorum information
----------------------
Expected votes:   3
Highest expected: 3
Total votes:      2
Quorum:           2
Flags:            {}
"""


@pytest.mark.parametrize(
    ("outcomes", "alive", "quorate"),
    [
        ([QUORATE, LIVES], True, True),
        ([CUT_OFF], True, False),
        ([LIVES, SILENT], True, None),
        ([QUORATE, CUT_OFF], True, True),  # it cannot be both; the graver for who is cut off
        ([CUT_OFF._replace(address=A), QUORATE._replace(address=B)], True, True),
        ([SILENT, SILENT_B], False, None),
        ([SILENT_B, NO_WAY], False, None),
        ([SILENT, SOMEBODY], None, None),
        ([NO_WAY], None, None),
        ([NO_WAY, Outcome(B, Came.NO_WAY)], None, None),  # it is our own network that is down
        ([SILENT, FAILED], None, None),
        ([SILENT], None, None),  # nothing was heard of the other address, not even silence
        ([SILENT, SILENT_B, FAILED], False, None),
        ([], None, None),
    ],
)
def test_alive_takes_proof_and_dead_takes_silence_everywhere(outcomes, alive, quorate):
    for order in permutations(outcomes):
        found = merged("pve2", (A, B), order)
        assert (found.name, found.alive, found.quorate) == ("pve2", alive, quorate)
        assert found.asked == (A, B)


def test_what_is_known_is_taken_from_wherever_it_came():
    found = merged("pve2", (A, B), [LIVES, QUORATE])
    assert (found.address, found.web, found.ahead, found.why) == (A, "https://B:8006", 2.0, "")


def test_why_nothing_more_is_known_is_told_once_each():
    assert merged("pve2", (A, B), [SILENT, SILENT_B, SILENT, FAILED]).why == (
        "nobody answers at A; nobody answers at B"
    )
    assert merged("pve2", (A, B), [SILENT_B, SOMEBODY, SILENT]).why == (
        "B refuses port 8006; nobody answers at A"
    )
    assert merged("pve2", (A, B), [LIVES, SILENT]).why == "it says nothing of quorum"
    assert merged("pve2", (), []).why == "no address of it is known here"


def test_a_long_story_is_cut_off():
    places = tuple(f"10.0.0.{number}" for number in range(10))
    outcomes = [Outcome(place, Came.NOBODY, f"nobody answers at {place}") for place in places]
    assert merged("pve2", places, outcomes).why.endswith("; nobody answers at 10.0.0.3; ...")


@given(st.lists(st.sampled_from([SILENT, SILENT_B, NO_WAY, SOMEBODY, FAILED, LIVES, QUORATE])))
def test_no_mixture_makes_a_node_dead_that_answered_or_alive_that_did_not(outcomes):
    found = merged("pve2", (A, B), outcomes)
    assert (found.alive is True) == any(one.came is Came.PROVED for one in outcomes)
    if found.alive is False:
        assert {one.came for one in outcomes} <= {Came.NOBODY, Came.NO_WAY, Came.UNASKED}
        assert SILENT in outcomes or SILENT_B in outcomes
    assert found.alive or not found.address
    assert (found.why == "") == (found.quorate is not None)  # None and no why: not asked yet


def test_only_quorum_is_the_end_of_asking():
    assert is_enough(QUORATE)
    assert is_enough(CUT_OFF)
    assert not is_enough(LIVES)
    assert not is_enough(SOMEBODY)


# --- https ---------------------------------------------------------------------------------

LOCAL = {"type": "node", "name": "pve2", "local": 1}
OTHER = {"type": "node", "name": "pve3", "local": 0}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ([{"type": "cluster", "quorate": 1}, OTHER, LOCAL], Status(True, "pve2")),
        ([{"type": "cluster", "quorate": 0}, LOCAL], Status(False, "pve2")),
        ([{"type": "cluster", "quorate": "1"}], Status(True, "")),
        ([{"type": "cluster", "quorate": True}], Status(True, "")),
        ([LOCAL], Status(None, "pve2")),
        ([{"type": "cluster"}, OTHER], Status(None, "")),
        *(([{"type": "cluster", "quorate": odd}], Status()) for odd in (None, 2, [], "yes", 10**9)),
        *((odd, Status()) for odd in (None, {}, "x", 7, [None, 7, [], {"type": []}])),
        ([{**LOCAL, "name": ["pve2"]}], Status(None, "")),
    ],
)
def test_the_row_of_the_cluster_has_the_quorum_and_the_local_one_the_name(data, expected):
    assert status(data) == expected


def test_an_answer_under_another_nodes_name_is_no_proof():
    found = of_status("pve2", A, Status(True, "pve3"), shared=False)
    assert (found.came, found.quorate) == (Came.SOMEBODY, None)
    assert of_status("pve2", A, Status(True, "PVE2"), shared=True).came is Came.PROVED
    assert of_status("pve2", A, Status(True, ""), shared=True).came is Came.SOMEBODY
    assert of_status("pve2", A, Status(True, ""), shared=False).came is Came.PROVED


def test_a_refusal_is_told_in_words():
    assert "root@pam is disabled" in refused_clause(401)
    assert refused_clause(596) == "its pveproxy answers with HTTP status 596"


@pytest.mark.parametrize(
    ("date", "seconds"),
    [
        ("Thu, 01 Jan 1970 00:16:40 GMT", 0.0),
        ("Thu, 01 Jan 1970 00:16:30 GMT", -10.0),
        ("Fri, 01 Jan 1971 00:16:40 GMT", 365 * 86_400.0),
        *((odd, None) for odd in ("", "yesterday", "Thu, 99 Jan 1970 00:16:40 GMT", "x" * 10_000)),
        ("Thu, 01 Jan 99999999 00:00:00 GMT", None),
    ],
)
def test_the_clock_of_the_other_is_told_in_whole_seconds_before_ours(date, seconds):
    assert ahead(date, 1000.9) == seconds


@given(st.text(max_size=70))
def test_no_text_in_place_of_a_date_fails(date):
    assert ahead(date, 1000.0) is None or isinstance(ahead(date, 1000.0), float)


@pytest.mark.parametrize(
    ("full", "address", "names", "web"),
    [
        ("pve2.example.com", A, ["pve2", "pve2.example.com"], "pve2.example.com"),
        ("pve2.example.com", A, ["*.example.com"], "pve2.example.com"),
        ("pve2.example.com", A, ["pve2.other.org", "cluster.other.org"], "pve2.other.org"),
        ("pve2", A, ["localhost", "pve2", "PVE2.Example.com"], "pve2.example.com"),
        ("pve2.example.com", A, ["pve2"], A),
        ("pve2.example.com", A, [], A),
        ("pve2.a.example.com", A, ["*.example.com"], A),
        ("pve2", "2001:db8::2", ["cluster.example.com"], "[2001:db8::2]"),
        ("pve2", A, ["pve2.x/../y", "pve2.\x1b[2J", "pve2."], A),
    ],
)
def test_browsers_are_sent_to_the_name_that_the_certificate_has(full, address, names, web):
    assert web_address("pve2", full, address, names) == f"https://{web}:8006"


# --- ssh -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("word", "code", "quorate"), [("Yes", 0, True), ("No", 2, False)])
def test_corosync_quorumtool_says_it_in_one_line(word, code, quorate):
    """Exit code 2: it is not quorate (corosync 3, quorumtool)."""
    found = of_ssh(A, code, QUORUMTOOL.format(word, "Quorate" if quorate else ""))
    assert found == Outcome(A, Came.PROVED, quorate=quorate)


@pytest.mark.parametrize("code", [1, 126, 127])
def test_a_command_that_failed_over_there_still_ran_there(code):
    found = of_ssh(A, code, "Cannot initialize QUORUM service\n")
    assert (found.came, found.quorate) == (Came.PROVED, None)
    assert "corosync may be dead" in found.why


@pytest.mark.parametrize("code", [255, None, -9, -11])
@pytest.mark.parametrize("said", ["", QUORUMTOOL.format("Yes", "Quorate")])
def test_whatever_is_printed_without_an_end_over_there_is_no_proof(code, said):
    """Who has not shown its host key yet can already say something, which ssh prints."""
    found = of_ssh(A, code, said)
    assert (found.came, found.quorate) == (Came.SOMEBODY, None)


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (None, ""),  # it took the connection, said its version, and no more
        (255, "Connection timed out during banner exchange\nConnection to x port 22 timed out"),
        (255, "Protocol major versions differ: 2 vs. 1"),
        (255, "Unable to negotiate with x port 22: no matching host key type found."),
        (255, ""),
    ],
)
def test_a_node_that_takes_connections_and_hangs_is_not_silent(code, said):
    """With its disks dead it may have quorum all the same: corosync needs none."""
    outcomes = [Outcome(A, Came.NOBODY, "nobody"), of_ssh(A, code, said)]
    assert merged("pve2", (A,), outcomes).alive is None


@pytest.mark.parametrize(
    ("said", "came", "why"),
    [
        ("ssh: connect to host x port 22: Host is down", Came.NOBODY, "nobody answers"),
        ("ssh: connect to host x port 22: Connection timed out", Came.NOBODY, "nobody answers"),
        ("ssh: connect to host x port 22: No route to host", Came.NOBODY, "nobody answers"),
        ("ssh: connect to host x port 22: Network is unreachable", Came.NO_WAY, "no network"),
        ("ssh: connect to host x port 22: Connection refused", Came.SOMEBODY, "refuses ssh"),
        ("root@x: Permission denied (publickey).", Came.SOMEBODY, "not root's key"),
        ("No ED25519 host key is known for pve2 and you have", Came.SOMEBODY, "is not known here"),
        ("@ WARNING @\nHost key verification failed.", Came.SOMEBODY, "another ssh host key"),
        ("kex_exchange_identification: Connection closed by", Came.SOMEBODY, "ends ssh at once"),
    ],
)
def test_why_ssh_gave_up_is_told_in_words(said, came, why):
    found = of_ssh(A, 255, said)
    assert found.came is came
    assert why in found.why
    assert A in found.why
