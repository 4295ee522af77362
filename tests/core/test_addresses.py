"""Where other nodes are asked: addresses and names of hosts, and nothing else that stands there."""

from __future__ import annotations

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pve_auth_tui.core.hostnames import host_name
from pve_auth_tui.core.recover.addresses import (
    MOST_NODES,
    MOST_PLACES,
    address,
    known_addresses,
)

COROSYNC = b"""\
nodelist {
  node {
    name: pve1
    nodeid: 1
    ring0_addr: 10.0.0.1
    ring1_addr: 192.0.2.21
  }
  node {
    ring1_addr: pve2-mgmt.example.com
    ring0_addr: 10.0.0.2
    name: pve2
  }
  node { name: pve3 ring0_addr: pve3 ring8_addr: 10.0.0.3 ring1_address: 10.0.0.3 }
}
totem {
  cluster_name: rack
  interface { linknumber: 0 ring0_addr: 10.9.9.9 }
}
"""
MEMBERS = json.dumps(
    {
        "nodename": "pve1",
        "cluster": {"name": "rack", "quorate": 0},
        "nodelist": {
            "pve1": {"ip": "192.0.2.21"},
            "pve2": {"ip": "192.0.2.22"},
            "pve4": {"ip": "2001:DB8:0::4"},
        },
    }
).encode()
HOSTS = b"""\
127.0.0.1 localhost
192.0.2.21 pve1.example.com pve1
192.0.2.23 pve3.example.com PVE3 # rack 3
192.0.2.99 pve2.ipmi.example.com
10.0.1.2   pve2
127.0.1.1  pve4
"""


def test_a_node_that_is_named_twice_keeps_what_was_said_first():
    data = b"nodelist { node { name: a ring0_addr: x } node { name: a ring0_addr: y } }"
    assert known_addresses("own", [data]).places == {"a": ("x",)}


def test_links_come_by_their_numbers_and_what_is_no_name_of_a_node_is_none():
    data = (
        b"nodelist { node { ring1_addr: y ring0_addr: x name: a } node { ring0_addr: z name: -o } "
        b"node { name: b.example.com ring0_addr: z } node { ring0_addr: z } }"
    )
    assert known_addresses("own", [data]).places == {"a": ("x", "y")}


def test_all_that_is_known_counts_and_the_links_come_first():
    known = known_addresses("pve1", [COROSYNC], MEMBERS, HOSTS)
    assert known.places == {
        "pve2": ("10.0.0.2", "pve2-mgmt.example.com", "192.0.2.22", "10.0.1.2"),
        "pve3": ("192.0.2.23",),
        "pve4": ("2001:db8::4",),
    }
    assert known.own == {"10.0.0.1", "192.0.2.21"}


def test_without_pmxcfs_corosync_conf_alone_is_enough():
    known = known_addresses("pve1", [COROSYNC])
    assert known.places["pve3"] == ("pve3",)
    assert list(known.places) == ["pve2", "pve3"]


def test_two_files_that_differ_both_count():
    """Corosync's own copy is older or newer than PVE's while a change is on its way."""
    moved = COROSYNC.replace(b"10.0.0.2", b"10.7.7.2")
    places = known_addresses("pve1", [COROSYNC, moved]).places["pve2"]
    assert places == ("10.0.0.2", "pve2-mgmt.example.com", "10.7.7.2")


def test_this_node_is_never_among_them_nor_what_leads_to_it():
    known = known_addresses("PVE1", [COROSYNC.replace(b"10.0.0.2", b"192.0.2.21")])
    assert known.places == {"pve2": ("pve2-mgmt.example.com",), "pve3": ("pve3",)}


@pytest.mark.parametrize(
    "hostile",
    [
        *("-oProxyCommand=reboot", "a;reboot", "$(reboot)", "`id`", "root@10.0.0.2", "10.0.0.2:22"),
        *("10.0.0.2/24", "[2001:db8::2]", "fe80::1", "fe80::1%-oX", "2001:db8::1%eth0", "a_b", ""),
        *(
            "127.0.0.1",
            "127.8.8.8",
            "::1",
            "0.0.0.0",  # noqa: S104
            "::",
            "224.0.0.1",
            "ff02::1",
            "255.255.255.255",
        ),
        *(
            "::ffff:127.0.0.1",
            "127.1",
            "0x7f000001",
            "2130706433",
            "0177.0.0.1",
            "1.2.3",
            "pve2\0x",
        ),
        *(
            "localhost",
            "localhost.",
            "LOCALHOST",
            "x.localhost",
            "localhost.localdomain",
            "\u0661.0.0.1",
        ),
        "x" * 64,
    ],
)
def test_what_is_no_address_of_another_machine_is_left_out(hostile: str) -> None:
    data = f"nodelist {{ node {{ name: pve2 ring0_addr: {hostile} }} }}".encode()
    assert known_addresses("pve1", [data]).places == {"pve2": ()}


def test_a_name_that_hosts_leads_to_loopback_leads_nowhere():
    data = b"nodelist { node { name: pve2 ring0_addr: pve2 } }"
    assert known_addresses("pve1", [data], b"", b"127.0.1.1 pve2\n").places == {"pve2": ()}


def test_an_ipv4_address_in_the_clothes_of_ipv6_is_itself():
    assert address("::ffff:192.0.2.22") == "192.0.2.22"
    assert address("2001:0DB8::0022") == "2001:db8::22"


def test_there_is_an_end_to_nodes_and_to_addresses():
    """R12: limits on everything foreign."""
    nodes = "".join(f"node {{ name: n{number} ring0_addr: 10.0.0.2 }} " for number in range(5000))
    assert len(known_addresses("pve1", [f"nodelist {{ {nodes} }}".encode()]).places) == MOST_NODES
    hosts = "".join(f"10.1.{n // 250}.{n % 250} pve2\n" for n in range(5000)).encode()
    data = b"nodelist { node { name: pve2 } }"
    assert len(known_addresses("pve1", [data], b"", hosts).places["pve2"]) == MOST_PLACES


PIECES = st.sampled_from(
    [
        *(b"nodelist {", b"node {", b"}", b"\n", b" ", b"name: ", b"pve2", b"ring0_addr: ", b"-o"),
        *(b"10.0.0.2", b"::1", b"#", b"\xff", b"ring7_addr: ", b"127.0.0.1", b"a.b", b"{", b"\0"),
    ]
)


@given(
    st.lists(PIECES | st.binary(max_size=6), max_size=40).map(b"".join),
    st.binary(max_size=60),
    st.lists(PIECES | st.binary(max_size=6), max_size=20).map(b"".join),
)
@example(b"nodelist { node { name: pve2 ring0_addr: -x } }", b"{}", b"-x pve2\n\n")
def test_whatever_the_bytes_are_only_addresses_and_host_names_come_out(corosync, members, hosts):
    known = known_addresses("pve1", [corosync, corosync], members, hosts)
    assert "pve1" not in known.places
    for places in known.places.values():
        assert not known.own.intersection(places)
        for place in places:
            assert place == address(place) or place == host_name(place)
            assert not place.startswith("-")
