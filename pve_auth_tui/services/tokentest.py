"""What an API token gets when it asks: real calls with its secret, beside what is known here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from pve_auth_tui.core.aclindex import permissions_of
from pve_auth_tui.core.apitrouble import explained
from pve_auth_tui.core.errors import ApiError, LoginRefused, Refused, Unreadable
from pve_auth_tui.core.intents.tokens import token_of
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.masked import without
from pve_auth_tui.core.ports import Clock, TokenDoor, Tree
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tokenheader import secret_problem, value_of
from pve_auth_tui.core.tokensecrets import parse_token_secrets
from pve_auth_tui.core.why.usable import usable
from pve_auth_tui.core.words import count_words, listed, thousands

_FILE: Final = "etc/pve/priv/token.cfg"
_PATHS: Final = (("version",), ("access", "permissions"), ("cluster", "resources"), ("nodes",))
_UNAUTHORIZED: Final = 401
_GUESTS: Final = ("qemu", "lxc")
_NODES: Final = "nodes"


class Seen(NamedTuple):
    """Of the things of a kind (`guests`) the token is told `got`; `known` are in the picture,
    None where it does not say.
    """

    kind: str
    got: int
    known: int | None = None


@dataclass(frozen=True, slots=True)
class TokenTrial:
    """A test that PVE answered. `release`: what /version says, `9.2`.

    `resources`: how many entries /cluster/resources gave, of which kind says `seen`. `paths`: on
    how many PVE's own answer about the token's permissions was compared with the one computed
    here, None where it could not be; `differences`: those on which they are not equal.
    """

    tokenid: str
    address: str
    release: str
    resources: int
    seen: tuple[Seen, ...]
    paths: int | None
    differences: tuple[str, ...] = ()


class TokenTrials:
    """Blocking. `open_door` gives the way in of a program that has a token, made when needed;
    `open_tree` PVE's files, where somebody may read the secrets there.
    """

    def __init__(
        self,
        open_door: Callable[[], TokenDoor],
        clock: Clock,
        open_tree: Callable[[], Tree] | None = None,
    ) -> None:
        self._open_door = open_door
        self._clock = clock
        self._open_tree = open_tree

    @property
    def reads_secrets(self) -> bool:
        """Can `stored` look at all?"""
        return self._open_tree is not None

    def stored(self, tokenid: str) -> Secret:
        """The token's secret as PVE has it, read for this test alone.

        Raises Refused where there is none, or nobody here may read it.
        """
        if self._open_tree is None:
            raise Refused(
                "Only on the node itself can the secret be read.", "Type it in, or paste it."
            )
        try:
            found = parse_token_secrets(self._open_tree().read(_FILE)).secrets.get(tokenid)
        except Unreadable as error:
            raise Refused(f"priv/token.cfg could not be read: {error}", error.hint) from None
        if found is None:
            raise Refused(
                f"priv/token.cfg has no secret for {tokenid}.", "g gives the token a new one."
            )
        return found

    def test(self, tokenid: str, typed: Secret, snapshot: Snapshot) -> TokenTrial:
        """Ask as the token, once.

        `typed`: its secret, alone or as `credentials` has it. Raises Refused for what was not
        sent, LoginRefused when PVE does not take the token (with the reason, as far as the picture
        tells one), Unreachable and Untrusted.
        """
        token_of(snapshot, tokenid)
        if problem := secret_problem(typed):
            raise Refused(problem, "Nothing was sent.")
        door, secret = self._open_door(), value_of(typed)
        try:
            answers = door.ask(tokenid, secret, _PATHS)
        except ApiError as refusal:
            error = without(refusal, [secret])
            if error.code != _UNAUTHORIZED:
                raise explained(error, action=f"ask as {tokenid}", user=tokenid) from None
            why = usable(snapshot, tokenid, self._clock.now()).reason or _WRONG
            raise LoginRefused(f"PVE refuses {tokenid}. {why}", _HINT, error.original) from None
        return _tested(tokenid, door.address, snapshot, answers)


_WRONG: Final = "The secret is not the right one, as nothing else speaks against it."
_HINT: Final = "PVE itself never tells a client why it refuses."


def _tested(tokenid: str, address: str, snapshot: Snapshot, answers: Sequence[Any]) -> TokenTrial:
    version, permissions, resources, nodes = answers
    entries = [entry for entry in _list(resources) if isinstance(entry, Mapping)]
    release = version.get("release", "") if isinstance(version, Mapping) else ""
    paths, differences = _compared(snapshot, tokenid, permissions)
    return TokenTrial(
        tokenid,
        address,
        str(release),
        len(entries),
        tuple(_seen(snapshot, entries, len(_list(nodes)))),
        paths,
        differences,
    )


def _list(answer: Any) -> Sequence[Any]:
    return answer if isinstance(answer, list) else ()


def _seen(snapshot: Snapshot, entries: Sequence[Mapping[str, Any]], nodes: int) -> Iterable[Seen]:
    """Each thing once: PVE lists a storage for every node that has it."""
    inventory, access = snapshot.inventory.value, snapshot.access.value
    cluster = snapshot.cluster.value

    def named(kinds: Sequence[str], name: str) -> int:
        return len({str(e.get(name)) for e in entries if e.get("type") in kinds})

    yield Seen("guests", named(_GUESTS, "vmid"), len(inventory.guests) if inventory else None)
    stores = len(inventory.storages) if inventory else None
    yield Seen("storages", named(["storage"], "storage"), stores)
    yield Seen("pools", named(["pool"], "pool"), len(access.pools) if access else None)
    yield Seen(_NODES, nodes, len(cluster.nodes) if cluster and cluster.nodes else None)


def _compared(snapshot: Snapshot, tokenid: str, answer: Any) -> tuple[int | None, tuple[str, ...]]:
    """On how many paths PVE's answer was compared with ours, and where they are not equal."""
    access = snapshot.access.value
    if access is None or snapshot.restricted or not isinstance(answer, Mapping):
        return None, ()
    ours = permissions_of(access).answer(tokenid)
    theirs = {path: dict(privs) for path, privs in answer.items() if isinstance(privs, Mapping)}
    paths = sorted(ours.keys() | theirs.keys())
    differ = (path for path in paths if _flags(ours.get(path)) != _flags(theirs.get(path)))
    return len(paths), tuple(differ)


