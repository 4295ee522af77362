"""What is known of one row of Two Factor: locks, findings, what was proved, what is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pve_auth_tui.core import coverage, otpauth
from pve_auth_tui.core.coverage import Coverage
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.lists.parts import GONE, realm_of
from pve_auth_tui.core.lists.tfa import TYPE_NAMES, recovery_left, split_key
from pve_auth_tui.core.logins import demanded
from pve_auth_tui.core.proofs import How, Mark
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.core.tfaconfig import TfaEntry, UserTfa
from pve_auth_tui.core.words import ago, date_time, listed, span

_HEADINGS: Mapping[str, str] = {
    "ghost": "User",
    "idp": "Asked",
    "realm-only": "Asked",
    "no-recovery": "Others",
    "old-id": "ID",
    "counter": "Counter",
    "low": "Left",
    "used-up": "Left",
}
_TOLD_ELSEWHERE = ("locked", "unproved")
_MISSES, _ALL_MISSES = 8, 100  # reference 7.2


def details(snapshot: Snapshot, key: str, now: float) -> Sequence[Line]:
    """The lines of the row's pane; `now` in seconds since 1970."""
    userid, ident = split_key(key)
    config, tfa = snapshot.access.value, snapshot.tfa.value
    user = tfa.users.get(userid) if tfa else None
    known = (config is not None and userid in config.users) or user is not None
    if tfa is None or not known:
        return GONE
    user = user or UserTfa(userid)
    found = coverage.findings_of(snapshot, userid, now)
    if not ident and not user.entries:
        return _of_nobody(snapshot, userid, found)
    entry = next((each for each in user.entries if each.id == ident), None)
    if entry is None:
        return GONE
    lines = _lock_lines(snapshot, user, entry, now)
    if not entry.enable:
        lines.append(Line("disabled: PVE does not ask for it", "State"))
    lines += _found_lines([each for each in found if each.entry in ("", entry.id)])
    lines += _use_lines(snapshot, userid, entry, found)
    lines += _proof_lines(snapshot, userid, entry, now)
    if entry.type == "totp":
        lines += _totp_lines(entry, now)
    if left := recovery_left(entry):
        lines.append(Line(left, "Left"))
    if entry.created:
        lines.append(Line(f"{date_time(entry.created)}, {ago(entry.created, now)}", "Created"))
    others = [TYPE_NAMES[other.type] for other in user.entries if other is not entry]
    lines.append(Line(", ".join(others) or "none: this is all there is", "Others"))
    return lines


def _of_nobody(snapshot: Snapshot, userid: str, found: Sequence[Coverage]) -> list[Line]:
    """Of a user who has no factor."""
    realm = realm_of(snapshot, userid.rpartition("@")[2])
    if realm is not None and realm.type == "openid":
        text = "the identity provider may ask for one; PVE asks users of OpenID realms for none"
        return [Line(text, "TFA")]
    lines = _found_lines(found)
    if not lines:
        lines.append(Line("none: the password alone is enough", "TFA"))
    config = snapshot.access.value
    user = config.users.get(userid) if config else None
    if user is not None and user.has_old_keys:
        lines.append(Line("an old TOTP secret or Yubico id stands in user.cfg", "Key IDs", "LOOK"))
    lines.append(Line("a adds TOTP, a security key or recovery keys", "Add"))
    return lines


def _found_lines(found: Sequence[Coverage]) -> list[Line]:
    return [
        Line(
            f"{each.finding.text}. {each.finding.fix}" if each.finding.fix else each.finding.text,
            _HEADINGS.get(each.kind, "Login"),
            None if each.finding.word == "-" else each.finding.word,
        )
        for each in found
        if each.kind not in _TOLD_ELSEWHERE
    ]


# --- locks --------------------------------------------------------------------------------


