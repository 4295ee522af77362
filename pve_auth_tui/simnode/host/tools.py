"""Which tools the simulated operating system has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from pve_auth_tui.simnode.host import adcli, coreutils, identity, realmd, software, systemd
from pve_auth_tui.simnode.host.call import Call
from pve_auth_tui.simnode.host.machine import Machine

Tool = Callable[[Machine, Call], None]

TOOLS: Final[Mapping[str, Tool]] = {
    "adcli": adcli.adcli,
    "apt-get": software.apt_get,
    "cat": coreutils.cat,
    "chronyc": coreutils.chronyc,
    "cp": coreutils.cp,
    "dpkg-query": software.dpkg_query,
    "getent": identity.getent,
    "hostname": coreutils.hostname,
    "id": identity.id_,
    "install": coreutils.install,
    "klist": identity.klist,
    "openssl": coreutils.openssl,
    "pam-auth-update": software.pam_auth_update,
    "realm": realmd.realm,
    "rm": coreutils.rm,
    "sssctl": identity.sssctl,
    "systemctl": systemd.systemctl,
    "update-ca-certificates": coreutils.update_ca_certificates,
}
"""By the last part of argv's first word."""
