"""The parsing family: clean and dirty files through our readers, answers and writers.

What cannot be equal by its nature is compared by its shape, for every case alike: the noise
of Perl itself, line numbers of other files, random secrets, times of next runs, the order that
Perl's hashes happen to have, and backup jobs, which the recording node did not know.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from pve_auth_tui.core import sectionconfig
from pve_auth_tui.core.domains import PLUGINS as REALM_PLUGINS
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.jobs import PLUGINS as JOB_PLUGINS
from pve_auth_tui.core.sectionconfig import WriteRefused
from tests.conformance.family import Family
from tests.conformance.node import Call, Node, NotReplayed

NAME = "parsing"
OK = 200

_PERL_NOISE = re.compile(r" at /usr/\S+ line \d+(?:, <\w+> line \d+)?\.\n?$")
_OTHER_LINE = re.compile(r"(pve shadow password: ignore invalid line)(?: \d+)?$")
_UNKNOWN_BACKUP = re.compile(r"\(skip section '[^']*'\): unsupported type 'vzdump'$")
_MISSING = re.compile(r"(\(skip section '(.*)'\): missing value for required option) '(.*)'$")
_SECTION_END = re.compile(rb"^0?\n", re.MULTILINE)
_SECTION_FILES = {"domains.cfg": REALM_PLUGINS, "jobs.cfg": JOB_PLUGINS}

Case = Mapping[str, Any]


def run(folder: Path) -> Family:
    """Replays parsing.json of a folder; without that file the family has no cases."""
    file = folder / "parsing.json"
    cases: Sequence[Case] = json.loads(file.read_text("utf-8"))["cases"] if file.exists() else ()
    differences: list[str] = []
    equal = 0
    for case in cases:
        found = _found(case)
        equal += not found
        differences += (f"parsing {case['name']}: {difference}" for difference in found)
    return Family(NAME, len(cases), equal, tuple(differences))


def _found(case: Case) -> list[str]:
    try:
        return list(_differences(case))
    except Exception as error:  # noqa: BLE001 (whatever breaks is a case that is not equal)
        return [f"broke: {error!r}"]


def _differences(case: Case) -> Iterator[str]:
    files = {name: _bytes(content) for name, content in case["input"].items()}
    node = Node.read(files)
    choices = list(node.choices(files.get("domains.cfg", b"")))
    for file, recorded in case["warnings"].items():
        ours, theirs = node.warnings(file), _said(recorded)
        if _warnings(ours, file, files) != _warnings(theirs, file, files):
            yield f"warnings of {file}: {list(ours)}, recorded {theirs}"
    for file, recorded in case.get("parsed", {}).items():
        if node.parsed(file) != recorded:
            yield f"content of {file}"
    yield from _fewest(choices, lambda choice: _calls(choice, case["calls"]))
    focus = case["focus"]
    yield from _fewest(choices, lambda choice: _rewritten(choice, focus, files, case))
    if "rewrite_by_api" in case:
        yield from _fewest(choices, lambda choice: _changed(choice, focus, files, case))


def _fewest(choices: Iterable[Node], compare: Callable[[Node], Iterator[str]]) -> list[str]:
    """The differences of the choice that comes closest: any one of them is right."""
    return min((list(compare(choice)) for choice in choices), key=len)


def _bytes(content: Mapping[str, str]) -> bytes:
    return base64.b64decode(content["b64"])


# --- warnings ---


def _said(warnings: Iterable[str]) -> list[str]:
    return [text.rstrip("\n") for text in warnings if not _PERL_NOISE.search(text)]


def _warnings(texts: Iterable[str], file: str, files: Mapping[str, bytes]) -> list[str]:
    """Warnings in a form that is the same whatever Perl's hash order was."""
    missing = _missing_options(file, files)
    kept = [_canonical(text, missing) for text in texts if not _UNKNOWN_BACKUP.search(text)]
    return sorted(kept) if file == "datacenter.cfg" else kept


def _canonical(text: str, missing: Mapping[str, set[str]]) -> str:
    text = _OTHER_LINE.sub(r"\1", text)
    found = _MISSING.search(text)
    if found and found[3] in missing.get(found[2], ()):
        text = _MISSING.sub(r"\1", text)  # PVE names any one of those that are missing
    first, *others = text.split("\n")
    return "\n".join([first, *sorted(others)])


