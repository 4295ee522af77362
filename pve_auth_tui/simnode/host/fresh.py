"""Files of a fresh Proxmox VE 9 node that nothing but its operating system reads."""

from __future__ import annotations

from typing import Final

from pve_auth_tui.simnode.host import certstore, packages, pamstack
from pve_auth_tui.simnode.host.files import HostFiles
from pve_auth_tui.simnode.outside import ADDRESSES, DC1, DC2
from pve_auth_tui.simnode.rack_certificates import CA

RESOLV: Final = f"search example.com\nnameserver {ADDRESSES[DC1]}\nnameserver {ADDRESSES[DC2]}\n"
CA_HASHED: Final = f"{certstore.CERTS}/2156f7f4.0"
"""Written down: working it out takes a library that the demo loads only when it is needed."""
NSSWITCH: Final = """\
# /etc/nsswitch.conf
#
# Example configuration of GNU Name Service Switch functionality.
# If you have the `glibc-doc-reference' and `info' packages installed, try:
# `info libc "Name Service Switch"' for information about this file.

passwd:         files systemd
group:          files systemd
shadow:         files systemd
gshadow:        files systemd

hosts:          files dns
networks:       files

protocols:      db files
services:       db files
ethers:         db files
rpc:            db files

netgroup:       nis
"""
_ADDED: Final = "automount"
_SSS: Final = ("passwd", "group", "shadow", "services", "netgroup", _ADDED)


def lay(files: HostFiles) -> None:
    """What is not there yet; what somebody wrote stays."""
    wanted = {
        "etc/resolv.conf": RESOLV,
        "etc/nsswitch.conf": NSSWITCH,
        "etc/ca-certificates.conf": "",
        **pamstack.fresh(),
    }
    for path, text in wanted.items():
        if files.disk.read(path) is None:
            files.disk.write(path, text.encode())
    if files.disk.read(certstore.DEMO_CA) is None and CA in files.text(certstore.BUNDLE):
        for path in (certstore.DEMO_CA, f"{certstore.CERTS}/demo-ca.pem", CA_HASHED):
            files.disk.write(path, CA.encode())
    status = files.text(packages.STATUS)
    if "\nPackage: dpkg\n" not in f"\n{status}":
        more = [packages.stanza(name, version) for name, version in packages.BASE.items()]
        whole = packages.joined([*packages.stanzas(status), *more])
        files.disk.write(packages.STATUS, whole.encode())


def with_sss(text: str, *, on: bool) -> str:
    """nsswitch.conf as libnss-sss leaves it: six lines name it."""
    lines = []
    for line in text.splitlines():
        key = line.partition(":")[0]
        if key not in _SSS:
            lines.append(line)
        elif key != _ADDED:
            words = [word for word in line.split() if word != "sss"]
            lines.append(f"{words[0]:<16}{' '.join([*words[1:], *(['sss'] if on else [])])}")
    if on:
        lines.append(f"{_ADDED}:      sss")
    return "\n".join(lines) + "\n"
