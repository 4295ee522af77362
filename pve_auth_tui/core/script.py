"""The commands that make the same users and permissions on another cluster (features.md, row 97).

It is the way back from nothing: what undo would do if every role, group, user, API token, pool
and ACL entry had just been removed. Realms, passwords and second factors are not in it, and API
tokens get new secrets: none of these can be told without secrets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.objects import Key, Kind, differing
from pve_auth_tui.core.objects import shown as named
from pve_auth_tui.core.plan import Step
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.snapshot import Snapshot, TokenSecrets
from pve_auth_tui.core.takeback import changed, way_back
from pve_auth_tui.core.userconfig import parse_user_config

_KINDS: Final[frozenset[Kind]] = frozenset({"role", "group", "user", "token", "pool", "acl"})
_HEAD: Final = (
    "# Users and permissions as pve-auth-tui has read them, for a cluster that has none of them.",
    "# Not in it: realms, passwords, second factors, datacenter options. API tokens get new",
    "# secrets, which pveum prints. Guests and storages of pools must be there.",
)


@dataclass(frozen=True, slots=True)
class Script:
    """`steps` in the order in which they work; `missing`: what they do not make the same."""

    steps: tuple[Step, ...]
    missing: tuple[Key, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """For a shell of root's on a node; the rest stands in comments."""
        lacking = (f"# not made, or not the same: {_in_a_comment(key)}" for key in self.missing)
        return (*_HEAD, *map(shown, self.steps), *lacking)


def script(snapshot: Snapshot, *, now: float) -> Script:
    """The commands that make what this picture has. Raises Refused where it does not have all."""
    if snapshot.access.value is None or snapshot.restricted:
        raise Refused(
            "Not all users and permissions are known, so there is no script of them.",
            snapshot.access.hint,
        )
    nothing = _nothing(snapshot)
    keys = _of_ours(differing(snapshot, nothing))
    steps = way_back(changed(snapshot, nothing, keys), {}, nothing, now=now).steps
    made = forecast(nothing, steps, now=now).snapshot
    return Script(steps, _of_ours(differing(made, snapshot)))


def _nothing(snapshot: Snapshot) -> Snapshot:
    """The same node with nobody but root@pam and the built-in roles."""
    empty = parse_user_config(b"")
    return replace(
        snapshot,
        access=snapshot.access._replace(value=empty),
        token_secrets=snapshot.token_secrets._replace(value=TokenSecrets(frozenset())),
    )


def _of_ours(keys: Sequence[Key]) -> tuple[Key, ...]:
    return tuple(key for key in keys if key.kind in _KINDS)


def _in_a_comment(key: Key) -> str:
    return " ".join(named(key).split())
