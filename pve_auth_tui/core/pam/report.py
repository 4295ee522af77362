"""A node's PAM as a whole: the services that count, their files, and what a join would make of it.

`dpkg -V` does not cover /etc/pam.d/common-*, and pam-auth-update keeps what stands around its own
block, whatever it is: so the stacks themselves are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.host.ports import Look
from pve_auth_tui.core.pam import filewords
from pve_auth_tui.core.pam.codes import IGNORE, MODULE_UNKNOWN
from pve_auth_tui.core.pam.judge import Judge
from pve_auth_tui.core.pam.lines import logical_lines, too_long
from pve_auth_tui.core.pam.managed import Managed
from pve_auth_tui.core.pam.model import (
    PamCheck,
    PamFinding,
    PamReport,
    Phase,
    Place,
    worst_first,
)
from pve_auth_tui.core.pam.modules import Facts
from pve_auth_tui.core.pam.stacks import FOLDERS, Handler, Kind, Reader, Stack, load

PVE: Final = "proxmox-ve-auth"
"""What PVE calls itself (PVE::Auth::PAM). No such file is shipped: `other` stands in for it."""
SERVICES: Final[Mapping[str, tuple[Phase, ...]]] = {
    PVE: (Phase.AUTH, Phase.ACCOUNT),
    "login": (Phase.AUTH, Phase.ACCOUNT, Phase.SESSION),
    "sshd": (Phase.AUTH, Phase.ACCOUNT, Phase.SESSION),
}
"""PVE opens no session."""
_PROGRAMS: Final = {"sshd": "/usr/sbin/sshd"}
_MODULES: Final = tuple(
    f"{root}/{triplet}/security"
    for triplet in ("x86_64-linux-gnu", "aarch64-linux-gnu")
    for root in ("/usr/lib", "/lib")
)
_NOLOGIN: Final = ("/run/nologin", "/var/run/nologin", "/etc/nologin")
_OF_ROOT: Final = (
    *("not-loaded", "left-to-chance", "no-lines"),
    *("root-locked-out", "root-needs-directory", "wrong-jump"),
    *("root-depends", "directory-first", "anyone-gets-in"),
)


@dataclass(frozen=True, slots=True)
class Node:
    """What of a node is looked at. `look` raises nothing."""

    read: Reader
    look: Callable[[str], Look | None]

    def module(self, name: str) -> str:
        """Where a module lies; "" for nowhere."""
        places = [name] if name.startswith("/") else [f"{one}/{name}" for one in _MODULES]
        return next((path for path in places if self.look(path) is not None), "")

    @property
    def has_modules(self) -> bool:
        """libpam's folder of modules is where it is looked for."""
        return any(
            self.look(path) is not None
            for folder in _MODULES
            for path in (folder, f"{folder}/pam_unix.so")
        )


def examine(node: Node) -> PamReport:
    """Everything, as the files are now."""
    stacks = {service: load(service, node.read) for service in SERVICES}
    facts = _facts(node, stacks)
    managed = Managed(node.read)
    checks: list[PamCheck] = []
    for service, phases in SERVICES.items():
        program = _PROGRAMS.get(service)
        if program and not stacks[service].own and node.look(program) is None:
            checks += [PamCheck(service, phase, "-", "not installed") for phase in phases]
            continue
        for phase in phases:
            checks.append(Judge(stacks[service], phase, facts, managed.fix).check())
    found = dict.fromkeys([*_of_files(node, stacks, facts), *managed.findings()])
    root = _root([one for one in checks if one.service == PVE])
    return PamReport(tuple(checks), worst_first(found), root, _after(node, managed, facts))


