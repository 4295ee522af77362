"""What the journal holds: one entry before each step and one after it (security.md R16 to R17b).

An entry is one line of JSON in ASCII, so no name in it can begin another line:

    {"number":2,"time":1785600000.0,"who":{"kernel":..,"claimed":..,"differs":false},
     "entry":{"event":"intent","plan":..,"title":..,"step":1,"text":..,"outcome":"","reason":""},
     "previous":<hash of number 1>,"half":"","hash":<SHA-256 of this line without its hash>}

`previous` chains the lines (of number 1 it is 64 zeros). When the program or the node stops in
the middle of a line, that half line stays, and `half` of the next entry is the SHA-256 of it. So
a half line is told from one that somebody put there later.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import Any, Final, Literal, NamedTuple, NoReturn, get_args

from pve_auth_tui.core.plain import plain

Event = Literal[
    "begin", "intent", "result", "end", "armed", "kept", "fired", "expired", "purged", "proved"
]

START: Final = "0" * 64
MOST_LINE: Final = 64 * 1024  # bytes; what `bounded` leaves always fits, whatever it holds
MOST_TOLD: Final = 1000  # bytes: syslog relays may cut at 1024 (RFC 3164, 4.1)
_MOST_TEXT: Final = 4096  # bytes in UTF-8
_MOST_SHORT: Final = 512
_LATEST: Final = 1e11  # seconds since 1970
_EVENTS: Final = frozenset(get_args(Event))


@dataclass(frozen=True, slots=True)
class Entry:
    """`plan` is the plan's id, `title` its title; `step` counts from 1, 0 for the plan as a whole.

    `text`: the command as shown (intent), or nothing. `outcome`: `ok`, `failed: Refused`,
    `unsure: Unreachable`, `not run`. `reason`: what the admin gave, or what was overridden.
    """

    event: Event
    plan: str
    title: str
    step: int = 0
    text: str = ""
    outcome: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Who:
    """`kernel`: what the kernel and logind say (login uid, session, tty, remote host); `claimed`:
    what the environment says (SUDO_USER, SSH_CONNECTION), which anybody can set.
    """

    kernel: str
    claimed: str = ""
    differs: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """An entry as it lies in the file: number, time (seconds since 1970), who, hash of its line."""

    number: int
    time: float
    who: Who
    entry: Entry
    hash: str


class Kept(NamedTuple):
    """Where an entry went: `places` of `file`, `syslog`, `cluster log`, at least one of the first
    two. `problems`: sentences on what did not take it. `written` is None when the file did not.
    """

    places: tuple[str, ...]
    problems: tuple[str, ...] = ()
    written: Written | None = None


class Link(NamedTuple):
    """A line as an entry in the chain. `right`: its hash is that of its content."""

    written: Written
    previous: str
    half: str
    right: bool


class Tip(NamedTuple):
    """Where the chain goes on: behind that entry, and the half lines that came after it."""

    number: int = 0
    hash: str = START
    half: str = ""


# --- writing -------------------------------------------------------------------------


def next_line(entry: Entry, who: Who, now: float, tip: Tip) -> tuple[Written, bytes]:
    """The entry as it is written behind `tip`, and its line with the line feed."""
    entry = bounded(entry)
    who = replace(who, kernel=_cut(who.kernel), claimed=_cut(who.claimed))
    unsigned = Written(tip.number + 1, round(now, 3), who, entry, "")
    body = _body(unsigned, tip.hash, tip.half)
    digest = sha256(body).hexdigest()
    return replace(unsigned, hash=digest), _signed(body, digest) + b"\n"


def bounded(entry: Entry) -> Entry:
    """The entry with at most 4 KiB of text; what is cut says so."""
    return replace(
        entry,
        plan=_cut(entry.plan),
        title=_cut(entry.title),
        text=_cut(entry.text, _MOST_TEXT),
        outcome=_cut(entry.outcome),
        reason=_cut(entry.reason),
    )


def tip_of(lines: Sequence[bytes]) -> Tip | None:
    """Where the chain goes on after the last lines of a file; None when no entry is in them.

    An entry whose line feed was not written any more counts: its hash shows that it is whole.
    """
    for at in range(len(lines) - 1, -1, -1):
        link = link_of(lines[at])
        if link and link.right:
            return Tip(link.written.number, link.written.hash, half_of(lines[at + 1 :]))
    return None


def half_of(lines: Iterable[bytes]) -> str:
    """What tells of half lines: the SHA-256 of all of them; "" when there are none."""
    rest = b"\n".join(line for line in lines if line)
    return sha256(rest).hexdigest() if rest else ""


def _body(written: Written, previous: str, half: str) -> bytes:
    """The one way to write an entry, without its hash."""
    value: dict[str, Any] = asdict(written)
    del value["hash"]
    return _json(value | {"previous": previous, "half": half})


def _json(value: object) -> bytes:
    text = json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("\x7f", "\\u007f").encode("ascii")


def _signed(body: bytes, digest: str) -> bytes:
    return body[:-1] + b',"hash":' + _json(digest) + b"}"


def _cut(text: str, most: int = _MOST_SHORT) -> str:
    data = text.encode("utf-8", "surrogatepass")
    if len(data) <= most:
        return text
    kept = data[: most - 32].decode("utf-8", "ignore")
    return f"{kept}... ({len(data)} bytes, cut)"


# --- reading -------------------------------------------------------------------------


def link_of(line: bytes) -> Link | None:
    """A line that has an entry's shape, be its hash right or not; None for any other."""
    if len(line) > MOST_LINE:
        return None
    try:
        value = json.loads(line.decode("ascii"), parse_constant=_no_number)
        return _link(value, line)
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _link(value: dict[str, Any], line: bytes) -> Link | None:
    number, time, digest = value["number"], value["time"], value["hash"]
    previous, half = value["previous"], value["half"]
    who, entry = Who(**value["who"]), Entry(**value["entry"])
    words = (entry.plan, entry.title, entry.text, entry.outcome, entry.reason)
    if (
        not all(isinstance(text, str) for text in (previous, half, digest, who.kernel, who.claimed))
        or not all(isinstance(text, str) for text in words)
        or not all(type(count) is int for count in (number, entry.step))
        or type(time) not in (int, float)
        or not 0 <= time < _LATEST
        or type(who.differs) is not bool
        or entry.event not in _EVENTS
    ):
        return None
    written = Written(number, time, who, entry, digest)
    body = _body(written, previous, half)
    right = line == _signed(body, digest) and sha256(body).hexdigest() == digest
    return Link(written, previous, half, right)


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


