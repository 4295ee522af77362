"""What the services need of the world. Adapters and the simulated node fulfil it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias, runtime_checkable

from pve_auth_tui.core.secret import Secret

if TYPE_CHECKING:
    from pve_auth_tui.core.challenge import Challenge
    from pve_auth_tui.core.journal import Entry, Kept, Written
    from pve_auth_tui.core.journalcheck import Verdict
    from pve_auth_tui.core.keys import KeyInfo, Phase, PinAsked, Registered, Scan, Signed
    from pve_auth_tui.core.otpauth import Totp
    from pve_auth_tui.core.plan import Step
    from pve_auth_tui.core.proofs import Mark
    from pve_auth_tui.core.rack import Rack
    from pve_auth_tui.core.recover.condition import Condition, Neighbour
    from pve_auth_tui.core.recover.evidence import Recovered
    from pve_auth_tui.core.undo import Applied

Param: TypeAlias = str | int | bool


def param_text(value: Param) -> str:
    """A parameter as PVE gets it over HTTP: a boolean is `1` or `0`."""
    return str(int(value)) if isinstance(value, bool) else str(value)


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

    def write(self, entry: Entry) -> Kept:
        """Where it went, and sentences on what did not take it.

        Raises Unwritable when neither file nor syslog takes it; then nothing may be changed (R16).
        """

    def read(self) -> Sequence[Written]:
        """All entries of the file, oldest first. Raises Unreadable."""

    def verify(self, head: str = "") -> Verdict:
        """Whether the file is as it was written; `head`: the hash of an entry, from a copy.

        Raises Unreadable.
        """


@runtime_checkable
class ClusterLog(Protocol):
    """The log that every node of the cluster shows."""

    def log_message(self, text: str, *, seconds: float = 5.0) -> None:
        """One printable line. Raises Refused where the way in use has none, Unreachable."""


class Saved(Protocol):
    """What undo needs of the plans that were applied: a record of each and, apart from it and for
    a day at most, the secrets that only undo may use (R13). A plan's id names both.
    """

    def exclusively(self, seconds: float = 0.0) -> AbstractContextManager[None]:
        """Within: no other session of this program applies, keeps or takes back.

        Raises Refused when one still does after so many seconds.
        """

    def put(self, applied: Applied) -> None:
        """A new record, or another state of one. Raises Unwritable."""

    def all(self) -> Sequence[Applied]:
        """Every record, oldest first. Raises Unreadable."""

    def put_material(self, plan: str, material: Mapping[str, Secret]) -> None:
        """Keep these secrets for a day. Raises Unwritable."""

    def material(self, plan: str) -> Mapping[str, Secret]:
        """What is still there of them: nothing after a day, a restart of the node or a wipe."""

    def wipe(self, plan: str = "") -> int:
        """Forget a plan's secrets, or those of all; how many plans had some."""

    def caution(self) -> str:
        """What is to be said of the place where such secrets lie; "" for nothing."""


class Timers(Protocol):
    """What takes a plan back when its time is over, unless it was kept before (R15)."""

    def problem(self) -> str:
        """Why that is not possible here, in one sentence; "" when it is."""

    def arm(self, plan: str, seconds: float) -> None:
        """Take that plan back in so many seconds. Raises Refused when nothing would."""

    def disarm(self, plan: str) -> None:
        """No longer; nothing happens when there is no such timer. Raises Refused."""


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


class TokenDoor(Protocol):
    """API calls as an API token makes them, over TLS, to the node itself."""

    @property
    def address(self) -> str:
        """Where: `https://pve1.example.com:8006`."""

    def ask(self, tokenid: str, secret: Secret, paths: Sequence[Sequence[str]]) -> list[Any]:
        """What GET answers on each path, in their order; the secret is dropped at once.

        Raises ApiError where PVE refuses (401: it does not know the token), and what
        `adapters.https.Https.call` raises besides: Unreachable, Untrusted.
        """


class KeptFile(Protocol):
    """A file that was kept: where, and what to know about that place, in sentences."""

    @property
    def path(self) -> Path: ...

    @property
    def remarks(self) -> tuple[str, ...]: ...


class Keepsake(Protocol):
    """Files with secrets for whoever asks for them: in memory, on a stick, in a private folder."""

    def remarks(self, path: Path) -> tuple[str, ...]:
        """What to know about a place before a secret is made for it, as sentences.

        Raises what `save` raises.
        """

    def save(self, path: Path, sheet: Secret) -> KeptFile:
        """Make a new file that nobody else can read; `path` is absolute.

        Raises UsageError for a path that names no file, Refused for a folder that is no place for
        secrets, Unwritable.
        """


class Story(NamedTuple):
    """Something that can be broken on the demo cluster. `breaks` is False for what is only
    plugged in or pulled.
    """

    name: str
    text: str
    on: bool
    breaks: bool = True


