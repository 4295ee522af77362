"""GET /access/permissions: our computation beside the recorded answers of PVE's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pve_auth_tui.core import names
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.userconfig import parse_user_config
from tests.conformance.family import Family

Answer = dict[str, dict[str, int]]

WRONG_PARAMETER = 400
NOT_ALLOWED = 403


def run(folder: Path) -> Family:
    """All questions of `permissions.json` in a folder of recordings; none when there is no such."""
    return compared(configs(folder))


def configs(folder: Path) -> list[dict[str, Any]]:
    """The recorded configurations with their questions."""
    recorded = folder / "permissions.json"
    found: list[dict[str, Any]] = []
    if recorded.exists():
        found = json.loads(recorded.read_text("utf-8"))["configs"]
    return found


def compared(recorded: Iterable[Mapping[str, Any]]) -> Family:
    """Recorded configurations, or renamed ones."""
    recorded = list(recorded)
    total = sum(len(config["queries"]) for config in recorded)
    differences = tuple(line for config in recorded for line in _differences(config))
    return Family("permissions", total, total - len(differences), differences)


def _differences(config: Mapping[str, Any]) -> Iterator[str]:
    permissions = Permissions(parse_user_config(config["user_cfg"].encode()))
    for query in config["queries"]:
        asker, userid, path = config["queries_as"], query["userid"], query["path"]
        code = refused(permissions, asker, userid)
        if code or query.get("error"):
            equal = code == (query.get("error") or {}).get("code")
        else:
            equal = permissions.answer(userid, path) in list(answers(config["sets"], query))
        if not equal:
            yield f"permissions {config['name']} {userid} {path or '(all paths)'}"


def answers(sets: Sequence[dict[str, int]], query: Mapping[str, Any]) -> Iterator[Answer]:
    """The recorded answers; several where PVE's own depends on the order of a Perl hash."""
    for answer in query["answers"] if query.get("varies") else [query["answer"]]:
        yield {path: sets[index] for path, index in answer.items()}


def refused(permissions: Permissions, asker: str, userid: str) -> int | None:
    """The HTTP code with which PVE refuses the question before it looks for an answer."""
    user = names.split_tokenid(userid)
    if not user and not names.has_userid_shape(userid):
        return WRONG_PARAMETER
    own = userid == asker or (user and user[0] == asker)
    if not own and "Sys.Audit" not in permissions.privileges(asker, "/access"):
        return NOT_ALLOWED
    return None
