"""Every cause in words: what is wrong, what it means, what to do. No blame, and no guess."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pve_auth_tui.core.join import seen
from pve_auth_tui.core.join.causes import JoinCause
from pve_auth_tui.core.join.model import FixKind, JoinAdvice, JoinCheck, JoinFix
from pve_auth_tui.core.join.said import Said
from pve_auth_tui.core.join.words_after import AFTER
from pve_auth_tui.core.join.words_before import BEFORE
from pve_auth_tui.core.join.words_join import DURING

SAID: Final[Mapping[JoinCause, Said]] = {**BEFORE, **DURING, **AFTER}

_NAMES: Final[Mapping[str, str]] = {
    "domain": "the domain",
    "other": "another domain",
    "node": "this node",
    "computer": "this computer",
    "proposed": "another name",
    "holder": "another host",
    "age": "at an unknown time",
    "foreign": "One of its DNS servers",
    "unresolved": "a domain controller",
    "closed": "a port of a domain controller",
    "clock": "not the domain's",
    "missing": "packages",
    "changed": "other packages",
    "files": "a file in /etc/sssd/conf.d",
    "nodes": "the other nodes",
    "person": "this name",
    "user": "the account",
    "ou": "the place that was named",
}


def advice(cause: JoinCause, **context: str) -> JoinAdvice:
    """The words of one cause. `context`: domain, node, computer, user, ou, holder and so on, as
    `seen.CONTEXT` names them; what is not given, or is "", is told in general words. Untrusted.
    """
    names = {**_NAMES, **{key: value for key, value in context.items() if value}}
    said = SAID[cause]
    fixes = tuple(
        JoinFix(text.format_map(names), kind, context.get(_VALUES.get(kind, ""), ""))
        for text, kind in said.fixes
    )
    return JoinAdvice(_sentence(said.what, names, context), said.now.format_map(names), fixes)


def advice_of(check: JoinCheck, **context: str) -> JoinAdvice:
    """The words of all its causes, worst first, with what the check has seen; its own text where
    it has no cause.
    """
    if not check.causes:
        return JoinAdvice(check.text)
    names = {**context, **seen.context(check.facts)}
    each = [advice(cause, **names) for cause in check.causes]
    fixes = {fix.text: fix for one in each for fix in one.fixes}
    return JoinAdvice(
        " ".join(dict.fromkeys(one.what for one in each)),
        " ".join(dict.fromkeys(one.now for one in each if one.now)),
        tuple(fixes.values()),
    )


def _sentence(text: str, names: Mapping[str, str], given: Mapping[str, str]) -> str:
    """Names stay as they are; the general words at its beginning get their capital."""
    told = text.format_map(names)
    begins = text.startswith("{") and not given.get(text[1 : text.index("}")])
    return told[:1].upper() + told[1:] if begins else told


_VALUES: Final[Mapping[FixKind, str]] = {"computer": "proposed", "domain": "other"}
"""Which part of the context is a fix's value."""
