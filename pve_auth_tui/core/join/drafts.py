"""Plans of a join and of its ways back: their commands, and in words what they lead to.

R30: there is never a moment in which somebody of the domain may log in whom nobody named. So the
snippet that denies all stands before the join, and goes after the last permit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.join import steps
from pve_auth_tui.core.join.access import deny_everybody
from pve_auth_tui.core.join.manifest import as_text
from pve_auth_tui.core.join.model import SNIPPET, START_FILE
from pve_auth_tui.core.join.orders import (
    BACKED_UP,
    JoinOrder,
    LeaveOrder,
)
from pve_auth_tui.core.join.parts import (
    ACTIVE,
    MASKED,
    digest,
    node_of,
    put_back,
    shut_at_start,
    sssd_anew,
)
from pve_auth_tui.core.join.permits import login_effects, login_notes, logins
from pve_auth_tui.core.plan import Draft, Effect, HostFile, Step
from pve_auth_tui.core.words import count_words


def install_draft(node: str, names: Sequence[str], notes: Sequence[Finding] = ()) -> Draft:
    """Packages, and nothing else: no upgrade, nothing that is only recommended."""
    told = tuple(Effect(name, f"is installed on {node}") for name in names)
    return Draft(
        f"install {count_words(len(names), 'package', 'packages')} on {node}",
        (steps.install(names),),
        tuple(notes),
        told=told,
        otherwise=f"apt-get purge {' '.join(names)}",
    )


# --- join --------------------------------------------------------------------------------------


def join_draft(order: JoinOrder) -> Draft:
    """From the backup to the last permit, in the order that leaves no window open."""
    wish, node = order.wish, node_of(order.before)
    word = ""
    if order.everybody:
        word = wish.domain
    if order.taken_from:
        word = wish.computer
    return Draft(
        f"join {node} to {wish.domain}",
        tuple(_join_steps(order)),
        tuple(_join_notes(order)),
        told=tuple(_join_effects(order)),
        lost=("If a step fails, what was done is rolled back at once.",),
        otherwise=f"pve-auth-tui join leave {wish.domain}",
        word=word or (wish.computer if order.refusal else ""),
        refusal=order.refusal,
    )


def _join_steps(order: JoinOrder) -> Iterator[Step]:
    wish, before, kept = order.wish, order.before, order.manifest
    deny = deny_everybody(wish.domain)
    yield steps.folder(kept.folder)
    if there := [path for path in BACKED_UP if path in before.files]:
        yield steps.back_up(there, kept.folder)
    yield HostFile(kept.path, as_text(kept), 0o600)
    yield from shut_at_start(before)
    yield HostFile(SNIPPET, deny, 0o600, before.files.get(SNIPPET, ""))
    if before.units.get(steps.PACKAGEKIT) == MASKED:
        yield steps.unmask()
    yield steps.reset_failed()
    yield steps.join(
        wish.domain,
        wish.user,
        order.password,
        ou=wish.ou,
        computer=wish.computer,  # always, or realmd may make another of /etc/hosts than was checked
    )
    yield from logins(wish.domain, wish.users, wish.groups, everybody=order.everybody)
    if wish.homes and not before.homes:
        yield steps.homes(wanted=True)
    yield HostFile(SNIPPET, None, 0o600, digest(deny))
    yield from steps.anew()
    yield steps.mask()


def _join_notes(order: JoinOrder) -> Iterator[Finding]:
    yield from order.notes
    if order.taken_from:
        text = f"{order.taken_from} loses its trust: its account becomes this node's."
        yield Finding("BAD", text, "Only where that host is switched off for good.")
    yield from login_notes(order.wish.users, order.wish.groups, everybody=order.everybody)


def _join_effects(order: JoinOrder) -> Iterator[Effect]:
    wish, node = order.wish, node_of(order.before)
    account = f"{wish.computer}$"
    yield Effect(node, f"becomes a member of {wish.domain}, joined by {wish.user}")
    if order.taken_from:
        yield Effect(account, f"is taken over from {order.taken_from}")
    elif order.exists:
        yield Effect(account, f"is there already, and gets a new password: it is {node}'s again")
    else:
        yield Effect(account, f"is made in {wish.ou or 'the place that the domain has for it'}")
    yield from login_effects(node, wish.domain, wish.users, wish.groups, everybody=order.everybody)
    if wish.homes and not order.before.homes:
        yield Effect("/home", "homes are made at the first login (pam_mkhomedir)")
    yield Effect("packagekit", "is masked: any user could ask it for packages")
    count = sum(path in order.before.files for path in BACKED_UP)
    text = f"{count_words(count, 'file is', 'files are')} kept there as they are now"
    yield Effect(order.manifest.folder, text)


# --- leave -------------------------------------------------------------------------------------


def leave_draft(order: LeaveOrder) -> Draft:
    """The node alone, or the account in the domain, too; what realmd forgets is cleaned up."""
    node = node_of(order.before)
    told = [Effect(node, f"is no member of {order.domain} any more: nobody of it logs in")]
    account = f"{order.computer}$" if order.computer else "the computer's account"
    if order.user:
        told.append(Effect(account, f"is deleted in {order.domain} by {order.user}"))
    else:
        told.append(Effect(account, f"stays in {order.domain}: an admin there may delete it"))
    told += _cleaned(order)
    if _disables_homes(order):
        told.append(Effect("pam_mkhomedir", "is off again, as it was"))
    if order.clean_up and order.manifest:
        told.append(Effect("sssd", "forgets names and password hashes of the domain"))
    told += [Effect(name, "is purged") for name in order.purge]
    lost = ["It is a join again that takes it back.", *order.kept]
    return Draft(
        f"{node} leaves {order.domain}",
        tuple(_leave_steps(order)),
        told=tuple(told),
        lost=tuple(lost),
        word=_word_of(order),
    )


def _word_of(order: LeaveOrder) -> str:
    """Of what is deleted, if anything is."""
    if order.user:
        return order.computer or order.domain
    return order.domain if order.purge else ""


def _leave_steps(order: LeaveOrder) -> Iterator[Step]:
    before, kept = order.before, order.manifest
    member = before.member_of(order.domain)
    if order.user and order.password is not None:
        yield steps.delete_account(order.domain, order.user, order.password, order.computer)
    if member:
        yield steps.reset_failed()
        yield steps.leave(order.domain)
    if SNIPPET in before.files:
        yield HostFile(SNIPPET, None, 0o600, before.files[SNIPPET])
    if START_FILE in before.files and not _others(order):
        yield HostFile(START_FILE, None, 0o600, before.files[START_FILE])
    if kept is not None and order.clean_up:
        if _disables_homes(order):
            yield steps.homes(wanted=False)
        for path in order.clean:
            yield put_back(path, kept)
        yield from sssd_anew(order.domain, runs=kept.units.get(steps.SSSD) == ACTIVE)
        if steps.SSSD in kept.units:  # `realm leave` switches it off
            yield steps.enable() if steps.SSSD in kept.enabled else steps.disable()
        if kept.units.get(steps.PACKAGEKIT, MASKED) != MASKED:
            yield steps.unmask()
    if order.purge:
        yield steps.purge(order.purge)


def _others(order: LeaveOrder) -> bool:
    """The node is a member of another domain besides."""
    mine = order.before.member_of(order.domain)
    return any(one.configured and one != mine for one in order.before.memberships)


def _cleaned(order: LeaveOrder) -> Iterator[Effect]:
    """What realmd leaves behind. What was not there before the join goes."""
    for path in order.clean if order.manifest else ():
        was = order.manifest is not None and path in order.manifest.files
        text = "is put back as" if was else "is removed: it was not there"
        yield Effect(path, f"{text} it was before the join" if was else f"{text} before the join")


def _disables_homes(order: LeaveOrder) -> bool:
    kept = order.manifest
    return order.clean_up and order.before.homes and kept is not None and not kept.homes
