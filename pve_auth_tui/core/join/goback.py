"""The way back from a join that did not come to its end, and what it may leave."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pve_auth_tui.core.join import steps
from pve_auth_tui.core.join.manifest import Manifest
from pve_auth_tui.core.join.model import SNIPPET, START_FILE, NodeState
from pve_auth_tui.core.join.orders import BACKED_UP, KRB5, NSSWITCH, SSSD_CONF, BackOrder
from pve_auth_tui.core.join.parts import ACTIVE, MASKED, node_of, put_back, sssd_anew
from pve_auth_tui.core.plan import Draft, Effect, Step


def back_draft(order: BackOrder) -> Draft:
    """The node as it was before the join that failed. Every step may be done twice."""
    domain, now, kept = order.domain, order.now, order.manifest
    if order.settle:
        told = [Effect("realmd", "ends what it is still at")]
    else:
        told = [Effect(node_of(now), f"is as it was before the join to {domain}")]
    if order.user:
        told.append(Effect(f"{kept.computer}$", "is deleted: this join made it"))
    return Draft(
        f"roll back the join to {domain}",
        tuple(_back_steps(order)),
        told=tuple(told),
        lost=("It is what takes a join back.",),
    )


def _back_steps(order: BackOrder) -> Iterator[Step]:
    domain, now, kept = order.domain, order.now, order.manifest
    if order.settle:
        yield steps.end_realmd()
        return
    member = now.member_of(domain) is not None
    changed = _changed(now, kept.files)
    if order.user and order.password is not None:
        yield steps.delete_account(domain, order.user, order.password, kept.computer)
    if member and not order.files_alone:
        yield steps.end_realmd()
        yield steps.leave(domain)
    if now.homes and not kept.homes:
        yield steps.homes(wanted=False)
    touched = {KRB5, SSSD_CONF, NSSWITCH} if member else set()
    for path in BACKED_UP:
        if path in changed or path in touched or (member and path not in kept.files):
            yield put_back(path, kept)
    for path in (SNIPPET, START_FILE):
        if path in now.files and path not in kept.files:
            yield steps.remove(path)
    yield from _units_back(domain, now, kept, stirred=member or bool(changed))


def _units_back(domain: str, now: NodeState, kept: Manifest, *, stirred: bool) -> Iterator[Step]:
    was = kept.units
    if stirred or _runs(now.units.get(steps.SSSD)) != _runs(was.get(steps.SSSD)):
        yield from sssd_anew(domain, runs=_runs(was.get(steps.SSSD)))
    if steps.SSSD in was:  # realmd switches it on when it joins, off when it leaves
        starts = steps.SSSD in kept.enabled
        if stirred or (steps.SSSD in now.enabled) != starts:
            yield steps.enable() if starts else steps.disable()
    masked = _masked(now)
    if steps.PACKAGEKIT in was and masked != (was[steps.PACKAGEKIT] == MASKED):
        yield steps.unmask() if masked else steps.mask()


def _changed(now: NodeState, files: Mapping[str, str]) -> frozenset[str]:
    return frozenset(path for path in BACKED_UP if now.files.get(path) != files.get(path))


def differences(before: NodeState, now: NodeState) -> tuple[str, ...]:
    """What a roll back did not bring back, as sentences; () for nothing."""
    found = []
    for path in sorted({*before.files, *now.files}):
        if before.files.get(path) != now.files.get(path):
            found.append(
                f"{path} is not as it was."
                if path in before.files
                else f"{path} is still there, and was not before."
            )
    gone = {one.domain.lower() for one in before.memberships}
    found += [
        f"The node is still a member of {one.domain}."
        for one in now.memberships
        if one.domain.lower() not in gone
    ]
    for what, was, is_now in (
        ("sssd runs", _runs(before.units.get(steps.SSSD)), _runs(now.units.get(steps.SSSD))),
        ("packagekit is masked", _masked(before), _masked(now)),
        ("pam_mkhomedir is on", before.homes, now.homes),
    ):
        if is_now and not was:
            found.append(f"New: {what}.")
        elif was and not is_now:
            found.append(f"No longer so: {what}.")
    return tuple(found)


def _runs(word: str | None) -> bool:
    """A unit that has failed does not run either."""
    return word == ACTIVE


def _masked(state: NodeState) -> bool:
    return state.units.get(steps.PACKAGEKIT) == MASKED
