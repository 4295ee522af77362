"""The real program in a process of its own, with places and a node that a test has made.

Arguments: what is to be otherwise, as JSON; then the program's own. `own`: its folder;
`planted`: the demo is the planted one; `serves`: refused logins cost no time; `heard`: a file
that gets a line for every child, every file that is written and every address, as JSON;
`breaks`: the crash that happens (see `tests.canary.trouble`).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

HEARD = ("subprocess.Popen", "os.posix_spawn", "os.exec", "os.system", "socket.connect", "open")


def main(how: dict[str, Any]) -> int:
    """The exit code."""
    from pve_auth_tui import environment

    if own := how.get("own"):
        environment.ROOTS_FOLDER = Path(own)
        os.environ["XDG_STATE_HOME"] = str(Path(own).parent)
    if heard := how.get("heard"):
        _hear(heard)
    if how.get("serves"):
        from pve_auth_tui.simnode import serve

        serve.LOGIN_DELAY = 0.0  # type: ignore[misc]
        serve.LOCK_WAIT = 0.0  # type: ignore[misc]
    if how.get("planted"):
        _plant()
    if breaks := how.get("breaks"):
        from tests.canary.trouble import break_for_good

        break_for_good(breaks)
    from pve_auth_tui.cli import main as program

    del sys.argv[1]
    return program()


def _plant() -> None:
    from pve_auth_tui import equipment
    from pve_auth_tui.simnode import demo
    from tests.canary.node import OurAuthenticator
    from tests.canary.planted import planted

    demo.demo_tree = lambda **_: planted()
    equipment.PyotpAuthenticator = OurAuthenticator  # type: ignore[misc]


def _hear(file: str) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_APPEND)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in HEARD:
            return
        if event == "open" and not (isinstance(arguments[2], int) and arguments[2] & 3):
            return
        path = _path(arguments[0]) if event == "open" else ""
        os.write(handle, json.dumps([event, repr(arguments), path]).encode() + b"\n")

    sys.addaudithook(hook)


def _path(named: Any) -> str:
    """Of a file that is written, if it is one that stays."""
    name = os.fsdecode(named) if isinstance(named, (str, bytes, os.PathLike)) else ""
    own = name.startswith(("/dev/", "/proc/")) or "__pycache__" in name
    return name if os.path.isabs(name) and not own else ""


if __name__ == "__main__":
    sys.exit(main(json.loads(sys.argv[1])))
