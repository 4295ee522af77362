"""The real program on a node that a test has made, with Python's standard library alone.

Run by a Python without site-packages (`-I -S`). Arguments: the project's folder; what is there, as
JSON; then the program's own. `node`: the folder with that node's files, whose API the real bridge
reaches through the stand-in of its Perl child; without one it is about another root. `dead`: that
API does not answer. `real`: this very machine is looked at, not one that is well. `own` is what
/var/lib/pve-auth-tui is to root, `run` its folder in memory, `log` syslog's socket, `proc` what
/proc is to whoever looks for somebody that has a database open.
"""

from __future__ import annotations

import json
import os
import sys
from functools import partial
from pathlib import Path
from typing import Any, cast


def main(how: dict[str, Any], words: list[str]) -> int:
    """The exit code."""
    from pve_auth_tui import environment, equipment
    from pve_auth_tui.adapters.dbexchange import DatabaseEdits
    from pve_auth_tui.adapters.material import RunMaterial
    from pve_auth_tui.adapters.saved import FileSaved
    from pve_auth_tui.adapters.syslog import Syslog

    made: Any = equipment
    environment.ROOTS_FOLDER = Path(how["own"])  # type: ignore[misc]
    os.environ["XDG_STATE_HOME"] = str(Path(how["own"]).parent)
    made.Syslog = partial(Syslog, Path(how["log"]))
    made.FileSaved = lambda folder, clock, **more: FileSaved(
        folder, clock, material=RunMaterial(clock, Path(how["run"]), lambda *_: None), **more
    )
    if proc := how.get("proc"):
        made.edit_database = DatabaseEdits(os.geteuid(), proc=Path(proc)).edit
    if node := how.get("node"):
        _stand_on(Path(node), how)
    from pve_auth_tui.cli import main as program

    return program(words)


def _stand_on(node: Path, how: dict[str, Any]) -> None:
    from pve_auth_tui import equipment, wiring
    from pve_auth_tui.adapters import bridge
    from pve_auth_tui.adapters.bridge import Bridge
    from pve_auth_tui.adapters.source import open_tree
    from pve_auth_tui.adapters.swap import FileSwaps
    from pve_auth_tui.simnode.bridge_child import command
    from pve_auth_tui.simnode.disk import FolderDisk
    from pve_auth_tui.simnode.faults import Faults
    from pve_auth_tui.simnode.probe import SimProbe

    files, made = wiring._files, cast("Any", equipment)
    child = ("/bin/false",) if how.get("dead") else command(node)
    bridge.Bridge = partial(Bridge, command=child, euid=lambda: 0)  # type: ignore[misc,assignment]
    wiring._require_root = lambda options: None
    wiring._files = lambda root, rung: files(node, rung)
    made._files_of = lambda options, found: open_tree(node)
    if not how.get("real"):
        made.NodeProbe = lambda clock: SimProbe(FolderDisk(node), Faults(), clock)
    made.FileSwaps = partial(FileSwaps, node)
    made.Sendmail = lambda: None


if __name__ == "__main__":
    sys.path.insert(0, sys.argv[1])
    code = main(json.loads(sys.argv[2]), sys.argv[3:])
    files = [str(getattr(module, "__file__", "")) for module in sys.modules.values()]
    foreign = [file for file in files if "site-packages" in file or "dist-packages" in file]
    sys.exit(f"not of the standard library: {foreign}" if foreign else code)