def _lock_lines(snapshot: Snapshot, user: UserTfa, entry: TfaEntry, now: float) -> list[Line]:
    """A lock holds in the whole cluster; what led to it is counted by each node (7.2)."""
    if user.locked_until is not None and user.locked_until > now:
        text = f"all factors for {span(user.locked_until - now)} more, until "
        text += f"{date_time(user.locked_until)}, after {_ALL_MISSES} failures at one node"
        again = "one more miss there locks for another hour; l starts the count anew"
    elif user.totp_locked and entry.type == "totp":
        text = f"after {_MISSES} wrong codes at one node, until it is unlocked or a recovery key "
        text += "is used"
        again = ""
    else:
        return []
    return [Line(text, "Locked", "LOOK"), Line(_counts(snapshot, again), "Counts")]


def _counts(snapshot: Snapshot, again: str) -> str:
    """Where the failures are counted, and which count an unlocking starts anew."""
    cluster = snapshot.cluster.value
    here = cluster.node if cluster and cluster.node else "this node"
    others = [node.name for node in cluster.nodes if node.name != here] if cluster else []
    if not others:
        text = f"{here} counts wrong codes in /run, until it restarts"
    else:
        text = f"each node counts by itself, in /run: here {here}; {listed(others)} count on"
    return f"{text}; {again}" if again else text


# --- what it is good for ------------------------------------------------------------------


def _use_lines(
    snapshot: Snapshot, userid: str, entry: TfaEntry, found: Sequence[Coverage]
) -> list[Line]:
    """What a login with it needs, where it is asked for at all."""
    in_vain = {"ghost", "idp", "realm-only", "key-settings"}
    if any(each.kind in in_vain and each.entry in ("", entry.id) for each in found):
        return []
    if entry.type == "webauthn":
        return [Line("works without quorum, under the names the key was enrolled for", "Login")]
    if entry.type in ("totp", "recovery"):
        return [Line("needs quorum: PVE stores each use in tfa.cfg", "Login")]
    realm = realm_of(snapshot, userid.rpartition("@")[2])
    if entry.type == "yubico" and demanded(realm) == "yubico":
        return [Line("PVE asks Yubico's server, or the realm's own, about each code", "Login")]
    return []


def _proof_lines(snapshot: Snapshot, userid: str, entry: TfaEntry, now: float) -> list[Line]:
    """When, where and under which ID it worked, as far as this program has seen it."""
    marks = snapshot.proofs
    mark = marks.get((userid, entry.id))
    if mark is not None and mark.how is not How.ENROLLED:
        return [Line(_seen(mark, now), "Proved")]
    if coverage.proved(marks, userid, entry) == "-":
        return []
    text = "never: this program has seen no login with it. t tries it"
    if entry.type == "webauthn":
        text += "; PVE stores nowhere which ID it was enrolled under"
        if mark is not None and mark.rp_id:
            text = f"never; enrolled under {mark.rp_id}. t tries it"
    return [Line(text, "Proved")]


def _seen(mark: Mark, now: float) -> str:
    what = "by a login" if mark.how is How.LOGIN else "its signature alone, no login"
    where = f" at {mark.node}" if mark.node else ""
    under = f", under the ID {mark.rp_id}" if mark.rp_id else ""
    return f"{what}, {date_time(mark.at)} ({ago(mark.at, now)}){where}{under}"


def _totp_lines(entry: TfaEntry, now: float) -> list[Line]:
    """What the URI says beside the secret, and when a code was right last."""
    data = entry.data
    uri = data.get("totp") if isinstance(data, Mapping) else data
    if not isinstance(uri, str):
        return []
    try:
        totp = otpauth.parse(uri)
    except otpauth.BadUri:
        return []
    lines = [Line(f"{totp.digits} digits, {totp.period} s, {totp.algorithm}", "Code")]
    used = data.get("last-count") if isinstance(data, Mapping) else None
    if isinstance(used, int) and used > 0:
        lines.append(Line(f"a right code {ago(used * totp.period, now)}", "Used"))
    else:
        lines.append(Line("not used to log in yet", "Used"))
    return lines
