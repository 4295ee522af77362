"""corosync.conf and what corosync's tools print. The outputs are those of corosync 3.1.7, but for
the QDevice's, which are put together from corosync-quorumtool.c.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.recover.condition import Votes
from pve_auth_tui.core.recover.hosttextcorosync import (
    CorosyncConf,
    read_corosync_conf,
    tool_links,
    tool_votes,
)

CONF = b"""\
logging {
  debug: off
  to_syslog: yes
}

nodelist {
  node {
    name: pve1
    nodeid: 1
    quorum_votes: 1
    ring0_addr: 10.99.0.1
    ring1_addr: 10.99.1.1
  }
  node {
    name: pve2
    nodeid: 2
    quorum_votes: 1
    ring0_addr: 10.99.0.2
    ring1_addr: pve2-ring1
  }
}

quorum {
  provider: corosync_votequorum
}

totem {
  cluster_name: lab
  config_version: 2
  interface {
    linknumber: 0
  }
  version: 2
}
"""
PLAIN = read_corosync_conf(CONF)

LINKS = """\
Local node ID 1, transport knet
LINK ID 0 udp
\taddr\t= 10.99.0.1
\tstatus:
\t\tnodeid:          1:\tlocalhost
\t\tnodeid:          2:\tconnected
LINK ID 1 udp
\taddr\t= 10.99.1.1
\tstatus:
\t\tnodeid:          1:\tlocalhost
\t\tnodeid:          2:\tdisconnected
"""
ALONE = """\
Local node ID 1, transport knet
LINK ID 0 udp
\taddr\t= 10.99.0.1
\tstatus:
\t\tnodeid:          1:\tlocalhost
"""


def votes(expected, total, quorum, flags, members="", *, quorate="Yes"):
    return f"""\
Quorum information
------------------
Date:             Sun Nov 22 18:14:34 2026
Quorum provider:  corosync_votequorum
Nodes:            2
Node ID:          1
Ring ID:          1.9
Quorate:          {quorate}

Votequorum information
----------------------
Expected votes:   {expected}
Highest expected: {expected}
Total votes:      {total}
Quorum:           {quorum}
Flags:            {flags}

Membership information
----------------------
    Nodeid      Votes Name
         1          1 10.99.0.1 (local)
         2          1 10.99.0.2
{members}"""


WITH_DEVICE = """\
    Nodeid      Votes    Qdevice Name
         1          1    A,V,NMW 10.99.0.1 (local)
         2          1    A,V,NMW 10.99.0.2
         0          1            Qdevice
"""
WITHOUT_ITS_VOTE = """\
    Nodeid      Votes    Qdevice Name
         1          1   NA,NV,NMW 10.99.0.1 (local)
         0          0            Qdevice (votes 1)
