"""By what a change of the access files is carried now: PVE's API, a file, the database, by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from enum import Enum
from typing import Final, NamedTuple

from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.core.node import DATABASE, Ability
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import DatabaseEdit, Draft, FileSwap, Intent, Weight
from pve_auth_tui.core.planning import make_plan
from pve_auth_tui.core.recover import edits
from pve_auth_tui.core.recover.condition import Mount
from pve_auth_tui.core.recover.facts import clustered, here, is_quorate
from pve_auth_tui.core.recover.situation import Situation
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot

_ETC: Final = "/etc/pve/"
_DIRECTLY: Final = (
    "The file is written directly, without PVE's own lock: let nobody change users or second "
    "factors meanwhile."
)
_OFFLINE: Final = (
    "It is written into config.db while no pmxcfs runs. The database as it was is kept beside it."
)
_BACK: Final = "What can be taken back of it, PVE's API takes back, as soon as that answers."


class Carrier(Enum):
    """What carries a change."""

    API = "PVE's API"
    FILES = "PVE's files"
    DATABASE = "config.db"
    NOTHING = "nothing"


class Edit(NamedTuple):
    """A change as bytes of one of PVE's files: `file` relative to /etc/pve."""

    file: str
    changed: Callable[[bytes], bytes]


def carrier(situation: Situation) -> Carrier:
    """The best one that works now (security.md R11: never a database of a cluster's node)."""
    node, condition = situation.node, situation.condition
    if node.read_only:
        return Carrier.NOTHING
    if is_quorate(situation) is False:
        return Carrier.NOTHING
    if node.asks_pve:
        return Carrier.API if not node.can(Ability.CHANGE) else Carrier.NOTHING
    if node.way == DATABASE:
        stopped = condition.pmxcfs is None and condition.mount is not Mount.ANSWERS
        edits = stopped and condition.database and condition.clustered is False
        return Carrier.DATABASE if edits else Carrier.NOTHING
    mounted = condition.here and condition.mount is Mount.ANSWERS and not condition.rescue
    return Carrier.FILES if mounted else Carrier.NOTHING


def carried(situation: Situation, api: Intent, edit: Edit, title: str) -> Intent | None:
    """The change as it can be made now; None where it cannot, or would make no sense."""
    how = carrier(situation)
    if how is Carrier.API:
        intent: Intent = api
    elif how is Carrier.NOTHING or edit.file not in situation.raw:
        return None
    else:
        intent = _written(situation, edit, title, how)
    return intent if makes_sense(situation, intent) else None


def makes_sense(situation: Situation, intent: Intent) -> bool:
    """Whether a plan can be made of it with this picture."""
    try:
        make_plan(intent, situation.snapshot, now=situation.now)
    except AuthTuiError:
        return False
    return True


def written(situation: Situation, file: str, content: bytes, draft: Draft, how: Carrier) -> Draft:
    """`draft` with the one step that puts `content` in place of what lies there."""
    old = situation.raw.get(file)
    expected = "" if old is None else hashlib.sha256(old).hexdigest()
    new, path = Secret(content.decode("latin-1")), f"{_ETC}{file}"
    step = FileSwap(path, new, expected)
    note = Finding("LOOK", _DIRECTLY)
    if how is Carrier.DATABASE:
        step = DatabaseEdit(path, new, expected, situation.condition.database)
        note = Finding("LOOK", _OFFLINE, f"{edits.KEPT} {edits.NOT_TRIED}")
    return draft._replace(steps=(step,), notes=(*draft.notes, note))


def _written(situation: Situation, edit: Edit, title: str, how: Carrier) -> Intent:
    def intent(snapshot: Snapshot) -> Draft:
        content = edit.changed(situation.raw[edit.file])
        draft = Draft(title, (), (Finding("LOOK", _BACK),), at_most=Weight.ORDINARY)
        return written(situation, edit.file, content, draft, how)

    return intent


def by_hand(situation: Situation, api: Intent) -> tuple[str, ...]:
    """What to do where nothing carries the change: what must be so first, the commands, the end."""
    try:
        lines = tuple(plain(shown(step)) for step in api(situation.snapshot).steps)
    except AuthTuiError:
        return ()
    first, last = _around(situation)
    return (*first, *lines, *last)


def why_not(situation: Situation) -> str:
    """Why nothing carries it now, in a few words."""
    if situation.node.read_only:
        return "--read-only was given"
    if is_quorate(situation) is False:
        return "needs quorum first"
    if situation.condition.rescue or situation.node.way == DATABASE:
        if clustered(situation):
            return "not offline: this node belongs to a cluster"
        return "pmxcfs must run for it, or be stopped for sure"
    return "PVE's API does not answer"


def _around(situation: Situation) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What stands before the commands, and what behind them."""
    if situation.condition.rescue:
        boot = f"Boot {here(situation)} itself. Console logins ask for no second factor."
        if not clustered(situation):
            return (boot,), ()
        return (
            boot,
            "Has it quorum there, go on below. If not, and only if no other node runs:",
            "systemctl stop corosync pve-cluster && cp -a /var/lib/pve-cluster /root/ && pmxcfs -l",
        ), (
            "After pmxcfs -l: kill $(cat /run/pve-cluster.pid); systemctl start pve-cluster"
            " corosync",
        )
    if situation.node.way == DATABASE:
        return ("When pmxcfs runs again:",), ()
    if is_quorate(situation) is False:
        return ("On a node that has quorum, or here when there is quorum again:",), ()
    return (), ()
