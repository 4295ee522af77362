"""Explanations beside the recorded answers of PVE's permission computation.

Of every recorded question the explanation is asked: what it says is allowed, and what its last
step comes to, must be PVE's answer. A question for all paths is asked for each path that PVE
lists, those without any privilege included.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pve_auth_tui.core.aclindex import acl_index
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.pathtree import path_tree
from pve_auth_tui.core.perltext import truthy
from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.snapshot import UNTOLD, Part, Snapshot
from pve_auth_tui.core.userconfig import UserConfig, parse_user_config
from pve_auth_tui.core.why.explain import explain
from tests.conformance.family import Family
from tests.conformance.permissions import WRONG_PARAMETER, answers, configs, refused

Numbers = dict[str, int]


def run(folder: Path) -> Family:
    """All questions of `permissions.json` in a folder of recordings; none when there is no such."""
    return compared(configs(folder))


def compared(recorded: Iterable[Mapping[str, Any]]) -> Family:
    """Recorded configurations, or renamed ones."""
    recorded = list(recorded)
    total = sum(len(config["queries"]) for config in recorded)
    differences = tuple(line for config in recorded for line in _differences(config))
    return Family("explanations", total, total - len(differences), differences)


def _differences(config: Mapping[str, Any]) -> Iterator[str]:
    access = parse_user_config(config["user_cfg"].encode())
    asked = _Asked(access)
    for query in config["queries"]:
        userid, path = query["userid"], query["path"]
        error = (query.get("error") or {}).get("code")
        who_asks = refused(Permissions(access), config["queries_as"], userid)
        if error or who_asks:  # whether an asker may ask is nothing that an explanation answers
            equal = error == who_asks and (error != WRONG_PARAMETER or asked.is_refused(userid))
        else:
            equal = any(asked.same(userid, path, one) for one in answers(config["sets"], query))
        if not equal:
            yield f"explanations {config['name']} {userid} {path or '(all paths)'}"


class _Asked:
    """One configuration, as the only thing that is known."""

    def __init__(self, access: UserConfig) -> None:
        tree = path_tree(access, acl_index(access).pools_of)
        self.listed: Sequence[str] = [
            path for path, listed in zip(tree.paths, tree.listed, strict=True) if listed
        ]
        nothing = dict.fromkeys(
            ("realms", "tfa", "datacenter", "jobs", "passwords", "token_secrets", "cluster"), UNTOLD
        )
        self.snapshot = Snapshot(
            0.0, "files", access=Part(access, "files", 0.0), inventory=UNTOLD, **nothing
        )

    def is_refused(self, userid: str) -> bool:
        try:
            self._found(userid, "/")
        except UsageError:
            return True
        return False

    def same(self, userid: str, path: str | None, answer: Mapping[str, Numbers]) -> bool:
        """Does an explanation say the same, of one path or of each that is listed?"""
        if path is not None and truthy(path):
            return list(answer) == [path] and self._found(userid, path) == answer[path]
        paths = dict.fromkeys([*self.listed, *answer])
        return all(self._found(userid, one) == answer.get(one, {}) for one in paths)

    def _found(self, userid: str, path: str) -> Numbers | None:
        """What is allowed, as numbers; None when the last step says something else."""
        made = explain(self.snapshot, userid, path, now=0.0, fixes=False)
        if made.allowed != made.steps[-1].result:
            return None
        return {name: int(propagates) for name, propagates in made.allowed.items()}
