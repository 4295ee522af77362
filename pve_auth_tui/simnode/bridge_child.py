"""The simulated node at the far end of the bridge: the lines of `bridge.pl`, answered by SimNode.

So the bridge itself, its child, its pipes and its time-outs can be tried without PVE. Like the
Perl child it answers as root@pam alone, dies with whoever started it, and prints to a log that
is no answer.
"""

from __future__ import annotations

import fcntl
import json
import os
import select
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.plain import plain
from pve_auth_tui.simnode.disk import FolderDisk
from pve_auth_tui.simnode.faults import Faults
from pve_auth_tui.simnode.handlers.cluster import OUR_TAG, log_message
from pve_auth_tui.simnode.node import IPC_REFUSED, SimNode
from pve_auth_tui.simnode.request import ROOT
from pve_auth_tui.simnode.sources import system_sources

Answer = dict[str, Any]

_START: Final = (
    "import sys; sys.path.append(sys.argv[1]);"
    " from pve_auth_tui.simnode.bridge_child import start; start()"
)
_KEYS: Final = frozenset({"id", "op", "method", "path", "params", "host", "text"})


def command(folder: Path) -> tuple[str, ...]:
    """What to run for the files below `folder`; the three descriptors' numbers come behind."""
    package = Path(__file__).parent.parent.parent
    python = (sys.executable, "-I", "-B", "-X", "utf8", "-c", _START)
    return (*python, str(package), str(folder.absolute()))


def start() -> None:
    """Run with the arguments of the command line: folder, questions, answers, life."""
    folder, *numbers = sys.argv[2:]
    ask, answer, life = (int(number) for number in numbers)
    live_with_our_parent(life)
    main(ask, answer, Path(folder))


def main(ask: int, answer: int, folder: Path, faults: Faults | None = None) -> None:
    """Answer questions, one a line, until there is nobody to ask any."""
    node = SimNode(FolderDisk(folder), system_sources(), faults)
    with open(ask, "rb") as questions, open(answer, "wb") as answers:
        for line in questions:
            question = json.loads(line)
            found = answered(node, question) | {"id": question["id"]}
            answers.write(json.dumps(found).encode() + b"\n")
            answers.flush()


def answered(node: SimNode, question: Mapping[str, Any]) -> Answer:
    """The answer without the id: `data`, or `code` and `message`, or `refused`, or `unready`."""
    if unknown := sorted(question.keys() - _KEYS):
        return {"refused": f"unknown key '{unknown[0]}' in the question"}
    answer = _OPS.get(question.get("op", ""))
    if answer is None:
        return {"refused": "unknown question"}
    if node.faults.dead & {"pmxcfs", "mount"}:
        return {"unready": IPC_REFUSED}
    try:
        return answer(node, question)
    except ApiError as error:
        return {"code": error.code, "message": error.original, "errors": error.errors}


def live_with_our_parent(life: int) -> None:
    """The kernel kills our process group when the other end of this pipe closes (bridge.pl)."""
    fcntl.fcntl(life, fcntl.F_SETOWN, -os.getpgrp())
    fcntl.fcntl(life, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(life, fcntl.F_SETFL, fcntl.fcntl(life, fcntl.F_GETFL) | os.O_ASYNC)
    if select.select([life], [], [], 0)[0]:
        sys.exit()  # it closed before we asked for the signal


def _hello(node: SimNode, question: Mapping[str, Any]) -> Answer:
    version = node.answer("GET", "/version")
    return {
        "data": {
            "whole": 1,
            "missing": "",
            "release": f"{version['version']}/{version['repoid']}",
            "perl": "",
            "taint": 0,
            "json": "",
        }
    }


def _mint(node: SimNode, question: Mapping[str, Any]) -> Answer:
    tickets = node.tickets
    return {
        "data": {
            "ticket": tickets.ticket(ROOT.authid),
            "csrf": tickets.csrf_token(ROOT.authid),
        }
    }


def _log(node: SimNode, question: Mapping[str, Any]) -> Answer:
    text = question.get("text", "")
    if not text or plain(text) != text:
        raise ApiError(500, "not one line of text\n")
    log_message(node, ROOT.authid, OUR_TAG, text)
    return {"data": None}


def _call(node: SimNode, question: Mapping[str, Any]) -> Answer:
    path: str = question["path"]
    parts = path.strip("/").split("/")
    if parts[0] == "nodes" and len(parts) > 1 and parts[1] not in {"localhost", node.name}:
        return {"refused": f"this is done on node '{parts[1]}', not here"}
    data = node.answer(question["method"], path, question["params"], ROOT, host=question["host"])
    return {"data": data}


_OPS: Final[Mapping[str, Callable[[SimNode, Mapping[str, Any]], Answer]]] = {
    "hello": _hello,
    "mint": _mint,
    "log": _log,
    "call": _call,
}
