"""Which network device has an address, and whether anything can go out over it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.recover.hosttextnet import (
    Cable,
    address_in_hosts,
    cable_of,
    is_address,
    read_devices,
)

# As iproute2 6.1 prints it (`ip -j -d addr`), without what nobody reads.
UP = ["BROADCAST", "MULTICAST", "UP", "LOWER_UP"]
PULLED = ["NO-CARRIER", "BROADCAST", "MULTICAST", "UP"]
OFF = ["BROADCAST", "MULTICAST"]


def device(name, flags=UP, address="", kind="", **more):
    state = "UP" if flags is UP else "DOWN"
    info = [{"family": "inet", "local": address, "prefixlen": 24}] if address else []
    link = {"linkinfo": {"info_kind": kind}} if kind else {}
    return {"ifname": name, "flags": flags, "operstate": state, "addr_info": info} | link | more


def cable(address, *devices):
    return cable_of(address, read_devices(json.dumps(devices)))


@pytest.mark.parametrize(("flags", "carrier"), [(UP, True), (PULLED, False), (OFF, False)])
def test_a_card_has_a_carrier_or_none(flags, carrier):
    assert cable("10.0.0.1", device("ens5f0", flags, "10.0.0.1")) == Cable("ens5f0", carrier)


def test_an_address_that_no_interface_has():
    assert cable("10.0.0.9", device("ens5f0", UP, "10.0.0.1")) == Cable()


def test_an_address_may_be_spelled_differently():
    assert cable("FD00:0::1", device("eno1", UP, "fd00::1")).interface == "eno1"


def test_a_bridge_that_only_its_guests_keep_up_leads_nowhere():
    found = cable(
        "10.0.0.1",
        device("eno1", PULLED, master="vmbr0"),
        device("vmbr0", UP, "10.0.0.1", "bridge"),
        device("tap100i0", UP, kind="tun", master="vmbr0"),
        device("veth101i0", UP, kind="veth", master="vmbr0", link="eth0"),
    )
    assert found == Cable("vmbr0", False, ("eno1",))


def test_a_bridge_over_a_bond_leads_out_as_long_as_one_cable_does():
    devices = [
        device("eno1", PULLED, master="bond0"),
        device("eno2", UP, master="bond0"),
        device("bond0", UP, kind="bond", master="vmbr0"),
        device("vmbr0", UP, "10.0.0.1", "bridge"),
    ]
    assert cable("10.0.0.1", *devices) == Cable("vmbr0", True, ("bond0", "eno1", "eno2"))
    devices[1] = device("eno2", PULLED, master="bond0")
    assert cable("10.0.0.1", *devices).carrier is False


def test_a_vlan_lies_on_a_card():
    found = cable(
        "10.0.0.1",
        device("eno1", PULLED),
        device("eno1.50", PULLED, "10.0.0.1", "vlan", link="eno1"),
    )
    assert found == Cable("eno1.50", False, ("eno1",))


def test_devices_in_a_circle_end():
    found = cable(
        "10.0.0.1",
        device("a", UP, "10.0.0.1", master="b", link="b"),
        device("b", UP, master="a", link="a"),
        *(device(f"c{number}", UP, master=f"c{number + 1}") for number in range(500)),
    )
    assert found == Cable("a", True, ("b",))


def test_names_are_looked_up_in_etc_hosts_alone():
    hosts = b"127.0.0.1 localhost\n# 10.0.0.9 pve1\n10.0.0.1 pve1.example.com pve1 # ring\nx pve1\n"
    assert address_in_hosts("pve1", hosts) == "10.0.0.1"
    assert address_in_hosts("10.1.1.1", hosts) == "10.1.1.1"
    assert address_in_hosts("pve2", hosts) == "pve2"
    assert address_in_hosts("pve1", b"\n\n") == "pve1"
    assert (is_address("fe80::1"), is_address("pve1"), is_address("")) == (True, False, False)


ANY = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text()),
    lambda inner: st.one_of(
        st.lists(inner),
        st.dictionaries(
            st.sampled_from(
                ["ifname", "flags", "operstate", "addr_info", "linkinfo", "local", "master", "link"]
            ),
            inner,
        ),
    ),
)


@given(st.one_of(st.text(), ANY.map(json.dumps)), st.text())
def test_any_output_is_read(text, address):
    cable_of(address, read_devices(text))


@pytest.mark.parametrize("text", ["[" * 100_000, '[{"ifname": 1}]', "{}", "9" * 5000])
def test_rubbish_has_no_devices(text):
    assert read_devices(text) == ()


@given(st.binary(), st.text())
def test_any_bytes_are_etc_hosts(data, name):
    address_in_hosts(name, data)
