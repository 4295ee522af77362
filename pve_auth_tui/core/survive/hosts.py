"""What a host in PVE's settings needs to be found: DNS, or nothing."""

from __future__ import annotations

from ipaddress import ip_address

from pve_auth_tui.core import weburl


def is_address(host: str) -> bool:
    """Whether it is an IP address, in brackets or without."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return False
    return True


def is_here(host: str) -> bool:
    """Whether it is the loopback, which every node knows without DNS."""
    if host.lower() == "localhost":
        return True
    return is_address(host) and ip_address(host.strip("[]")).is_loopback


def host_of(url: str) -> str:
    """The host of a URL; "" where that is none."""
    try:
        return weburl.parse(url).host
    except weburl.BadUrl:
        return ""
