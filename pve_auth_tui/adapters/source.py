"""Which way to PVE's configuration: the files below /etc/pve, or the database behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pve_auth_tui.adapters.bounded import BoundedTree
from pve_auth_tui.adapters.dbcopy import FILE as DATABASE
from pve_auth_tui.adapters.rootfs import PMXCFS
from pve_auth_tui.core.errors import Missing, Refused, Unreadable
from pve_auth_tui.core.ports import Tree

FOLDER: Final = "etc/pve"
USER_CFG: Final = "etc/pve/user.cfg"
MEMBERS: Final = "etc/pve/.members"  # made by the running pmxcfs
_ELSEWHERE: Final = (
    "For a disk that is mounted elsewhere: `--root DIR`. To look around: `pve-auth-tui demo`."
)


def open_tree(root: Path = Path("/"), rung: str = "auto") -> Tree:
    """A tree that answers, with PVE's configuration in it.

    `auto`: the files when ROOT/etc/pve/user.cfg can be read (or pmxcfs runs without one),
    else ROOT/var/lib/pve-cluster/config.db; `files` and `database` force one.
    Raises Unreadable, with what was tried and the next step; Refused for a way that this
    version does not go.
    """
    if rung == "files":
        return _files(root)
    if rung == "database":
        try:
            return _database(root, "")
        except Missing as error:
            raise Unreadable(str(error), _ELSEWHERE) from error
    if rung != "auto":
        raise Refused(f"The way `{rung}` is not built in.", "Take --rung auto, files or database.")
    return _first_that_answers(root)


def _first_that_answers(root: Path) -> Tree:
    files = BoundedTree(root, "files")
    try:
        files.read(USER_CFG)
    except Missing:
        if _is_there(files, MEMBERS):
            return files
        no_files, absent = Unreadable(_no_files(root), _next_step(root)), True
    except Unreadable as error:
        no_files, absent = error, False
    else:
        return files
    try:
        return _database(root, str(no_files))
    except Missing as error:
        if not absent:
            raise no_files from error
        if files.names(FOLDER):
            return files
        raise Unreadable(
            f"There is no PVE here: neither {root / USER_CFG} nor {root / DATABASE} is there.",
            _ELSEWHERE,
        ) from error
    except Unreadable as error:
        if error.hint == no_files.hint:
            raise no_files from error
        both = f"{str(no_files).removesuffix('.')}; {error}"
        raise Unreadable(both, error.hint, error.original) from error
    finally:
        del no_files  # it holds this call, and so the trees with their children would stay


def _files(root: Path) -> Tree:
    files = BoundedTree(root, "files")
    if not files.names(FOLDER):
        raise Unreadable(_no_files(root), _next_step(root))
    return files


def _database(root: Path, reason: str) -> Tree:
    """Raises Missing when there is none, Unreadable when it cannot be used."""
    database = BoundedTree(root, "database", reason)
    database.names(FOLDER)
    return database


def _is_there(tree: Tree, path: str) -> bool:
    try:
        tree.read(path)
    except Unreadable:
        return False
    return True


def _no_files(root: Path) -> str:
    if root == Path("/"):
        return "/etc/pve is not mounted: pmxcfs does not run."
    return f"{root / FOLDER} holds nothing, as on a disk whose PVE does not run."


def _next_step(root: Path) -> str:
    return PMXCFS if root == Path("/") else "Take --rung database to read config.db instead."
