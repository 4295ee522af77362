"""What may stand in an option of a realm, as one sentence for whoever typed something else.

PVE's own rules are `schema.REALM`; these say in words what is wrong, and refuse what PVE takes
and cannot use: an empty required option (reference 4.3: it makes PVE refuse every change of every
realm), a filter that no server understands, a file name that is no path, a demand for Yubico OTP
without the API ID or the API key that every login needs then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from pve_auth_tui.core import propertystring
from pve_auth_tui.core.directory.filters import filter_problem
from pve_auth_tui.core.directory.mapping import FIELDS
from pve_auth_tui.core.perltext import split_list
from pve_auth_tui.core.realmoptions import label_of, required_of
from pve_auth_tui.core.schema import REALM, REALM_TFA, SYNC_OPTIONS, Property
from pve_auth_tui.core.validation import value_problems
from pve_auth_tui.core.words import listed

MAPPED: Final = ("username", *FIELDS)
"""What of a user a directory's attribute can become (reference 5.2)."""

_EMPTY: Final = (
    "It must not be empty: PVE would take that, and then refuse every change of every realm."
)
_NUMBER: Final = re.compile("[0-9]{1,9}")
_PARTS: Final[Mapping[str, Mapping[str, Property]]] = {
    "tfa": REALM_TFA,
    "sync-defaults-options": SYNC_OPTIONS,
}


def option_problem(kind: str, name: str, text: str) -> str:
    """What is wrong with the text of an option (PVE's name, or `tfa.step`); "" for nothing.

    An empty text is nothing at all: fine where PVE does not need the option, or the type of factor
    does not need the part of `tfa`.
    """
    if not text:
        return _EMPTY if name in required_of(kind) else _NEEDED.get(name, "")
    if any(sign in text for sign in "\r\n\0"):
        return "It is one line."
    if text != text.strip():
        return "No blank may stand at its ends."
    if name.startswith("tfa.") and "," in text:
        return "PVE takes no comma there: it separates the values."
    if name in _RULES and (problem := _RULES[name](text)):
        return problem
    rule = _rule(name)
    if rule is None or not value_problems(text, rule):
        return ""
    return _in_words(kind, name, rule)


def _rule(name: str) -> Property | None:
    whole, _, part = name.partition(".")
    return _PARTS.get(whole, {}).get(part) if part else REALM.get(name)


def _in_words(kind: str, name: str, rule: Property) -> str:
    label = label_of(kind, name)
    if rule.max_length is not None and rule.kind == "string" and not rule.pattern + rule.format:
        return f"{label} takes at most {rule.max_length} characters."
    if rule.kind in ("integer", "number") and rule.minimum is not None:
        if rule.maximum is None:
            return f"{label} is a number from {rule.minimum}."
        return f"{label} is a number from {rule.minimum} to {rule.maximum}."
    if rule.enum:
        return f"{label} is one of {', '.join(rule.enum)}."
    if rule.kind == "boolean":
        return f"{label} is 1 or 0."
    return _SHAPES.get(name, f"PVE does not take that as {label}.")


_SHAPES: Final[Mapping[str, str]] = {
    "server1": "A name of a host or an IP address, such as dc01.example.com; no port, no ldap://.",
    "server2": "A name of a host or an IP address, such as dc02.example.com; no port, no ldap://.",
    "domain": "A domain without blanks, such as example.com.",
    "user_attr": "The name of an attribute without blanks, such as uid; 2 characters at least.",
    "group_name_attr": "The name of an attribute: letters and digits only, such as cn.",
    "user_classes": "Names of classes with commas between them, such as person, user.",
    "group_classes": "Names of classes with commas between them, such as group.",
    "sync_attributes": "OURS=THEIRS with commas between, such as firstname=givenName,email=mail.",
    "groups-claim": "The name of a claim: letters, digits, dot, - and _; at most 256.",
    "prompt": "One word: none, login, consent, select_account, or what the provider knows.",
    "acr-values": 'Values with blanks or commas between them; none of < > # " in them.',
    "audiences": 'Values with commas between them; none of < > # " in them.',
    "tfa": "type=oath[,digits=6][,step=30], or type=yubico,id=...,key=...",
    "sync-defaults-options": "scope=both,enable-new=1,remove-vanished=acl;entry or parts of it.",
}


# --- more than PVE's own rules ---------------------------------------------------------------


def _server(text: str) -> str:
    return _SHAPES["server1"] if "://" in text or " " in text else ""


def _number(text: str) -> str:
    return "" if _NUMBER.fullmatch(text) else "A number: digits only."


def _url(text: str) -> str:
    if not text.lower().startswith(("https://", "http://")):
        return "It begins with https://, such as https://idp.example.com/realms/main."
    if any(blank in text for blank in " \t"):
        return "There is no blank in a URL."
    if ".well-known" in text:
        return "The issuer only, without /.well-known/openid-configuration: PVE adds that."
    return ""


def _path(text: str) -> str:
    return "" if text.startswith("/") else "A whole path on the nodes, such as /etc/ssl/certs."


def _dn(text: str) -> str:
    return "" if "=" in text else "A distinguished name, such as dc=example,dc=com."


def _mapping(text: str) -> str:
    """PVE skips a bad entry at each sync and says so in the task alone."""
    bad = [item for item in split_list(text) if item.partition("=")[0] not in MAPPED]
    if bad:
        return (
            f"PVE has no {listed([b.partition('=')[0] for b in bad])}; it has {', '.join(MAPPED)}."
        )
    return ""


def _tfa(text: str) -> str:
    """PVE takes a demand for Yubico OTP without these, and then lets nobody of the realm in
    (PVE::AccessControl::yubico_verify_otp).
    """
    try:
        values = propertystring.split(text, REALM_TFA)
    except propertystring.Malformed:
        return ""  # PVE's own rule says so
    if values.get("type") != "yubico":
        return ""
    lacking = [word for part, word in _YUBICO.items() if not values.get(part)]
    return f"Yubico needs {listed(lacking)}." if lacking else ""


_YUBICO: Final = {"id": "an API ID", "key": "an API key"}
_NEEDED: Final = {"tfa.id": f"Yubico needs {_YUBICO['id']}."}
_RULES: Final[Mapping[str, Callable[[str], str]]] = {
    "server1": _server,
    "server2": _server,
    "port": _number,
    "tfa.step": _number,
    "tfa.digits": _number,
    "issuer-url": _url,
    "tfa.url": _url,
    "tfa": _tfa,
    "capath": _path,
    "cert": _path,
    "certkey": _path,
    "base_dn": _dn,
    "group_dn": _dn,
    "filter": filter_problem,
    "group_filter": filter_problem,
    "sync_attributes": _mapping,
}
