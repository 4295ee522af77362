"""What the services need of the world. Adapters and the simulated node fulfil it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

from pve_auth_tui.core.secret import Secret

Param: TypeAlias = str | int | bool


class Tree(Protocol):
    """PVE's files, wherever they lie: below a root, in config.db, or in memory.

    Paths are relative to the root of the system, with `/` between the parts and none
    at the start: `etc/pve/user.cfg`. Every call comes back within a bounded time.
    """

    @property
    def source(self) -> str:
        """In the user's words: `files`, `config.db`, `demo`."""

    def read(self, path: str) -> bytes:
        """The file's bytes.

        Raises Missing when there is no such file, Unreadable when it cannot be read
        (permission, not a regular file, a link that leaves the tree, too large, time-out).
        """

    def names(self, folder: str) -> Sequence[str]:
        """Sorted names in a folder; empty when there is no such folder.

        Raises Unreadable as `read` does.
        """


@runtime_checkable
class BulkTree(Tree, Protocol):
    """A Tree that reads many small files together much faster than one after another."""

    def read_many(self, paths: Sequence[str]) -> Mapping[str, bytes]:
        """The files that can be read; what cannot is left out.

        Raises Unreadable only when the tree as a whole does not answer.
        """


@runtime_checkable
class LiveTree(Tree, Protocol):
    """A Tree that may be a mounted /etc/pve, whose modes tell of quorum (reference 11.2)."""

    def owner_may_write(self, path: str) -> bool:
        """The owner's write bit of the thing itself; a link is not followed.

        Raises Missing and Unreadable as `read` does.
        """


class Clock(Protocol):
    """Time, injectable so that demo and tests stand still."""

    def now(self) -> float:
        """Seconds since 1970, UTC."""


class Shelf(Protocol):
    """A place for files that the admin asked to keep; nobody else can read them."""

    def save(self, name: str, text: str) -> Path:
        """Write a new file, its name led by the time; where it lies. Raises Unwritable."""


@runtime_checkable
class Api(Protocol):
    """PVE's API, whichever way it is reached. Calls may come from several threads."""

    @property
    def way(self) -> str:
        """In the user's words: `direct`, `https`, `pvesh`."""

    @property
    def user(self) -> str:
        """Who asks: `root@pam`."""

    def call(
        self,
        method: str,
        path: Sequence[str],
        params: Mapping[str, Param] | None = None,
        secrets: Mapping[str, Secret] | None = None,
        *,
        seconds: float = 30.0,
    ) -> Any:
        """One call: `call("GET", ("access", "users", "joe@pve"))` -> PVE's `data`.

        `method` is GET, POST, PUT or DELETE; `path` is in parts, quoted by the way itself;
        `secrets` are parameters that are revealed only where they leave the process.
        Raises ApiError when PVE refuses, Unreachable when no answer came, Refused for what this
        way does not carry, UsageError for a part of the path that cannot be one.
        """

    def close(self) -> None:
        """Give back what it holds (child, connection); calls after that raise Unreachable."""


class Story(NamedTuple):
    """Something that can be broken on the demo cluster."""

    name: str
    text: str
    on: bool


class Stories(Protocol):
    """What can be broken on the demo cluster, and what is broken now."""

    @property
    def stories(self) -> Sequence[Story]:
        """All of them, in the order of the menu."""

    def turn(self, name: str, *, on: bool) -> None:
        """Break it, or mend it."""

    def mend(self) -> None:
        """Everything works again."""
