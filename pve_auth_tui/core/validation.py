"""Checks a value against its rules, in PVE's words.

Source: PVE::JSONSchema::{check_prop, check_object, check_type} of pve-common 9.2.1, whose
texts end up in warnings and API answers and are repeated here to the letter.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

from pve_auth_tui.core import formats, propertystring
from pve_auth_tui.core.perltext import truthy
from pve_auth_tui.core.schema import Properties, Property

ROOT = "_root"

_INTEGER = re.compile(r"[+-]?[0-9]+")
_NUMBER = re.compile(r"[+-]?([0-9]+\.[0-9]+|[0-9]+\.|\.[0-9]+|[0-9]+)([eE][+-]?[0-9]+)?")
_UNKNOWN = "property is not defined in schema and the schema does not allow additional properties"
_MISSING = "property is missing and it is not optional"


def value_problems(value: str, rule: Property, path: str = "") -> dict[str, str]:
    """Path -> what is wrong there, empty when nothing is; the top's path is `_root`."""
    text = (
        _kind_problem(value, rule)
        or _format_problem(value, rule, path)
        or _pattern_problem(value, rule)
        or _limit_problem(value, rule)
    )
    return {path or ROOT: text} if text else {}


def object_problems(values: Mapping[str, str], rules: Properties, path: str = "") -> dict[str, str]:
    """The same for named values: each by its own rule, none missing, none unknown."""
    problems: dict[str, str] = {}

    def add(name: str, text: str) -> None:
        where = f"{path}.{name}" if path else name
        where = where if truthy(where) else ROOT  # a name of `0` is no name to PVE
        # PVE joins with a backslash and an n, not with a line feed
        problems[where] = f"{problems[where]}\\n{text}" if where in problems else text

    for name, rule in rules.items():
        if name in values:
            problems.update(value_problems(values[name], rule, f"{path}.{name}" if path else name))
        elif not rule.optional:
            add(name, _MISSING)
    for name in values:
        if name not in rules:
            add(name, _UNKNOWN)
        elif (needed := rules[name].needs) and needed not in values:
            add(needed, f"missing property required by '{f'{path}.{name}' if path else name}'")
    return problems


def property_string(text: str, parts: Properties, path: str = "") -> dict[str, str]:
    """The checked values of a property string.

    Raises propertystring.Malformed with PVE's text when anything is wrong with it.
    """
    values = propertystring.split(text, parts)
    problems = object_problems(values, parts, path)
    if problems:
        lines = "".join(f"{where}: {problem}\n" for where, problem in problems.items())
        raise propertystring.Malformed(f"format error\n{lines}")
    return values


def _kind_problem(value: str, rule: Property) -> str:
    fine = (
        rule.kind == "string"
        or (rule.kind == "boolean" and value in {"0", "1"})
        or (rule.kind == "integer" and _INTEGER.fullmatch(value))
        or (rule.kind == "number" and _NUMBER.fullmatch(value))
    )
    return "" if fine else f"type check ('{rule.kind}') failed - got '{value}'"


def _format_problem(value: str, rule: Property, path: str) -> str:
    if rule.parts is not None:
        try:
            property_string(value, rule.parts, path)
        except propertystring.Malformed as error:
            return f"invalid format - {error}"
    elif rule.format and (text := formats.problem(rule.format, value)):
        return f"invalid format - {text}"
    return ""


def _pattern_problem(value: str, rule: Property) -> str:
    # as PVE writes it: the anchors bind only to the ends of a pattern with alternatives
    if rule.pattern and not _pattern(rule.pattern).search(value):
        return "value does not match the regex pattern"
    return ""


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(f"^{pattern}$", re.ASCII)


def _limit_problem(value: str, rule: Property) -> str:
    if rule.max_length is not None and len(value) > rule.max_length:
        return f"value may only be {rule.max_length} characters long"
    if rule.min_length is not None and len(value) < rule.min_length:
        return f"value must be at least {rule.min_length} characters long"
    if _NUMBER.fullmatch(value):
        number = float(value)
        if rule.maximum is not None and number > rule.maximum:
            return f"value must have a maximum value of {rule.maximum}"
        if rule.minimum is not None and number < rule.minimum:
            return f"value must have a minimum value of {rule.minimum}"
    if rule.enum and value not in rule.enum:
        allowed = ", ".join(rule.enum)
        return f"value '{value}' does not have a value in the enumeration '{allowed}'"
    return ""
