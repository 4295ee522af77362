"""Calls found by their paths, checked, and applied one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from pve_auth_tui.core.apitemplate import Templates
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.plan import ApiCall, FileSwap, Step, SyncCall
from pve_auth_tui.core.ports import param_text
from pve_auth_tui.core.predict import factors, jobs, people, rights, rules, settings, syncs
from pve_auth_tui.core.predict.call import Params
from pve_auth_tui.core.predict.refusal import Refusal, Unforeseeable
from pve_auth_tui.core.predict.world import World
from pve_auth_tui.core.snapshot import Snapshot

_Handler = Callable[[World, Params], None]

_HANDLERS: Final[Mapping[str, _Handler]] = {
    "POST /access/users": people.add_user,
    "PUT /access/users/{userid}": people.change_user,
    "DELETE /access/users/{userid}": people.remove_user,
    "PUT /access/users/{userid}/unlock-tfa": factors.unlock,
    "POST /access/users/{userid}/token/{tokenid}": people.add_token,
    "PUT /access/users/{userid}/token/{tokenid}": people.change_token,
    "DELETE /access/users/{userid}/token/{tokenid}": people.remove_token,
    "PUT /access/password": people.change_password,
    "POST /access/groups": rights.add_group,
    "PUT /access/groups/{groupid}": rights.change_group,
    "DELETE /access/groups/{groupid}": rights.remove_group,
    "POST /access/roles": rights.add_role,
    "PUT /access/roles/{roleid}": rights.change_role,
    "DELETE /access/roles/{roleid}": rights.remove_role,
    "PUT /access/acl": rights.change_acl,
    "POST /access/domains": settings.add_realm,
    "PUT /access/domains/{realm}": settings.change_realm,
    "DELETE /access/domains/{realm}": settings.remove_realm,
    "POST /access/tfa/{userid}": factors.add,
    "PUT /access/tfa/{userid}/{id}": factors.change,
    "DELETE /access/tfa/{userid}/{id}": factors.remove,
    "POST /pools": rights.add_pool,
    "PUT /pools": rights.change_pool,
    "DELETE /pools": rights.remove_pool,
    "PUT /pools/{poolid}": rights.change_pool,
    "DELETE /pools/{poolid}": rights.remove_pool,
    "PUT /cluster/options": settings.change_options,
    "POST /cluster/jobs/realm-sync/{id}": jobs.add_job,
    "PUT /cluster/jobs/realm-sync/{id}": jobs.change_job,
    "DELETE /cluster/jobs/realm-sync/{id}": jobs.remove_job,
}
_TEMPLATES: Final = Templates(_HANDLERS)


class Forecast(NamedTuple):
    """`snapshot` is the very same object as before when nothing would change.

    `problems`: one sentence per thing that PVE would refuse; such a call changes nothing here.
    `unforeseen`: calls whose effects cannot be told, or not all of them.
    `renewed`: objects that get a new secret while their record stays the same: a password, an
    API token.
    """

    snapshot: Snapshot
    problems: tuple[str, ...] = ()
    unforeseen: tuple[Step, ...] = ()
    renewed: tuple[Key, ...] = ()


def forecast(before: Snapshot, steps: Sequence[Step], *, now: float) -> Forecast:
    """The picture after these steps, made by root@pam, as the PVE of the picture does them.

    New second factors have ids that begin with `objects.NEW`. A picture that shows only a part
    (`restricted`) never makes a problem of something that it does not show: such a call is
    unforeseen. `now` is the time of the node in seconds since 1970, by which the code of a new
    TOTP entry is judged: afterwards use the time at which the steps were begun.
    """
    world = World(before, now)
    problems: list[str] = []
    unforeseen: list[Step] = []
    for step in steps:
        try:
            _apply(world, step)
        except Unforeseeable:
            unforeseen.append(step)
        except Refusal as refusal:
            if refusal.hidden and before.restricted:
                unforeseen.append(step)
            else:
                problems += refusal.sentences
    return Forecast(world.picture(), tuple(problems), tuple(unforeseen), tuple(world.renewed))


def _apply(world: World, step: Step) -> None:
    if isinstance(step, FileSwap):
        world.swap(step.path, step.content.reveal().encode("latin-1"))
        return
    if isinstance(step, SyncCall):
        syncs.run(world, step)
        return
    found = _TEMPLATES.find(step.method, step.path) if isinstance(step, ApiCall) else None
    if not isinstance(step, ApiCall) or found is None:
        raise Unforeseeable
    call, in_path = found
    given = {name: param_text(value) for name, value in step.params.items()}
    given |= {name: secret.reveal() for name, secret in step.secrets.items()}
    for name, value in in_path.items():
        if given.get(name, value) != value:
            raise Refusal(f"The path and the value of {name} contradict each other.")
    values = {**given, **in_path}
    if problems := rules.problems(call, values, step.secrets.keys(), world.release):
        raise Refusal(*problems)
    _HANDLERS[call](world, Params(values))
