"""From a path to its method, and from raw parameters to checked ones, by PVE's own schema.

Sources: PVE::RESTHandler (find_handler, handle) and PVE::JSONSchema::validate of pve-common
9.2.1; `api_schema.json` is the machine-readable reference of PVE 9.2.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any, Final

from pve_auth_tui.core import schema
from pve_auth_tui.core.errors import ApiError
from pve_auth_tui.core.ports import param_text
from pve_auth_tui.core.schema import Properties, Property
from pve_auth_tui.core.validation import object_problems
from pve_auth_tui.simnode.more_schema import MORE

BAD_PARAMETERS: Final = "Parameter verification failed.\n"
NOT_IMPLEMENTED: Final = 501
_NO_BLANK: Final = re.compile(r"\S+")
_DOUBLE: Final = "duplicate parameter (already defined in URI) with conflicting values!"
_PARTS: Final[Mapping[str, Properties]] = {
    "realm-sync-options": schema.SYNC_OPTIONS,
    "pve-tfa-config": schema.REALM_TFA,
}


@dataclass(frozen=True)
class Method:
    """One method of PVE's API; `permissions` is PVE's declaration, None: root@pam alone.

    `protected`: pvedaemon runs it. `proxyto`: the parameter that names the node which does.
    """

    template: str
    permissions: Mapping[str, Any] | None
    rules: Properties
    protected: bool = False
    token_allowed: bool = True
    proxyto: str = ""


@dataclass
class _Place:
    methods: dict[str, Method] = field(default_factory=dict)
    below: dict[str, _Place] = field(default_factory=dict)
    any_name: str = ""  # the parameter that stands for a name here


def find(method: str, path: str) -> tuple[Method, dict[str, str]]:
    """The method and the parameters in its path; raises ApiError 501 when there is none."""
    missing = ApiError(NOT_IMPLEMENTED, f"Method '{method} {path}' not implemented")
    place = _tree()
    found: dict[str, str] = {}
    for part in filter(None, path.split("/")):
        if place.any_name and _NO_BLANK.fullmatch(part):
            found[place.any_name] = part
            place = place.below["{}"]
        elif part in place.below:
            place = place.below[part]
        else:
            raise missing
    if method not in place.methods:
        raise missing
    return place.methods[method], found


def merged(in_path: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, str]:
    """All parameters as text; raises ApiError 400 for one that contradicts the path."""
    texts = {name: param_text(value) for name, value in given.items()}
    for name, value in in_path.items():
        if texts.get(name, value) != value:
            raise ApiError(400, BAD_PARAMETERS, {name: _DOUBLE})
    return {**texts, **in_path}


def checked(method: Method, params: Mapping[str, str]) -> dict[str, Any]:
    """The parameters with their types; raises ApiError 400 with PVE's text for each problem."""
    if problems := object_problems(params, method.rules):
        raise ApiError(400, BAD_PARAMETERS, problems)
    whole = {"boolean", "integer"}
    return {
        name: int(value) if method.rules[name].kind in whole else value
        for name, value in params.items()
    }


@cache
def _tree() -> _Place:
    text = files("pve_auth_tui.simnode").joinpath("api_schema.json").read_text("utf-8")
    top = _Place()
    for template, methods in {**json.loads(text), **MORE}.items():
        place = top
        for part in filter(None, template.split("/")):
            name = "{}" if part.startswith("{") else part
            if name == "{}":
                place.any_name = part.strip("{}")
            place = place.below.setdefault(name, _Place())
        for name, described in methods.items():
            place.methods[name] = _method(template, described)
    return top


def _method(template: str, described: Mapping[str, Any]) -> Method:
    rules = {name: rule_of(rule) for name, rule in described.get("parameters", {}).items()}
    return Method(
        template,
        described.get("permissions"),
        rules,
        described.get("protected", False),
        described.get("token_allowed", True),
        described.get("proxyto", ""),
    )


def rule_of(described: Mapping[str, Any] | Property) -> Property:
    """A JSON schema's property as our own."""
    if isinstance(described, Property):
        return described
    form = described.get("format", "")
    parts: Properties | None = None
    if isinstance(form, Mapping):
        parts, form = {name: rule_of(part) for name, part in form.items()}, ""
    elif form in _PARTS:
        parts, form = _PARTS[form], ""
    if form.startswith("email"):
        form = f"decoded-{form}"
    enum: Sequence[str] = described.get("enum", ())
    return Property(
        described.get("type", "string"),
        optional=bool(described.get("optional", False)),
        format=form,
        parts=parts,
        pattern=described.get("pattern", ""),
        min_length=described.get("minLength"),
        max_length=described.get("maxLength"),
        minimum=described.get("minimum"),
        maximum=described.get("maximum"),
        enum=tuple(enum),
        needs=described.get("requires", ""),
    )
