"""The simulated node's operating system behind `core.host.ports.Host`.

Nothing real is run, read or written. What is not known here is refused like a program that is not
there, so that no test is content with an answer that nobody gave.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from pve_auth_tui.core.errors import AuthTuiError, CommandFailed, Refused, ToolMissing, Unwritable
from pve_auth_tui.core.host.ports import Look, OnLine, Said
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.simnode.disk import Disk
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.host import adcli, coreutils, identity, realmd, software
from pve_auth_tui.simnode.host.call import Call
from pve_auth_tui.simnode.host.machine import Machine
from pve_auth_tui.simnode.host.tree import HostTree
from pve_auth_tui.simnode.outside import Outside

Tool = Callable[[Machine, Call], None]

_TOOLS: Final[Mapping[str, Tool]] = {
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
    "systemctl": software.systemctl,
    "update-ca-certificates": coreutils.update_ca_certificates,
}
_FOLDERS: Final = ("/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/")


class SimHost:
    """`outside` None: a node without any network. `sleep` waits where a tool would hang."""

    def __init__(
        self,
        disk: Disk,
        faults: Faults,
        outside: Outside | None,
        now: Callable[[], float],
        sleep: Callable[[float], None] = lambda seconds: None,
    ) -> None:
        self.machine = Machine(disk, faults, outside, now, sleep)
        self._tree = HostTree(self.machine.files)

    def ask(
        self,
        argv: Sequence[str],
        *,
        stdin: Secret | None = None,
        seconds: float = 15.0,
        on_line: OnLine = lambda line: None,
    ) -> Said:
        path, *args = argv or [""]
        name = path.rpartition("/")[2]
        if not path.startswith(_FOLDERS) or path not in {f"{place}{name}" for place in _FOLDERS}:
            raise CommandFailed(f"{name or path} has no absolute path, so it was not started.")
        tool = _TOOLS.get(name)
        if tool is None or not self.machine.has(name):
            raise ToolMissing(
                f"{name} could not be started: No such file or directory.",
                "Is its package installed?",
            )
        typed = None if stdin is None else stdin.reveal()
        call = Call(name, args, typed, seconds, on_line)
        start = self.machine.now()
        try:
            tool(self.machine, call)
        except CommandFailed:
            raise
        except Unwritable as error:
            call.fail(f"{name}: {error}")
        except AuthTuiError as error:
            raise CommandFailed(str(error)) from error
        took = max(self.machine.now() - start, 0.0)
        return Said(name, call.code, tuple(call.output), tuple(call.errors), took)

    @property
    def files(self) -> HostTree:
        return self._tree

    def look(self, path: str) -> Look | None:
        return self.machine.files.look(path)

    def write(self, path: str, content: str | None, mode: int, expected: str) -> None:
        files = self.machine.files
        before = files.disk.read(path.strip("/"))
        found = "" if before is None else hashlib.sha256(before).hexdigest()
        if found != expected:
            raise Refused(f"{path} is not what was looked at any more, so it was left as it is.")
        if content is None:
            files.remove(path)
        else:
            files.write(path, content, mode)
