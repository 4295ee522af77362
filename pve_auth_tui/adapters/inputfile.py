"""A file that somebody names as input: regular, small, and reached by nobody else's link (R30b)."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.ports import Tree


def input_reader(tree: Callable[[], Tree]) -> Callable[[str], bytes]:
    """Reads absolute paths below `/` through a tree, which bounds time and size.

    What it gives raises Refused for a path on which a link lies that is neither root's nor ours,
    and what `Tree.read` raises.
    """

    def read(path: str) -> bytes:
        _require_own_links(Path(path))
        return tree().read(path.strip("/"))

    return read


def _require_own_links(path: Path) -> None:
    for place in (*reversed(path.parents), path):
        try:
            state = os.lstat(place)
        except (OSError, ValueError):
            return  # whoever reads it says why
        if stat.S_ISLNK(state.st_mode) and state.st_uid not in {0, os.geteuid()}:
            raise Refused(
                f"{place} is somebody else's link, so it is not followed.",
                "Copy the file to a folder of your own, and look at what it is.",
            )