def _flags(privileges: Mapping[str, Any] | None) -> dict[str, bool]:
    return {name: str(on) == "1" for name, on in (privileges or {}).items()}


# --- in words ------------------------------------------------------------------------------


def trial_lines(tested: TokenTrial) -> list[Line]:
    """What came of it, for a screen or a terminal."""
    release = f" PVE {tested.release} answers." if tested.release else ""
    lines = [Line(f"yes, at {tested.address}.{release}", "Logs in", "ok")]
    things = [seen for seen in tested.seen if seen.kind != _NODES]
    words = ", ".join(map(_words, things))
    for nodes in (seen for seen in tested.seen if seen.kind == _NODES):
        words += f"; {_words(nodes)}, which PVE names to everybody"
    lines.append(Line(words, "Sees", "ok" if any(seen.got for seen in things) else "LOOK"))
    lines.append(_check(tested))
    return lines


def _words(seen: Seen) -> str:
    of = "" if seen.known is None else f" of {thousands(seen.known)}"
    return f"{thousands(seen.got)}{of} {seen.kind}"


def _check(tested: TokenTrial) -> Line:
    if tested.paths is None:
        return Line("PVE's answer about its permissions was not compared: see Start.", "Check", "-")
    if tested.differences:
        where = listed(tested.differences)
        return Line(
            f"PVE's own answer about its permissions is another one on {where}. r reads again.",
            "Check",
            "BAD",
        )
    if not tested.paths:
        return Line("PVE says as well that it has no permission anywhere.", "Check", "ok")
    paths = count_words(tested.paths, "path", "paths")
    return Line(
        f"PVE's own answer about its permissions is the one here, on {paths}.", "Check", "ok"
    )