def _facts(node: Node, stacks: Mapping[str, Stack]) -> Facts:
    missing: set[str] = set()
    if node.has_modules:
        names = {one.module for one in _handlers(stacks) if one.kind is Kind.MODULE}
        missing = {name for name in names if not node.module(name)}
    return Facts(
        frozenset(missing),
        open_access=_is_empty(node, "/etc/security/access.conf"),
        open_time=_is_empty(node, "/etc/security/time.conf"),
        nologin=any(node.look(path) is not None for path in _NOLOGIN),
    )


def _is_empty(node: Node, path: str) -> bool:
    text = node.read(path)
    return text is not None and not any(line.text.strip() for line in logical_lines(text))


def _handlers(stacks: Mapping[str, Stack]) -> Iterator[Handler]:
    for service, stack in stacks.items():
        for phase in SERVICES[service]:
            yield from stack.of(phase)


# --- files ---------------------------------------------------------------------------------------


def _of_files(node: Node, stacks: Mapping[str, Stack], facts: Facts) -> Iterator[PamFinding]:
    files = dict.fromkeys(path for stack in stacks.values() for path in stack.files)
    for path in files:
        for number in too_long(node.read(path) or ""):
            yield filewords.long_line(Place(path, number))
    for path in (FOLDERS[0], *files):
        yield from _owned(node, path)
    used = {one.module: one for one in _handlers(stacks) if one.kind is Kind.MODULE}
    for name in used:
        where = node.module(name)
        if where:
            yield from _owned(node, where)
    problems = [
        one
        for stack in stacks.values()
        for one in stack.problems
        if not one.fatal and not one.chance
    ]
    for place in dict.fromkeys(one.place for one in problems):
        problem = next(one for one in problems if one.place == place)
        yield filewords.rejected(problem)
    yield from _missing(stacks, facts)
    if node.read("/etc/pam.conf") is not None and not _is_empty(node, "/etc/pam.conf"):
        yield filewords.PAM_CONF
    if facts.nologin:
        yield filewords.NOLOGIN
    if not node.has_modules:
        yield filewords.NO_MODULES


def _missing(stacks: Mapping[str, Stack], facts: Facts) -> Iterator[PamFinding]:
    told: set[Place] = set()
    for one in _handlers(stacks):
        quiet = one.silent and one.actions[MODULE_UNKNOWN] == IGNORE
        foreseen = one.code.count("module_unknown=ignore") > 0
        if one.module in facts.missing and not quiet and not foreseen and one.place not in told:
            told.add(one.place)
            yield filewords.module_missing(one)


def _owned(node: Node, path: str) -> Iterator[PamFinding]:
    seen = node.look(path)
    if seen is None:
        return
    if seen.uid != 0:
        yield filewords.not_roots(path, seen.uid)
    if seen.mode & 0o022:
        yield filewords.writable(path, seen.mode)


# --- root, before and after a join ---------------------------------------------------------------


def _root(checks: list[PamCheck]) -> Finding:
    found = worst_first([one for check in checks for one in check.findings])
    against = next((one for one in found if one.cause in _OF_ROOT), None)
    if against is None:
        return Finding("ok", "root logs in without AD")
    return Finding(against.word, against.text, against.fix)


def _after(node: Node, managed: Managed, facts: Facts) -> Finding:
    """With what libpam-sss and `pam-auth-update --enable mkhomedir` put in."""
    changed = managed.after_join()
    if changed is None:
        return Finding(
            "LOOK",
            "pam-auth-update does not manage common-auth, so a join leaves PAM as it is",
            "Add pam_sss by hand behind pam_unix, or let it manage the file: pam-auth-update",
        )
    installed = facts.missing - {"pam_sss.so", "pam_localuser.so", "pam_mkhomedir.so"}
    stack = load(PVE, lambda path: changed.get(path, node.read(path)))
    judged = [
        Judge(stack, phase, facts._replace(missing=installed), managed.fix).check()
        for phase in SERVICES[PVE]
    ]
    found = _root(judged)
    if found.word == "ok":
        return Finding("ok", "root logs in without AD, before and after")
    return found._replace(text=f"after a join: {found.text}")