# --- telling -------------------------------------------------------------------------


def told(written: Written) -> str:
    """An entry in one printable line of at most MOST_TOLD bytes, for syslog and cluster log.

    Its end is the number and the hash: a copy of it elsewhere is what proves the file.
    """
    end = f" [{written.number} sha256:{written.hash}]"
    return _shortened(_words(written.entry, written.who), MOST_TOLD - len(end)) + end


def told_alone(entry: Entry, who: Who, problem: str) -> str:
    """The same for an entry that the file did not take."""
    end = f" [not in the journal's file: {_shortened(plain(problem), 200)}]"
    return _shortened(_words(entry, who), MOST_TOLD - len(end.encode())) + end


def _words(entry: Entry, who: Who) -> str:
    step = f" step {entry.step}" if entry.step else ""
    said = [f"plan {entry.plan}{step} {entry.event}: {_shortened(entry.text or entry.title, 400)}"]
    if entry.outcome:
        said.append(f"outcome: {_shortened(entry.outcome, 100)}")
    if entry.reason:
        said.append(f"reason: {_shortened(entry.reason, 100)}")
    said.append(f"by {_shortened(who.kernel, 150)}")
    if who.claimed:
        differs = " (DIFFERS)" if who.differs else ""
        said.append(f"claimed{differs}: {_shortened(who.claimed, 100)}")
    return plain("; ".join(said))


def _shortened(text: str, most: int) -> str:
    data = text.encode("utf-8", "surrogatepass")
    if len(data) <= most:
        return text
    return data[: most - 3].decode("utf-8", "ignore") + "..."
