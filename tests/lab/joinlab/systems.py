"""The nodes' Debian: without what a join needs (its packages lie in apt's cache), and with it.

python -m tests.lab.joinlab.systems builds all of it: a cold CI does so beside its first steps.
"""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests.lab.adlab import trees
from tests.lab.adlab.machines import Machine
from tests.lab.adlab.places import Place

SUITES: Final = ("bookworm", "trixie")  # of Proxmox VE 8 and 9
PACKAGES: Final = (
    "ca-certificates",
    "dbus",
    "iproute2",
    "libpam-modules",
    "libpam-runtime",
    "openssl",
    "pamtester",
    "procps",
    "python3",
    "python3-cffi-backend",
    "systemd",
    "systemd-sysv",
)
# what a join may want; they and what they need can be installed without a network
JOIN: Final = (
    "adcli",
    "krb5-user",
    "libnss-sss",
    "libpam-sss",
    "libsss-sudo",
    "oddjob",
    "oddjob-mkhomedir",
    "packagekit",
    "polkitd",
    "realmd",
    "samba-common-bin",
    "sssd",
    "sssd-tools",
)
# of those what an administrator of a joined node has, and our plan installs
READY: Final = (
    "adcli",
    "krb5-user",
    "libnss-sss",
    "libpam-sss",
    "packagekit",
    "realmd",
    "samba-common-bin",
    "sssd",
    "sssd-tools",
)
_APT: Final = 'APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-get --yes'
_FETCH: Final = (
    'rm -f "$1"/var/cache/apt/archives/*.deb',
    f"{_APT} --no-install-recommends --download-only install {' '.join(JOIN)}",
)
_INSTALL: Final = f"apt-get --yes --no-install-recommends install {' '.join(READY)}"


def bare(suite: str) -> tuple[Path, ...]:
    """A node on which no tool of a join is installed; trees, uppermost first."""
    return (trees.tree("node", PACKAGES, suite, hooks=_FETCH, keep=("apt/lists", "apt/cache")),)


def ready(suite: str) -> tuple[Path, ...]:
    """The same with the tools installed."""
    (below,) = bare(suite)

    def build(made: Path, log: Path) -> None:
        place, folder = Place(), made.with_suffix(".folder")
        for leftover in (folder, made):
            shutil.rmtree(leftover, ignore_errors=True)
        shared = folder.with_suffix(".shared")
        shared.mkdir(exist_ok=True)
        command = ("sh", "-ec", _INSTALL)
        machine = Machine("node", [below], place, folder, command, shared=shared, kept=made)
        try:
            machine.wait()
        finally:
            machine.close()
            place.close()
            log.write_text(machine.said)
        for leftover in (folder, shared, Path(f"{made}.work")):
            shutil.rmtree(leftover)

    return (trees.kept("node-ready", (below.name, _INSTALL), build), below)


def main() -> None:
    with ThreadPoolExecutor(len(SUITES)) as workers:
        nodes = [workers.submit(ready, suite) for suite in SUITES]
        for node in nodes:
            node.result()


if __name__ == "__main__":
    main()
