"""Forecasts of a call or two, and what differs after them."""

from pve_auth_tui.core.objects import Key, differing, record
from pve_auth_tui.core.plan import ApiCall
from pve_auth_tui.core.predict import forecast
from pve_auth_tui.core.schema import DATACENTER, REALM
from pve_auth_tui.core.secret import Secret
from tests.core.pictures import NOW


def call(method, path, secrets=None, /, **values):
    """A call; `_` in the name of a value stands for `-` where PVE knows none with `_`."""
    params = {_name(name): value for name, value in values.items()}
    hidden = {name: Secret(value) for name, value in (secrets or {}).items()}
    return ApiCall(method, tuple(path.strip("/").split("/")), params, hidden)


def _name(name):
    return name if name in REALM or name in DATACENTER else name.replace("_", "-")


def after(picture, *calls):
    """The picture after calls that PVE takes, each of them."""
    told = forecast(picture, calls, now=NOW)
    assert told.problems == ()
    assert told.unforeseen == ()
    return told.snapshot


def changes(picture, *calls):
    """What differs then: key -> its record, None for what is gone."""
    new = after(picture, *calls)
    return {key: record(new, key) for key in differing(picture, new)}


def problems(picture, *calls):
    """Why PVE would refuse them, and that they change nothing."""
    told = forecast(picture, calls, now=NOW)
    assert differing(picture, told.snapshot) == ()
    return told.problems


def problem(picture, one):
    """The only reason against one call."""
    (sentence,) = problems(picture, one)
    return sentence


def user(userid):
    return Key("user", userid)
