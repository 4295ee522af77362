"""What the services need of the world. Adapters and the simulated node fulfil it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

from pve_auth_tui.core.secret import Secret

if TYPE_CHECKING:
    from pve_auth_tui.core.challenge import Challenge
    from pve_auth_tui.core.journal import Entry, Written
    from pve_auth_tui.core.otpauth import Totp
    from pve_auth_tui.core.plan import Step

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


class Runner(Protocol):
    """Carries out one step of a plan; the only place where its secrets are revealed."""

    def run(self, step: Step, on_line: Callable[[str], None]) -> Any:
        """What the node says to it: PVE's `data`, or a command's exit code (0).

        `on_line` gets a command's output, untrusted, line by line. Raises what `Api.call` raises,
        CommandFailed for a command, Refused and Unwritable for a file.
        """


class Journal(Protocol):
    """What was intended and what came of it; each entry is on disk before the call returns."""

    def write(self, entry: Entry) -> None:
        """Raises Unwritable when no place takes it; then nothing may be changed (R16)."""

    def read(self) -> Sequence[Written]:
        """All entries of the file, oldest first. Raises Unreadable."""


class Authenticator(Protocol):
    """What an authenticator app computes (RFC 6238)."""

    def new_secret(self) -> Secret:
        """160 random bits as 32 characters of Base32, upper case, no padding."""

    def code(self, totp: Totp, at: float) -> Secret:
        """The code at that time, seconds since 1970."""

    def offset(self, totp: Totp, code: str, now: float, steps: int = 20) -> int | None:
        """How many periods the clock that made `code` is ahead; the nearest within `steps`."""


class Door(Protocol):
    """A login as a browser does it, over TLS, to the node itself."""

    @property
    def address(self) -> str:
        """Where: `https://pve1.example.com:8006`."""

    def login(
        self,
        userid: str,
        password: Secret,
        second: Callable[[Challenge], Secret | None],
    ) -> None:
        """One attempt in PVE's two steps, its ticket dropped at once (R22, R23).

        Raises what `adapters.https.Https.login` raises: LoginRefused, Unreachable, Untrusted.
        """


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