def _missing_options(file: str, files: Mapping[str, bytes]) -> dict[str, set[str]]:
    """Section id -> all required options that any section of that id lacks."""
    if file not in _SECTION_FILES:
        return {}
    found: dict[str, set[str]] = {}
    for part in _one_by_one(files.get(file, b"")):
        for section in sectionconfig.parse(part, file, _SECTION_FILES[file]).sections:
            found.setdefault(section.id, set()).update(section.missing)
    return found


def _one_by_one(data: bytes) -> Iterator[bytes]:
    """Sections for themselves: of several with one id the reader only keeps the last."""
    yield data
    yield from _SECTION_END.split(data)


# --- calls ---


def _calls(node: Node, calls: Iterable[Call]) -> Iterator[str]:
    for call in calls:
        ours = _outcome(partial(node.get, call["path"], call["params"]))
        if _comparable(ours, call) != _comparable(_recorded(call), call):
            yield f"GET {call['path']}: {ours}, recorded {_recorded(call)}"


def _outcome(ask: Callable[[], Any]) -> dict[str, Any]:
    try:
        return {"status": OK, "data": ask()}
    except (ApiError, NotReplayed) as error:
        return _refusal(error)


def _refusal(error: ApiError | NotReplayed) -> dict[str, Any]:
    if isinstance(error, NotReplayed):
        return {"status": 0, "message": f"not replayed: {error}"}
    errors = {"errors": error.errors} if error.errors else {}
    return {"status": error.code, "message": error.original, **errors}


def _recorded(call: Call) -> dict[str, Any]:
    return {name: call[name] for name in ("status", "data", "message", "errors") if name in call}


def _comparable(outcome: Mapping[str, Any], call: Call) -> Any:
    data = outcome.get("data")
    if call["path"] == "/access/roles" and isinstance(data, list):
        data = [role for role in data if not role["special"]]
    if call["path"] == "/cluster/jobs/realm-sync" and isinstance(data, list):
        data = [{name: value for name, value in job.items() if name != "next-run"} for job in data]
    return {**outcome, "data": _unordered(data)}


def _unordered(data: Any) -> Any:
    """Lists in an order of our own: PVE's means nothing."""
    if isinstance(data, dict):
        return {name: _unordered(value) for name, value in data.items()}
    if isinstance(data, list):
        return sorted(map(_unordered, data), key=lambda item: json.dumps(item, sort_keys=True))
    return data


# --- files ---


def _rewritten(node: Node, focus: str, files: Mapping[str, bytes], case: Case) -> Iterator[str]:
    recorded = case["rewrite_plain"]
    try:
        ours, message, status = node.written(focus), None, OK
    except WriteRefused as error:
        ours, message, status = files[focus], error.original, 500
    possible = [
        _bytes(file) for file in (recorded["file"], *recorded.get("other_possible_files", ()))
    ]
    if (status, message) != (recorded["status"], recorded.get("message")):
        yield f"rewriting {focus}: {status} {message}, recorded {recorded['status']}"
    elif not any(_same_file(ours, file, focus) for file in possible):
        yield f"rewritten {focus}: {ours!r}, recorded {possible}"


def _changed(node: Node, focus: str, files: Mapping[str, bytes], case: Case) -> Iterator[str]:
    recorded = case["rewrite_by_api"]
    yield from _said_again(node, focus, files, recorded["calls"][0])
    for call in recorded["calls"]:
        try:
            node, data = node.changed(call)
            ours = {"status": OK, "data": data}
        except (ApiError, NotReplayed) as error:
            ours = _refusal(error)
        if ours != _recorded(call):
            yield f"{call['method']} {call['path']}: {ours}, recorded {_recorded(call)}"
    failed = any(call["status"] != OK for call in recorded["calls"])
    after = files[focus] if failed else node.written(focus)
    if not _same_file(after, _bytes(recorded["file"]), focus):
        yield f"{focus} after the change: {after!r}, recorded {_bytes(recorded['file'])!r}"


def _said_again(node: Node, focus: str, files: Mapping[str, bytes], call: Call) -> Iterator[str]:
    """The first change reads the file again, with the same warnings and perhaps others."""
    again = _warnings(_said(call.get("warnings", ())), focus, files)
    missing = [text for text in _warnings(node.warnings(focus), focus, files) if text not in again]
    if missing:
        yield f"warnings at {call['method']} {call['path']}: {missing} not recorded"


def _same_file(ours: bytes, recorded: bytes, name: str) -> bool:
    if name == "priv/shadow.cfg":  # PVE writes its lines in any order
        return sorted(ours.split(b"\n")) == sorted(recorded.split(b"\n"))
    return ours == recorded
