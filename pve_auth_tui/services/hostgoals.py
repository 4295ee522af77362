"""Looks whether what a step on the node is for was reached. Changes nothing.

Each goal is looked at where it shows by itself: realmd's list, systemd's state, the files. What a
tool that is missing would have told counts as not reached, with that as the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Final

from pve_auth_tui.core.errors import AuthTuiError, Missing, ToolMissing
from pve_auth_tui.core.host import keytab, pamlines, units
from pve_auth_tui.core.host.goals import (
    Active,
    Copied,
    Denied,
    Ended,
    FileIs,
    Goal,
    Installed,
    Joined,
    MakesHomes,
    Masked,
    NotJoined,
    Permits,
    Purged,
    Sight,
    Tried,
    Trusted,
)
from pve_auth_tui.core.host.ports import Host
from pve_auth_tui.core.join import realmd, steps
from pve_auth_tui.core.join.model import Membership
from pve_auth_tui.core.join.names import permitted
from pve_auth_tui.core.join.packages import INSTALLED, parse_query, query
from pve_auth_tui.core.ports import BulkTree, Tree
from pve_auth_tui.core.trust.pem import CERTIFICATES, blocks_of

_SESSION: Final = "etc/pam.d/common-session"
_CERTS: Final = "etc/ssl/certs"
_BUNDLE: Final = f"{_CERTS}/ca-certificates.crt"
_HASHED: Final = re.compile(r"[0-9a-f]{8}\.\d+")
_GONE: Final = frozenset("nc")  # dpkg's second letter: not installed, or its configuration alone
_DEEPEST: Final = 8  # folders within folders that are compared


def look_for(goal: Goal, host: Host) -> Sight:
    """What is seen of it now. Raises what reading files raises, and CommandFailed."""
    try:
        return _look_for(goal, host)
    except ToolMissing as error:
        return Sight(False, f"{error} So it could not be looked at.")


def _look_for(goal: Goal, host: Host) -> Sight:
    match goal:
        case Installed() | Purged():
            return _packages(goal, host)
        case FileIs(path, digest):
            return _file_is(path, digest, host)
        case Copied(paths, folder):
            return _copied(paths, folder, host)
        case Active() | Masked():
            return _unit(goal, host)
        case MakesHomes(wanted):
            return _makes_homes(host, wanted=wanted)
        case Trusted(digest, wanted):
            return _trusted(digest, host.files, wanted=wanted)
        case Ended():
            return Sight(True, "How it ended is all that is asked.")
        case Tried():
            return Sight(True, "Nothing hangs on it.")
        case _:
            return _of_domain(goal, host)


def _of_domain(goal: Joined | NotJoined | Denied | Permits, host: Host) -> Sight:
    match goal:
        case Joined(domain):
            return _joined(domain, host)
        case NotJoined(domain):
            return _not_joined(domain, host)
        case Denied(domain):
            return _denied(domain, host)
        case Permits():
            return _permits(goal, host)


# --- packages ------------------------------------------------------------------------------------


def _packages(goal: Installed | Purged, host: Host) -> Sight:
    states = parse_query(host.ask(query(goal.packages)).out)
    if isinstance(goal, Installed):
        missing = [name for name in goal.packages if states.get(name) != INSTALLED]
        told = f"Not installed: {_named(missing)}." if missing else "Installed."
        return Sight(not missing, told)
    there = [name for name in goal.packages if states.get(name, "un")[1] not in _GONE]
    return Sight(not there, f"Still installed: {_named(there)}." if there else "Removed.")


# --- files ---------------------------------------------------------------------------------------


def _file_is(path: str, digest: str, host: Host) -> Sight:
    data = _bytes(path, host.files)
    found = "" if data is None else sha256(data).hexdigest()
    if found == digest:
        return Sight(True, f"{path} is as it should be.")
    if data is None:
        return Sight(False, f"{path} is not there.")
    return Sight(False, f"{path} is still there." if not digest else f"{path} holds other content.")


def _copied(paths: tuple[str, ...], folder: str, host: Host) -> Sight:
    for path in paths:
        if differs := next(_differing(path, folder, host), ""):
            return Sight(False, f"The copy of {differs} is missing or differs.")
    return Sight(True, f"Copied to {folder}.")


def _differing(path: str, folder: str, host: Host, depth: int = 0) -> Iterator[str]:
    copy = f"{folder.rstrip('/')}{path}"
    look = host.look(path)
    if look is not None and look.kind == "folder" and depth < _DEEPEST:
        twin = host.look(copy)
        if twin is None or twin.kind != "folder":
            yield path
            return
        for name in host.files.names(path.strip("/")):
            yield from _differing(f"{path.rstrip('/')}/{name}", folder, host, depth + 1)
    elif look is not None and look.kind == "file":
        if _bytes(path, host.files) != _bytes(copy, host.files):
            yield path
    elif look is None and host.look(copy) is not None:
        yield path


def _bytes(path: str, tree: Tree) -> bytes | None:
    """None for no file there."""
    try:
        return tree.read(path.lstrip("/"))
    except Missing:
        return None


# --- the domain ----------------------------------------------------------------------------------


def _listed(domain: str, host: Host) -> Membership | None:
    """What realmd says of it; None where the node is no member."""
    said = host.ask(steps.ask_list())
    return realmd.joined(realmd.parse(said.out), domain)


def _joined(domain: str, host: Host) -> Sight:
    if _listed(domain, host) is None:
        return Sight(False, f"realmd does not list {domain} as joined.")
    said = host.ask(steps.ask_trust(domain))
    if said.code != 0:
        return Sight(False, f"realmd lists {domain}, but adcli testjoin says no to it.")
    return Sight(True, f"The node is a member of {domain}, and a DC takes its password.")


def _not_joined(domain: str, host: Host) -> Sight:
    try:
        listed = _listed(domain, host)
    except ToolMissing:
        listed = None  # without realmd nobody lists it; the keytab still tells
    if listed is not None:
        return Sight(False, f"realmd still lists {domain}.")
    data = _bytes(keytab.PATH, host.files) or b""
    left = keytab.of_realm(keytab.principals(data), domain)
    if left:
        return Sight(False, f"{keytab.PATH} still holds keys of {_named(left[:3])}.")
    return Sight(True, f"The node is no member of {domain}.")


def _denied(domain: str, host: Host) -> Sight:
    member = _listed(domain, host)
    if member is None:
        return Sight(False, f"realmd does not list {domain} as joined.")
    names = (*member.permitted_users, *member.permitted_groups)
    if member.policy == realmd.DENY_ALL or (member.policy == realmd.ALLOW_SOME and not names):
        return Sight(True, f"Nobody of {domain} may log in.")
    return Sight(False, f"realmd's login policy of {domain} is {member.policy}.")


def _permits(goal: Permits, host: Host) -> Sight:
    if not (goal.users or goal.groups):
        return _denied(goal.domain, host)
    member = _listed(goal.domain, host)
    if member is None:
        return Sight(False, f"realmd does not list {goal.domain} as joined.")
    if member.policy != realmd.ALLOW_SOME:
        return Sight(False, f"realmd's login policy of {goal.domain} is {member.policy}.")
    found = (
        _folded(member.permitted_users, goal.domain),
        _folded(member.permitted_groups, goal.domain),
    )
    if found != (_folded(goal.users, goal.domain), _folded(goal.groups, goal.domain)):
        names = (*member.permitted_users, *member.permitted_groups)
        return Sight(False, f"Those who may log in are: {_named(names) or 'nobody'}.")
    return Sight(True, f"Just {_named((*goal.users, *goal.groups))} may log in.")


def _folded(names: Iterable[str], domain: str) -> frozenset[str]:
    """realmd and sssd do not tell upper and lower case apart, and know the domain of `alice`."""
    return frozenset(permitted(name, domain).casefold() for name in names)


# --- the rest ------------------------------------------------------------------------------------


def _unit(goal: Active | Masked, host: Host) -> Sight:
    unit = units.parse(host.ask(steps.ask_unit(goal.unit)).out)
    if isinstance(goal, Active):
        return Sight(unit.is_active is goal.wanted, f"{goal.unit} is {unit.word}.")
    masked = "masked" if unit.is_masked else "not masked"
    return Sight(unit.is_masked is goal.wanted, f"{goal.unit} is {masked}.")


def _makes_homes(host: Host, *, wanted: bool) -> Sight:
    text = (_bytes(_SESSION, host.files) or b"").decode("utf-8", "replace")
    found = "pam_mkhomedir.so" in pamlines.modules(text)
    told = "names" if found else "does not name"
    return Sight(found is wanted, f"/{_SESSION} {told} pam_mkhomedir.")


def _trusted(digest: str, tree: Tree, *, wanted: bool) -> Sight:
    """The files themselves are read, and not `openssl verify` asked: that says yes to whatever
    another CA of the folder vouches for as well, and so cannot see that one is gone. A file of the
    hashed folder has its name from `openssl rehash`, which passes over files with two
    certificates: what is not found there is not trusted by whoever uses the folder.
    """
    in_bundle = digest in _digests(_bytes(_BUNDLE, tree) or b"")
    in_folder = any(digest in _digests(data) for data in _hashed(tree))
    where = [
        name
        for name, there in (("the bundle", in_bundle), ("the hashed directory", in_folder))
        if there
    ]
    told = f"It is in {' and in '.join(where)}." if where else "It is in neither place."
    reached = in_bundle and in_folder if wanted else not (in_bundle or in_folder)
    if wanted and len(where) == 1:
        told = f"It is in {where[0]} alone."
    return Sight(reached, told)


def _digests(data: bytes) -> frozenset[str]:
    """The SHA-256 (hex) of each certificate's DER; what is damaged is left out."""
    blocks = blocks_of(data).found
    ders = (one.der for one in blocks if one.label in CERTIFICATES and one.der)
    return frozenset(sha256(der).hexdigest() for der in ders)


def _hashed(tree: Tree) -> Iterator[bytes]:
    paths = [f"{_CERTS}/{name}" for name in tree.names(_CERTS) if _HASHED.fullmatch(name)]
    if isinstance(tree, BulkTree):
        yield from tree.read_many(paths).values()
        return
    for path in paths:
        try:
            yield tree.read(path)
        except AuthTuiError:
            continue  # a link that leads nowhere trusts nobody


def _named(names: Iterable[str]) -> str:
    return ", ".join(names)
