"""Plans: let this node trust a CA, and trust it no more."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.host.goals import Ended, Goal, Trusted
from pve_auth_tui.core.plan import Draft, Effect, HostFile, HostStep, Intent, Step
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.trust.elsewhere import (
    Needs,
    copy_lines,
    nodes_finding,
    realm_only,
    removal_lines,
)
from pve_auth_tui.core.trust.judging import lacking_root
from pve_auth_tui.core.trust.model import Candidate, Offer
from pve_auth_tui.core.trust.naming import called, file_name, groups
from pve_auth_tui.core.trust.places import AFRESH, SECONDS, UPDATE, path_of
from pve_auth_tui.core.trust.store import LocalStore, Stored
from pve_auth_tui.core.words import listed

_WHOM: Final = "everything on this node: apt, OpenID, PBS, and realms without a capath"
_MODE: Final = 0o644


def import_(
    offer: Offer, picked: Sequence[Candidate], store: LocalStore, subjects: Sequence[str]
) -> Intent:
    """One file for each of `picked`, roots first, then update-ca-certificates and its proof.

    `subjects` of the CAs that are trusted already. Raises UsageError for nothing picked; the
    intent raises Refused for what must not be trusted.
    """
    if not picked:
        raise UsageError("No certificate was picked.", "Nothing was changed.")
    wanted = sorted(picked, key=lambda one: not one.authority.certificate.self_signed)

    def intent(snapshot: Snapshot) -> Draft:
        for one in wanted:
            _require(one)
        root = lacking_root([one.authority for one in wanted], subjects)
        if root:
            raise Refused(
                f"An intermediate CA is trusted only with its root: {root}",
                "Import the root, alone or with it.",
            )
        new = [one for one in wanted if not _is_there(one, store)]
        if not new:
            names = listed([called(one.authority.certificate) for one in wanted])
            raise Refused(f"Nothing would change: this node trusts {names} already.")
        return _import_draft(offer, new, [one for one in wanted if one not in new], store, snapshot)

    return intent


def _require(one: Candidate) -> None:
    if one.why_not:
        fix = next((each.fix for each in one.findings if each.word == "BAD"), "")
        raise Refused(f"{called(one.authority.certificate)}: {one.why_not}", fix)


def _is_there(one: Candidate, store: LocalStore) -> bool:
    """Trusted by both, as far as is known: nothing is left to do."""
    if not one.trusted:
        return False
    holders = [
        each
        for each in store.files
        if one.authority.sha256 in {held.sha256 for held in each.contents.authorities}
    ]
    return not holders or any(each.counts and each.is_trusted for each in holders)


def _import_draft(
    offer: Offer,
    new: Sequence[Candidate],
    there: Sequence[Candidate],
    store: LocalStore,
    snapshot: Snapshot,
) -> Draft:
    steps: list[Step] = []
    told: list[Effect] = []
    notes: list[Finding] = []
    names = []
    for one in new:
        certificate = one.authority.certificate
        title, name = called(certificate), file_name(certificate)
        names.append(name)
        before = store.at(name)
        steps.append(HostFile(path_of(name), one.authority.pem, _MODE, _expected(before)))
        steps.append(HostStep(UPDATE, seconds=SECONDS, goal=Trusted(certificate.sha256)))
        told.append(Effect(title, f"will be trusted by {_WHOM}"))
        told.append(Effect("SHA-256", groups(certificate.sha256)))
        lead = f"{title}: " if len(new) > 1 else ""
        notes += [each._replace(text=lead + each.text) for each in one.findings]
    notes.append(
        Finding(
            "LOOK",
            "Compare the SHA-256 with what whoever runs the CA tells you, by another way.",
            "Who has this CA's key can pass for any server towards this node.",
        )
    )
    only = realm_only(snapshot, names[0], offer.source, offer.form)
    if only:  # first: it may be all that is needed (R30b)
        text = (
            "Only a realm needs it? Then let the realm alone trust it (capath), and nothing else."
        )
        notes.insert(0, Finding("LOOK", text, "; ".join(only)))
    if nodes := nodes_finding(snapshot):
        notes.append(nodes._replace(fix="; ".join(copy_lines(snapshot, names))))
    title = called(new[0].authority.certificate)
    whole = f"trust the CA {title}" if len(new) == 1 else f"trust {len(new)} CAs"
    already = tuple(Effect(called(one.authority.certificate), "trusted already") for one in there)
    lost = (
        "If it does not become trusted, its file is removed and everything is made anew at once.",
    )
    back = f"pve-auth-tui ca remove {' '.join(names)}"
    return Draft(whole, tuple(steps), tuple(notes), already, tuple(told), lost, otherwise=back)


def _expected(before: Stored | None) -> str:
    return before.sha256 if before else ""


def written(offer_pem: str) -> str:
    """The SHA-256 of a file with that text."""
    return hashlib.sha256(offer_pem.encode()).hexdigest()


def take_back(steps: Sequence[Step], done: int) -> Intent:
    """What removes the files of the first `done` steps of an import that failed."""
    files = [
        one
        for one in steps[:done]
        if isinstance(one, HostFile) and one.content and not one.expected
    ]

    def intent(_: Snapshot) -> Draft:
        gone: list[Step] = [
            HostFile(one.path, None, one.mode, written(one.content or "")) for one in files
        ]
        gone.append(HostStep(AFRESH, seconds=SECONDS, goal=_goal_of_failed(steps, done)))
        told = tuple(Effect(one.path, "is removed again") for one in files)
        told = (*told, Effect("the bundle and the hashed folder", "are made anew"))
        lost = ("What is removed was written by the import that failed, and nothing else.",)
        return Draft("take the import of a CA back", tuple(gone), (), (), told, lost)

    return intent


def _goal_of_failed(steps: Sequence[Step], done: int) -> Goal:
    for one in reversed(steps[: done + 1]):
        if isinstance(one, HostStep) and isinstance(one.goal, Trusted):
            return Trusted(one.goal.sha256, wanted=False)
    return Ended()


# --- remove ----------------------------------------------------------------------------------


def remove(names: Sequence[str], store: LocalStore, shipped: Sequence[str], needs: Needs) -> Intent:
    """Take files away, and what was made of them. `shipped`: SHA-256 of what Debian brings, which
    stays trusted. Raises UsageError for nothing; the intent for a file that is not there.
    """
    if not names:
        raise UsageError("No file was named.", "pve-auth-tui ca list names them.")

    def intent(snapshot: Snapshot) -> Draft:
        files = [_found(name, store) for name in dict.fromkeys(names)]
        return _remove_draft(files, store, shipped, needs, snapshot)

    return intent


def _found(name: str, store: LocalStore) -> Stored:
    one = store.at(name)
    if one is None:
        raise UsageError(f"There is no file {path_of(name)}.", "pve-auth-tui ca list names them.")
    if not one.sha256:
        raise Refused(f"{one.path} is not removed: {one.problem}", "Look at what it is.")
    return one


def _remove_draft(
    files: Sequence[Stored],
    store: LocalStore,
    shipped: Sequence[str],
    needs: Needs,
    snapshot: Snapshot,
) -> Draft:
    steps: list[Step] = [HostFile(one.path, None, one.mode, one.sha256) for one in files]
    told: list[Effect] = []
    leaves: list[str] = []
    going = {one.name for one in files}
    for one in files:
        told.append(Effect(one.path, "is removed"))
        for authority in one.contents.authorities if one.counts else ():
            title = called(authority.certificate)
            others = [
                name for name in store.others_with(authority.sha256, one.name) if name not in going
            ]
            if others or authority.sha256 in shipped:
                why = f"{others[0]} has it, too" if others else "Debian ships it"
                told.append(Effect(title, f"stays trusted: {why}"))
            elif authority.sha256 in store.trusted:
                told.append(Effect(title, f"is no longer trusted by {_WHOM}"))
                leaves.append(authority.sha256)
    goals: list[Goal] = [Trusted(one, wanted=False) for one in dict.fromkeys(leaves)]
    steps += [HostStep(AFRESH, seconds=SECONDS, goal=goal) for goal in goals or [Ended()]]
    names = [one.name for one in files]
    title = (
        f"no longer trust {names[0]}" if len(names) == 1 else f"remove {len(names)} files of CAs"
    )
    notes = [*_needs_findings(needs), *(_key_left(one) for one in files if one.contents.has_key)]
    if nodes := nodes_finding(snapshot):
        notes.append(nodes._replace(fix="; ".join(removal_lines(snapshot, names))))
    return Draft(title, tuple(steps), tuple(notes), (), tuple(told), _how_back(files))


def _needs_findings(needs: Needs) -> list[Finding]:
    found = []
    if needs.known:
        one = len(needs.known) == 1
        who = f"Realm {needs.known[0]} relies" if one else f"Realms {listed(needs.known)} rely"
        text = f"{who} on it: nobody of {'it' if one else 'them'} could log in then."
        found.append(Finding("BAD", text, "Let the realm trust its CA by capath before."))
    if needs.unknown:
        text = f"Whether {listed(needs.unknown)} relies on it is not known: no server answered."
        found.append(Finding("LOOK", text, "Test the realm afterwards."))
    return found


def _key_left(one: Stored) -> Finding:
    text = f"The private key in {one.name} is removed, too, and may be the only copy."
    return Finding("LOOK", text, "Who could read it may have it: it has to be replaced.")


def _how_back(files: Sequence[Stored]) -> tuple[str, ...]:
    """A removed file does not come back by itself: its certificates are public, and told here."""
    lost = []
    for one in files:
        held = [f"{called(each.certificate)} {each.sha256}" for each in one.contents.authorities]
        what = f" ({'; '.join(held)})" if held else ""
        lost.append(
            f"{one.name}{what} comes back by importing it again: pve-auth-tui ca import FILE"
        )
    return tuple(lost)
