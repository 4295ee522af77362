"""The domain controller: Samba's Active Directory, with DNS of its own."""

from __future__ import annotations

import re
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from tests.lab.adlab import names, trees
from tests.lab.adlab.inside import inside
from tests.lab.adlab.machines import Machine
from tests.lab.adlab.pki import Pki, Wanted
from tests.lab.adlab.places import Place, Switch

PACKAGES: Final = (
    "acl",
    "attr",
    "iproute2",
    "libfaketime",
    "ldb-tools",
    "procps",
    "python3-samba",
    "samba",
    "samba-ad-dc",
    "samba-ad-provision",
    "samba-dsdb-modules",
    "samba-vfs-modules",
    "winbind",
)
_HERE: Final = Path(__file__).parent
_SETTINGS: Final = (
    names.DOMAIN,
    names.NETBIOS,
    names.ADMIN_PASSWORD,
    names.DC_ADDRESS,
    names.AD_BIND_PASSWORD,
    names.AD_USER_PASSWORD,
    str(names.AD_MANY),
    str(names.BIG_GROUP),
    str(names.LOCKS_AFTER),
)
_MADE_BY: Final = ("dc-provision.sh", "populate.py")
_PORTS: Final = (53, 88, 389, 636, 3268)
_AUDITED: Final = re.compile(r"Auth: .* status \[(NT_STATUS_\w+)\]")


class DomainController:
    """Runs from when it is made until it is closed. `folder` is to be made."""

    def __init__(self, switch: Switch, pki: Pki, folder: Path, client: Place) -> None:
        system = trees.tree("dc", PACKAGES)
        recipe = (system.name, *_SETTINGS, *(_text(name) for name in _MADE_BY))
        domain = trees.kept("domain", recipe, lambda made, log: _provision(system, made, log))
        pki.issue("dc", Wanted((names.DC, names.DOMAIN)))
        self._trees, self._folder, self._client = [domain, system], folder, client
        self._shared = folder / "shared"
        self._shared.mkdir(parents=True)
        for name in ("dc.crt", "dc.key", "ca.crt"):
            shutil.copy(pki.folder / name, self._shared)
        shutil.copy(_HERE / "dc-start.sh", self._shared)
        self._place = Place()
        switch.plug_in(self._place, [names.DC_ADDRESS])
        self._starts = 0
        self._start()

    def _start(self) -> None:
        self._starts += 1
        self.machine = Machine(
            names.DC,
            self._trees,
            self._place,
            self._folder / f"machine{self._starts}",
            ("sh", "-e", "/run/lab/dc-start.sh"),
            shared=self._shared,
        )
        self.machine.wait_for(lambda: inside(self._client, _answers))

    @contextmanager
    def ahead(self, seconds: int) -> Iterator[None]:
        """With a clock that is so much ahead, for a while: started anew, with what it had at first.

        Only its processes are told another time; nobody sets a clock.
        """
        try:
            self._anew(f"{seconds:+d}")
            yield
        finally:
            self._anew("")

    def _anew(self, ahead: str) -> None:
        self.machine.close()
        (self._shared / "ahead").write_text(ahead)
        self._start()

    @contextmanager
    def gone(self) -> Iterator[None]:
        """No packet of it reaches anybody, for a while."""
        with self._place.without("oifname eth0 drop"):
            yield

    def computers(self) -> set[str]:
        """Their accounts, without the dollar; its own is left out."""
        listed = self._tool("computer", "list").split()
        return {name.removesuffix("$") for name in listed} - {names.DC.partition(".")[0].upper()}

    def add_computer(self, name: str, host: str) -> None:
        """An account that belongs to the host of that full name."""
        self._tool("computer", "create", name)
        dn = f"CN={name},CN=Computers,{names.AD_BASE}"
        ldif = f"dn: {dn}\nchangetype: modify\nreplace: dNSHostName\ndNSHostName: {host}\n"
        database = "/var/lib/samba/private/sam.ldb"
        done = self.machine.run("ldbmodify", "-H", database, stdin=ldif)
        assert done.returncode == 0, done.stderr

    def remove_computers(self) -> None:
        for name in self.computers():
            self._tool("computer", "delete", name)

    def _tool(self, *words: str) -> str:
        done = self.machine.run("samba-tool", *words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def binds(self) -> list[str]:
        """How every attempt to prove who one is ended so far, as Samba calls it."""
        time.sleep(0.1)  # it writes its log after it has answered
        return _AUDITED.findall(self.machine.said)

    def bad_binds(self) -> int:
        """How many of them it refused."""
        return sum(status != "NT_STATUS_OK" for status in self.binds())

    def close(self) -> None:
        self.machine.close()
        self._place.close()


def _text(name: str) -> str:
    return (_HERE / name).read_text()


def _provision(system: Path, made: Path, log: Path) -> None:
    """The domain in a folder of its own: what a machine of that tree changes when it makes it."""
    place, folder = Place(), made.with_suffix(".folder")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.rmtree(made, ignore_errors=True)
    command = ("sh", "-e", "/run/lab/dc-provision.sh", *_SETTINGS)
    machine = Machine(names.DC, [system], place, folder, command, shared=_HERE, kept=made)
    try:
        machine.wait()
    finally:
        machine.close()
        place.close()
        log.write_text(machine.said)
    shutil.rmtree(folder)
    shutil.rmtree(f"{made}.work")


def _answers() -> bool:
    with suppress(OSError):
        for port in _PORTS:
            socket.create_connection((names.DC_ADDRESS, port), 1).close()
        return bool(socket.getaddrinfo(names.DC, 389))
    return False