class Stories(Protocol):
    """What can be broken on the demo cluster, and what is broken now."""

    @property
    def stories(self) -> Sequence[Story]:
        """All of them, in the order of the menu."""

    def turn(self, name: str, *, on: bool) -> None:
        """Break it, or mend it."""

    def mend(self) -> None:
        """Everything works again."""


class Hands(Protocol):
    """Whoever stands at a security key. Called from the thread that works with the key."""

    def waits(self, phase: Phase, seconds: float = 0.0) -> None:
        """What happens at the key now; `seconds`: how long PVE still waits, 0 for no limit."""

    def pin(self, asked: PinAsked) -> Secret | None:
        """The key's PIN, waited for as long as it takes; None gives up."""

    def given_up(self) -> bool:
        """Whether the key is to be left alone; asked several times a second."""


class SecurityKey(Protocol):
    """One plugged-in key, opened. Every call raises KeyTrouble and nothing else, and comes back
    within a second once `hands` gave up; a silent key is given three seconds.
    """

    def info(self) -> KeyInfo:
        """What it says of itself now; never needs a touch."""

    def register(self, options: Mapping[str, Any], origin: str, hands: Hands) -> Registered:
        """A new credential for PVE's `publicKey` options (WebAuthn creation options as JSON).

        `origin`: what a browser would write, `https://pve1.example.com:8006`. `timeout` of the
        options, in milliseconds, is how long somebody may take. No attestation is kept.
        """

    def sign(self, options: Mapping[str, Any], origin: str, hands: Hands) -> Signed:
        """The answer to a login's `publicKey` options (WebAuthn request options as JSON)."""

    def holding(
        self,
        rp_id: str,
        credentials: Sequence[bytes],
        goes_on: Callable[[int], bool] = lambda asked: True,
    ) -> frozenset[bytes]:
        """Those of the credentials that are on this key, without a touch.

        A key that always verifies its user tells nothing: then none. A question about one of them,
        or about some eight, takes a key 20 to 50 ms: `goes_on` gets before each how many of them
        were asked about, and ends it by False, with what was found so far.
        """

    def set_pin(self, new: Secret, old: Secret | None = None) -> None:
        """The first PIN, or with `old` another one."""

    def close(self) -> None:
        """Give the device back."""


class SecurityKeys(Protocol):
    """The security keys in this machine's USB ports."""

    def scan(self) -> Scan:
        """What is plugged in now; opens no key for longer than a look at its descriptor.

        Raises KeyTrouble where the kernel does not even tell that.
        """

    def open(self, path: str) -> SecurityKey:
        """One of the scan's keys. Raises KeyTrouble."""

    def touched(self, paths: Sequence[str], hands: Hands) -> str:
        """All of them blink; the path of the one that is touched. Raises KeyTrouble."""


class HidWire(Protocol):
    """Reports of 64 bytes to and from one HID device; what a CTAPHID conversation runs over."""

    def write(self, report: bytes) -> None:
        """Send one report. Raises OSError."""

    def read(self, seconds: float) -> bytes:
        """The next report. Raises TimeoutError when none came in time, OSError."""

    def close(self) -> None:
        """Give the device back; twice does no harm."""


class HidBus(Protocol):
    """Where HID devices are found: the kernel's hidraw nodes, or the demo's software keys."""

    def look(self) -> Scan:
        """What is plugged in now."""

    def open(self, path: str) -> HidWire:
        """Raises OSError."""


class Probe(Protocol):
    """How the machine behind the node does, told without PVE's API. Nothing is changed by it."""

    def look(self) -> Condition:
        """Without the other nodes; within five seconds, whatever hangs, and never raises."""

    def ask(self, on_answer: Callable[[Neighbour], None]) -> Sequence[Neighbour]:
        """The other nodes, over every address of theirs that is known, at the same time; each is
        told as soon as it is known. Within ten seconds, and never raises. () without others.
        """


class Recoveries(Protocol):
    """What was done to get back in: every later session is told until somebody has seen it."""

    def all(self) -> Sequence[Recovered]:
        """Oldest first. Raises Unreadable."""

    def put(self, recovered: Recovered) -> None:
        """A new one, or another state of one (by its id). Raises Unwritable."""


class Mail(Protocol):
    """Mail from this node to its admin."""

    def send(self, to: str, subject: str, text: str) -> None:
        """Hand it to the node's own mail system. Raises CommandFailed."""


class Proofs(Protocol):
    """What this program has seen of second factors: proved by a login, by a signature."""

    def all(self) -> Mapping[tuple[str, str], Mark]:
        """(userid, entry's id) -> the last mark. Raises Unreadable."""

    def put(self, mark: Mark) -> None:
        """Note one, in place of the older one of the same entry. Raises Unwritable."""


class Racks(Protocol):
    """The one rack that is not finished: keys for several people, interrupted (no secrets)."""

    def load(self) -> Rack | None:
        """The unfinished one, if any. Raises Unreadable."""

    def save(self, rack: Rack) -> None:
        """Note how it stands, in place of the older one. Raises Unwritable."""

    def drop(self) -> None:
        """Forget it; there need not be one. Raises Unwritable."""
