"""The network's devices, from what `ip -j -d addr` prints (ip-address(8), ipaddress.c of iproute2).

Never raises, whatever the text is; what cannot be understood is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final, NamedTuple

_MOST: Final = 4096  # devices; a host with a thousand guests has three thousand
_DEEP: Final = 8
_OF_GUESTS: Final = frozenset({"tun", "veth"})  # the ends of guests' cables


class Device(NamedTuple):
    """A network device. `signal`: it is up and has a carrier; None when its state is not told.
    `master`: the bridge or bond it belongs to; `below`: what a VLAN lies on; `kind`: "" of a card.
    """

    name: str
    addresses: tuple[str, ...] = ()
    signal: bool | None = None
    master: str = ""
    below: str = ""
    kind: str = ""


class Cable(NamedTuple):
    """What an address hangs on. `ports`: the devices below a bridge, bond or VLAN that lead out of
    this node, the cards last; () for a card itself. `carrier`: something can go out over it.
    """

    interface: str = ""
    carrier: bool | None = None
    ports: tuple[str, ...] = ()


def read_devices(text: str) -> tuple[Device, ...]:
    """All devices, in the kernel's order."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    entries = found[:_MOST] if isinstance(found, list) else []
    read = (_device(entry) for entry in entries if isinstance(entry, dict))
    return tuple(one for one in read if one.name)


def cable_of(address: str, devices: Iterable[Device]) -> Cable:
    """Which device has that address, and whether anything can go out over it.

    A bridge has a carrier as long as one guest's cable does; that leads nowhere when its own
    card has none. So guests' ends do not count.
    """
    all_of_them = tuple(devices)
    wanted = _plain(address)
    for one in all_of_them:
        if wanted and wanted in one.addresses:
            ports: list[str] = []
            carrier = _leads_out(one, all_of_them, ports, _DEEP)
            return Cable(one.name, carrier, tuple(port for port in ports if port != one.name))
    return Cable()


def is_address(text: str) -> bool:
    """Whether it is one, and not a name."""
    return bool(_plain(text))


def address_in_hosts(text: str, hosts: bytes) -> str:
    """The address that /etc/hosts has for a name; an address, or an unknown name, as it is.

    No name server is asked: corosync.conf may hold names, but when the network is gone nobody
    answers.
    """
    if is_address(text):
        return text
    for line in hosts.decode(errors="replace").split("\n"):
        words = line.partition("#")[0].split()
        if text in words[1:] and is_address(words[0]):
            return words[0]
    return text


def _leads_out(
    one: Device, devices: tuple[Device, ...], ports: list[str], deep: int
) -> bool | None:
    """`ports` gets what lies below; nothing is looked at twice, so a circle ends."""
    below = [each for each in devices if _lies_below(each, one) and each.name not in ports]
    if not below or not deep:
        return one.signal
    ports.extend(each.name for each in below)
    found = [_leads_out(each, devices, ports, deep - 1) for each in below]
    if one.signal is False:
        return False
    return True if True in found else None if None in found else False


def _lies_below(lower: Device, upper: Device) -> bool:
    is_one = lower.master == upper.name or upper.below == lower.name
    return is_one and lower.name != upper.name and lower.kind not in _OF_GUESTS


def _device(entry: dict[str, object]) -> Device:
    flags, state = entry.get("flags"), entry.get("operstate")
    signal: bool | None = None
    if isinstance(flags, list):
        if "LOWER_UP" in flags:
            signal = True
        elif "NO-CARRIER" in flags or "UP" not in flags or state == "DOWN":
            signal = False
    linkinfo = entry.get("linkinfo")
    kind = linkinfo.get("info_kind") if isinstance(linkinfo, dict) else ""
    info = entry.get("addr_info")
    lines = info[:_MOST] if isinstance(info, list) else []
    local = (_plain(_text(line.get("local"))) for line in lines if isinstance(line, dict))
    return Device(
        _text(entry.get("ifname")),
        tuple(one for one in local if one),
        signal,
        _text(entry.get("master")),
        _text(entry.get("link")),
        _text(kind),
    )


def _plain(address: str) -> str:
    """One spelling of an address; "" for what is none."""
    try:
        return str(ip_address(address))
    except ValueError:
        return ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