"""


def test_the_file_tells_nodes_with_their_numbers_and_addresses():
    assert [(one.name, one.nodeid, dict(one.addresses)) for one in PLAIN.nodes] == [
        ("pve1", 1, {0: "10.99.0.1", 1: "10.99.1.1"}),
        ("pve2", 2, {0: "10.99.0.2", 1: "pve2-ring1"}),
    ]
    assert not PLAIN.two_node
    assert not PLAIN.device
    assert PLAIN.node("pve2") is PLAIN.nodes[1]
    assert PLAIN.node("pve9") is None
    assert (PLAIN.name_of(2), PLAIN.name_of(7)) == ("pve2", "7")


def test_a_device_and_two_node_stand_in_its_quorum_section():
    device = b"quorum { device { model: net votes: 1 net { host: 10.99.0.9 } } two_node: 1 }"
    conf = read_corosync_conf(device)
    assert (conf.two_node, conf.device) == (True, True)
    assert not read_corosync_conf(b"totem { two_node: 1 device { model: net } }").device
    assert not read_corosync_conf(b"quorum {\n # two_node: 1\n two_node: 0\n}").two_node


def test_lines_mean_nothing_but_for_comments():
    """As PVE reads it, word by word."""
    conf = read_corosync_conf(b"nodelist { node { nodeid: 3 name: a\nring0_addr: x # y: z\n} }")
    assert conf.nodes[0] == ("a", 3, {0: "x"})


def test_links_come_with_who_is_connected_over_them():
    assert [(one.number, one.address, one.peers) for one in tool_links(LINKS)] == [
        (0, "10.99.0.1", {2: True}),
        (1, "10.99.1.1", {2: False}),
    ]


def test_a_node_alone_has_a_link_to_nobody():
    assert tool_links(ALONE) == ((0, "10.99.0.1", {}),)


def test_an_older_corosync_writes_numbers_without_a_colon():
    (link,) = tool_links("LINK ID 0\n\taddr\t= 10.0.0.1\n\tstatus:\n\t\tnodeid  2:\tconnected\n")
    assert link == (0, "10.0.0.1", {2: True})


@pytest.mark.parametrize(
    ("text", "conf", "expected"),
    [
        (votes(2, 2, "2  ", "Quorate "), PLAIN, Votes(2, 2, 2)),
        (votes(2, 1, "2 Activity blocked", "", quorate="No"), PLAIN, Votes(1, 2, 2)),
        (votes(1, 1, "1  ", "Quorate "), PLAIN, Votes(1, 1, 1)),
        (
            votes(2, 1, "1 Activity blocked", "2Node WaitForAll ", quorate="No"),
            PLAIN,
            Votes(1, 2, 1, two_node=True),
        ),
        (
            votes(3, 3, "2  ", "Quorate Qdevice ", WITH_DEVICE),
            PLAIN,
            Votes(3, 3, 2, device=True),
        ),
        (
            votes(3, 1, "2 Activity blocked", "Qdevice ", WITHOUT_ITS_VOTE),
            PLAIN,
            Votes(1, 3, 2, device=False),
        ),
        (  # set up, but its daemon does not run
            votes(3, 2, "2  ", "Quorate "),
            CorosyncConf(PLAIN.nodes, device=True),
            Votes(2, 3, 2, device=False),
        ),
    ],
)
def test_votes_are_counted_as_corosync_counts_them(text, conf, expected):
    assert tool_votes(text, conf) == expected


@pytest.mark.parametrize(
    "said",
    [
        "",
        "Cannot initialize CMAP service\n",
        "Could not initialize corosync configuration API error 2\n",
        "Could not initialize corosync configuration API error CS_ERR_LIBRARY\n",
    ],
)
def test_a_dead_corosync_has_no_links_and_no_votes(said):
    assert tool_links(said) == ()
    assert tool_votes(said, PLAIN) is None


def test_a_name_that_reads_like_a_number_of_votes_changes_nothing():
    """R19: what another node is called stands behind the numbers, in the same output."""
    text = votes(2, 1, "2 Activity blocked", "", "         3          1 x\nTotal votes:  99\n")
    assert tool_votes(text, PLAIN) == Votes(1, 2, 2)


PIECES = st.sampled_from(
    [
        *LINKS.split("\n"),
        *WITH_DEVICE.split("\n"),
        *votes(2, 2, 2, "").split("\n"),
        " " * 99,
        "9" * 99,
    ]
)
WORDS = st.sampled_from([*CONF.decode().split(), "{", "}", "node", "quorum", "ring7_addr:", "\n"])


@given(st.one_of(st.text(), st.lists(PIECES).map("\n".join)))
def test_any_output_is_read(text):
    links = tool_links(text)
    assert len(links) <= 8
    assert all(len(one.peers) <= 256 and len(one.address) <= 256 for one in links)
    found = tool_votes(text, PLAIN)
    assert found is None or found.present is not None


@given(st.one_of(st.binary(), st.lists(WORDS).map(lambda words: " ".join(words).encode())))
def test_any_bytes_are_a_file(data):
    conf = read_corosync_conf(data)
    assert len(conf.nodes) <= 256
    assert all(0 <= link <= 7 for one in conf.nodes for link in one.addresses)


def test_a_file_without_measure_ends():
    assert read_corosync_conf(b"{ " * 200_000) == CorosyncConf()
    many = b"nodelist { " + b"node { nodeid: 1 } " * 10_000 + b"}"
    assert len(read_corosync_conf(many).nodes) == 256
