"""A node that may join the lab's domain: systemd as first process, and this checkout's program.

What is done on it lies in memory. It is no Proxmox VE: /etc/pve holds plain files.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sysconfig
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Self

from pve_auth_tui.core.secret import Secret
from tests.lab.adlab import names
from tests.lab.adlab.lab import Lab
from tests.lab.adlab.machines import Machine
from tests.lab.adlab.places import Place
from tests.lab.joinlab import systems

ROOT: Final = Path(__file__).parent.parent.parent.parent
PROGRAM: Final = "/usr/local/bin/pve-auth-tui"
_CHECKOUT: Final = "/opt/pve-auth-tui"
_LIBRARIES: Final = "/opt/libraries"
_CLEAN: Final = (
    "/usr/bin/env",
    "-i",
    "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
    "LC_ALL=C",
)
_PATIENCE: Final = 60.0  # seconds
# none of them is the client's: who has an address is remembered by whom it has spoken to
_ADDRESSES: Final = ("192.0.2.21", "192.0.2.22", "192.0.2.23", "192.0.2.24")
_MASKED: Final = (
    "apt-daily.timer",
    "apt-daily-upgrade.timer",
    "console-getty.service",
    "dpkg-db-backup.timer",
    "e2scrub_all.timer",
    "fstrim.timer",
    "getty@.service",
    "systemd-firstboot.service",
    "systemd-logind.service",
    "systemd-networkd.service",
    "systemd-resolved.service",
    "systemd-timesyncd.service",
    "systemd-udevd.service",
)
_LAUNCHER: Final = """\
#!/usr/bin/python3 -I
import sys
sys.path[:0] = ["/opt/pve-auth-tui", "/opt/libraries"]
sys.dont_write_bytecode = True
from pve_auth_tui.cli import main
sys.exit(main())
"""
# as openssh-server brings it, without what needs its session; no delay after a wrong password
_SSHD: Final = """\
@include common-auth
account required pam_nologin.so
@include common-account
session required pam_loginuid.so
@include common-session
@include common-password
"""
_FILES: Final = {
    "etc/pve/user.cfg": "user:root@pam:1:0::::::\n",
    "etc/pve/domains.cfg": "pam: pam\n\tcomment Linux PAM\n\npve: pve\n\tcomment PVE\n",
    "etc/pve/datacenter.cfg": "",
    "etc/pam.d/sshd": _SSHD,
    "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
}


class JoinNode:
    """Entered, it runs. `bare`: without the packages of a join. `name`: its full name; `at`: which
    of the nodes' addresses it has.
    """

    def __init__(
        self,
        lab: Lab,
        folder: Path,
        suite: str,
        *,
        bare: bool = False,
        name: str = names.NODE,
        at: int = 0,
    ) -> None:
        self._lab, self._folder = lab, folder
        self.suite, self.name, self.address = suite, name, _ADDRESSES[at]
        self._trees = systems.bare(suite) if bare else systems.ready(suite)

    def __enter__(self) -> Self:
        self.place = Place()
        self._lab.switch.plug_in(self.place, [self.address])
        shared = self._folder / "shared"
        shared.mkdir(parents=True)
        self.machine = Machine(
            self.name,
            [self._settings(), *self._trees],
            self.place,
            self._folder / "machine",
            ("/lib/systemd/systemd", "--show-status=false", "--unit=multi-user.target"),
            shared=shared,
            seen={_CHECKOUT: ROOT, _LIBRARIES: Path(sysconfig.get_path("purelib"))},
            grouped=True,
        )
        try:
            self.machine.wait_for(self._runs)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.machine.close()
        self.place.close()

    def run(
        self, *argv: str, stdin: str | None = None, patience: float = _PATIENCE
    ) -> subprocess.CompletedProcess[str]:
        """A command on the node, as root; it may fail."""
        return self.machine.run(*_CLEAN, *argv, stdin=stdin, patience=patience)

    def sh(self, script: str) -> str:
        """What a script of the shell printed, both streams."""
        return self.run("/bin/sh", "-c", f"exec 2>&1\n{script}").stdout

    def start(self, *argv: str) -> subprocess.Popen[str]:
        """A command that runs beside the others; its streams are pipes."""
        return subprocess.Popen(
            self.machine.inside(*_CLEAN, *argv),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def program(
        self, *words: str, stdin: str | Secret | None = None, patience: float = 300.0
    ) -> subprocess.CompletedProcess[str]:
        """`pve-auth-tui` of this checkout, on the node, with the node's own Python."""
        given = stdin.reveal() if isinstance(stdin, Secret) else stdin
        return self.run(PROGRAM, *words, stdin=given, patience=patience)

    def asked(self, *words: str, stdin: str | Secret | None = None) -> Any:
        """What the program says with --json."""
        done = self.program(*words, "--json", stdin=stdin)
        try:
            return json.loads(done.stdout)
        except ValueError:
            raise AssertionError(
                f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
            ) from None

    def file(self, path: str) -> bytes | None:
        """What a file of the node holds; None while it is not there."""
        done = self.run("/usr/bin/base64", "--wrap=0", path)
        if done.returncode:
            return None
        return base64.b64decode(done.stdout)

    def put(self, path: str, text: str, mode: int = 0o644) -> None:
        """A file of the node, made or replaced."""
        script = 'mkdir -p "${1%/*}" && cat >"$1" && chmod "$2" "$1"'
        done = self.run("/bin/sh", "-c", script, "sh", path, f"{mode:o}", stdin=text)
        assert done.returncode == 0, done.stderr

    # --- faults: what the node is told of names and ways --------------------------------------

    def resolver(self, *addresses: str, search: str = names.DOMAIN) -> None:
        """The DNS servers that it asks from now on."""
        lines = [f"search {search}", *(f"nameserver {address}" for address in addresses)]
        self.put("/etc/resolv.conf", "\n".join((*lines, "options timeout:1 attempts:1", "")))

    def rename(self, name: str) -> None:
        """Its host name, with or without a domain, in /etc/hosts, too."""
        short = name.partition(".")[0]
        self.run("/usr/bin/hostname", short)
        self.put("/etc/hostname", f"{short}\n")
        both = name if name == short else f"{name} {short}"
        self.put("/etc/hosts", f"127.0.0.1 localhost\n{self.address} {both}\n")

    def alias(self, address: str, name: str) -> None:
        """A line more in /etc/hosts."""
        self.put("/etc/hosts", f"{self.sh('cat /etc/hosts')}{address} {name}\n")

    def wait_for(self, condition: Callable[[], bool], seconds: float = _PATIENCE) -> None:
        """Raises AssertionError when it does not come true."""
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, "It did not come true in time."
            time.sleep(0.05)

    def _runs(self) -> bool:
        try:
            asked = self.run("/usr/bin/systemctl", "is-active", "multi-user.target", "dbus.socket")
        except (RuntimeError, OSError):
            return False
        return asked.stdout.split() == ["active", "active"]

    def _settings(self) -> Path:
        """A folder that lies over the trees: what makes this node of them."""
        top = self._folder / "settings"
        short = self.name.partition(".")[0]
        files = {
            **_FILES,
            "etc/hosts": f"127.0.0.1 localhost\n{self.address} {self.name} {short}\n",
            "etc/resolv.conf": f"search {names.DOMAIN}\nnameserver {names.DC_ADDRESS}\n",
            "usr/local/bin/pve-auth-tui": _LAUNCHER,
            f"etc/pve/nodes/{short}/lrm_status": "{}",
        }
        for path, text in files.items():
            file = top / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            file.chmod(0o755 if path.startswith("usr/local/bin/") else 0o644)
        units = top / "etc/systemd/system"
        units.mkdir(parents=True)
        for unit in _MASKED:
            (units / unit).symlink_to("/dev/null")
        return top
