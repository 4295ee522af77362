"""systemctl(1) on the simulated node."""

from __future__ import annotations

from typing import Final

from pve_auth_tui.core.recover.condition import Service
from pve_auth_tui.simnode import units as node_units
from pve_auth_tui.simnode.host.call import Call
from pve_auth_tui.simnode.host.machine import Machine
from pve_auth_tui.simnode.host.options import parsed
from pve_auth_tui.simnode.host.units import PACKAGE_OF, Unit

_SYSTEMCTL: Final = {
    "--now": ("now", False),
    "-p": ("property", True),
    "--property": ("property", True),
    "--value": ("value", False),
    "--quiet": ("quiet", False),
    "-q": ("quiet", False),
    "--no-pager": ("pager", False),
    "--no-block": ("block", False),
}
_VERBS: Final = frozenset(
    {"start", "stop", "restart", "reset-failed", "mask", "unmask", "enable", "disable"}
)
_LINK: Final = "/etc/systemd/system/{}.service"


def systemctl(machine: Machine, call: Call) -> None:
    """is-active, is-enabled, show, and what changes a unit that a join has to do with."""
    given = parsed(call, _SYSTEMCTL)
    verb, *names = given.words or [""]
    names = [name.removesuffix(".service") for name in names]
    if not names:
        raise call.unknown()
    if verb in ("is-active", "is-enabled"):
        for name in names:
            word, code = _word(machine, name, verb)
            call.out(word)
            call.code = max(call.code or 0, code)
        return None
    if verb == "show":
        wanted = [word for word in given.get("property").split(",") if word]
        for number, name in enumerate(names):
            if number:
                call.out("")
            for key, value in _shown(machine, name).items():
                if not wanted or key in wanted:
                    call.out(value if given.has("value") else f"{key}={value}")
        return None
    if verb not in _VERBS:
        raise call.unknown()
    for name in names:
        _change(machine, call, verb, name, now=given.has("now"))
    return None


def _change(machine: Machine, call: Call, verb: str, name: str, *, now: bool) -> None:
    held = machine.units
    unit = held.get(name)
    if unit is None and name not in PACKAGE_OF:
        raise call.unknown()
    if verb in ("mask", "unmask"):
        was = unit.masked if unit else False
        if verb == "mask" and not was:
            if unit is None:
                call.err(f"Unit {name}.service does not exist, proceeding anyway.")
            call.err(f"Created symlink '{_LINK.format(name)}' -> '/dev/null'.")
        if verb == "unmask" and was:
            call.err(f"Removed '{_LINK.format(name)}'.")
        held.mask(name, on=verb == "mask")
        if verb == "mask" and now:
            held.stop(name)
        return
    if unit is None or (unit.masked and not held.installed(name)):
        if verb == "reset-failed":
            verb = "reset failed state of unit"
            return call.fail(f"Failed to {verb} {name}.service: Unit {name}.service not loaded.")
        return call.fail(f"Failed to {verb} {name}.service: Unit {name}.service not found.", 5)
    if verb in ("enable", "disable"):
        unit.enabled = verb == "enable"
        verb = {"enable": "start", "disable": "stop"}[verb] if now else ""
    if verb == "stop":
        held.stop(name)
    elif verb == "reset-failed":
        held.reset_failed(name)
    elif verb and (complaint := held.start(name, again=verb == "restart")):
        call.fail(complaint)


def _word(machine: Machine, name: str, verb: str) -> tuple[str, int]:
    unit = machine.units.get(name)
    if unit is None:
        state = node_units.state(machine.faults, name)
        if state is Service.ABSENT or name in PACKAGE_OF:
            return ("inactive", 4) if verb == "is-active" else ("not-found", 4)
        active = {Service.RUNS: "active", Service.FAILED: "failed"}.get(state, "inactive")
        return (active, 0 if active == "active" else 3) if verb == "is-active" else ("enabled", 0)
    if verb == "is-active":
        return unit.state, 0 if unit.state == "active" else 3
    word = _enabled(name, unit)
    return word, 0 if word in ("enabled", "static") else 1


def _enabled(name: str, unit: Unit) -> str:
    if unit.masked:
        return "masked"
    if name in ("realmd", "packagekit"):
        return "static"
    return "enabled" if unit.enabled else "disabled"


def _shown(machine: Machine, name: str) -> dict[str, str]:
    unit = machine.units.get(name)
    if unit is None:
        state = node_units.state(machine.faults, name)
        there = state is not Service.ABSENT and name not in PACKAGE_OF
        active = {Service.RUNS: "active", Service.FAILED: "failed"}.get(state, "inactive")
        active = active if there else "inactive"
        result, enabled = "success", "enabled" if there else ""
        load = "loaded" if there else "not-found"
    else:
        active, result, enabled = unit.state, unit.result, _enabled(name, unit)
        load = "masked" if unit.masked else "loaded"
    sub = {"active": "running", "failed": "failed"}.get(active, "dead")
    return {
        "Id": f"{name}.service",
        "LoadState": load,
        "ActiveState": active,
        "SubState": sub,
        "UnitFileState": enabled,
        "Result": result,
    }
