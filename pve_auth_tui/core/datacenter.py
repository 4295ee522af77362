"""PVE's /etc/pve/datacenter.cfg: `key: value` lines, notes as comments.

Sources: PVE::DataCenterConfig of pve-cluster 9.1.6, PVE::JSONSchema::{parse_config,
dump_config} of pve-common 9.2.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from pve_auth_tui.core import propertystring
from pve_auth_tui.core.perltext import decode_text, encode_file, encode_text, lines, truthy
from pve_auth_tui.core.schema import DATACENTER
from pve_auth_tui.core.sectionconfig import WriteRefused
from pve_auth_tui.core.snapshot import Datacenter
from pve_auth_tui.core.validation import object_problems

FILE = "/etc/pve/datacenter.cfg"
MAC_PREFIX = "BC:24:11"

# Property strings that PVE takes apart; bwlimit and location stay text.
PARSED = (
    *("crs", "migration", "replication", "next-id", "ha", "notify"),
    *("u2f", "webauthn", "tag-style", "user-tag-access"),
)

_LINE = re.compile(r"(\S+?):[ \t\n\r\f\v]*(.*)", re.ASCII)
_LOWEST_ID, _HIGHEST_ID = "100", "1000000"

Options = dict[str, str | Mapping[str, str]]


def parse_datacenter(data: bytes) -> Datacenter:
    """Reads datacenter.cfg; never fails, what PVE would ignore is ignored with its warning.

    `options` has what the file sets (PVE adds a default `mac_prefix` when it answers);
    lists of tags stay text with `;`.
    """
    text = data.decode("latin-1")
    warnings: list[str] = []
    values = _values(text, warnings)
    options: Options = dict(values)
    for name in PARSED:
        parts = DATACENTER[name].parts
        if parts is not None and truthy(values.get(name)):
            options[name] = propertystring.split(values[name], parts)
    if values.get("crs") == "":
        warnings.append("ignoring empty 'crs:' line in datacenter.cfg")
        del options["crs"]
    _add_migration_type(options, warnings)
    if options.get("console") == "applet":
        options["console"] = "html5"
    notes = [decode_text(line[1:]) for line in text.split("\n") if line.startswith("#")]
    return Datacenter(options, "".join(f"{line}\n" for line in notes), tuple(warnings))


def _values(text: str, warnings: list[str]) -> dict[str, str]:
    """The valid values of all lines."""
    values: dict[str, str] = {}
    for line in lines(text):
        if line.startswith("#"):
            continue
        found = _LINE.match(line)
        if not found:
            warnings.append(f"ignore config line: {line}")
            continue
        name, value = found.groups()
        rule = DATACENTER.get(name)
        values[name] = propertystring.boolean(value) if rule and rule.kind == "boolean" else value
    for name, problem in object_problems(values, DATACENTER).items():
        warnings.append(f"parse error in '{FILE}' - '{name}': {problem}".rstrip("\n"))
        values.pop(name, None)
    values.pop("description", None)
    return values


def _add_migration_type(options: Options, warnings: list[str]) -> None:
    """An old setting that PVE still maps to the new one."""
    unsecure = options.get("migration_unsecure")
    if unsecure is None:
        return
    migration = options.get("migration")
    if isinstance(migration, Mapping) and "type" in migration:
        warnings.append(
            "deprecated setting 'migration_unsecure' and new 'migration: type' "
            "set at same time! Ignore 'migration_unsecure'"
        )
    else:
        options["migration"] = {"type": "insecure" if unsecure == "1" else "secure"}


def write_datacenter(datacenter: Datacenter) -> bytes:
    """The file as PVE writes it: notes, an empty line, values in alphabetical order.

    Raises sectionconfig.WriteRefused for values that PVE would refuse.
    """
    values = {name: _text(name, value) for name, value in datacenter.options.items()}
    if values.get("crs") == "":
        del values["crs"]
    if values.get("mac_prefix", "").upper() == MAC_PREFIX:
        del values["mac_prefix"]
    problems = object_problems(values, DATACENTER)
    if problems:
        found = "".join(f"{name}: {problem}\n" for name, problem in problems.items())
        raise WriteRefused(FILE, f"400 validation error in '{FILE}'\n{found}")
    notes = datacenter.notes.split("\n")
    while notes and not notes[-1]:
        notes.pop()
    comment = "".join(f"#{encode_text(line)}\n" for line in notes)
    body = "".join(f"{name}: {value}\n" for name, value in sorted(values.items()))
    return encode_file(f"{comment}\n{body}")


def _text(name: str, value: str | Mapping[str, str]) -> str:
    rule = DATACENTER.get(name)
    if isinstance(value, str):
        return _sorted_tags(value) if name == "registered-tags" else value
    if rule is None or rule.parts is None:
        raise WriteRefused(FILE, f"400 validation error in '{FILE}'\n{name}: not a text\n")
    if name == "next-id":
        _check_id_range(value)
    if name == "user-tag-access" and "user-allow-list" in value:
        value = {**value, "user-allow-list": _sorted_tags(value["user-allow-list"])}
    try:
        return propertystring.join(value, rule.parts)
    except propertystring.Malformed as error:
        raise WriteRefused(FILE, str(error)) from error


def _check_id_range(value: Mapping[str, str]) -> None:
    lower, upper = value.get("lower", _LOWEST_ID), value.get("upper", _HIGHEST_ID)
    try:
        fits = int(lower) <= int(upper)
    except ValueError:
        return  # not a number: the check of all values says so
    if not fits:
        raise WriteRefused(FILE, f"lower ({lower}) <= upper ({upper}) boundary rule broken\n")


def _sorted_tags(text: str) -> str:
    return ";".join(sorted(text.split(";")))
