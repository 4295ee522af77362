"""The options of realms: what people call them, what they do, what may stand there, since when.

Which options a type has, which it needs and which are final is `schema.REALM_OPTIONS`; the words
are those of PVE's web interface where it has the option (pve-manager 9.2), else our own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from pve_auth_tui.core import versions
from pve_auth_tui.core.schema import REALM_OPTIONS
from pve_auth_tui.core.words import listed

Group = Literal["General", "Sync Options", "Advanced"]
Kind = Literal["text", "number", "flag", "choice", "secret", "parts"]

GROUPS: Final[tuple[Group, ...]] = ("General", "Sync Options", "Advanced")
TYPES: Final[Mapping[str, str]] = {
    "ad": "Active Directory Server",
    "ldap": "LDAP Server",
    "openid": "OpenID Connect Server",
    "pam": "Linux PAM",
    "pve": "Proxmox VE authentication server",
}
"""Types of realms, as PVE's web interface names them; the first three can be added."""

ADDED: Final = ("ad", "ldap", "openid")
"""In the order of PVE's own menu."""

SECRETS: Final = frozenset({"password", "client-key"})
"""Options that PVE takes and never shows. `tfa` is another one where it holds a Yubico API key."""


@dataclass(frozen=True, slots=True)
class RealmOption:
    """One option of a type.

    `name` is PVE's; of a part of a property string `tfa.digits`. `label`: PVE's UI words. `help`:
    one or two sentences. `default`: what PVE takes where nothing stands, in its own spelling; ""
    for nothing. `choices`: value and words; "" among the values leaves the option out. `feature`:
    what of `versions.FEATURES` brought it, "" for always. `required`, `fixed` (cannot be changed
    once the realm exists): as PVE's own schema has it. `parts`: of a property string.
    """

    name: str
    label: str
    group: Group
    kind: Kind
    help: str
    default: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    feature: str = ""
    required: bool = False
    fixed: bool = False
    parts: tuple[RealmOption, ...] = ()


def options_of(kind: str, release: str = versions.NEWEST) -> tuple[RealmOption, ...]:
    """The options that a type has in that release, in the order of forms."""
    from pve_auth_tui.core.realmoptionstable import TABLE

    return tuple(
        one for one in TABLE[kind] if one.feature == "" or versions.has(release, one.feature)
    )


def option_of(kind: str, name: str) -> RealmOption | None:
    """One of them, or a part of one (`tfa.step`), whatever the release; None for none."""
    for one in options_of(kind):
        for found in (one, *one.parts):
            if found.name == name:
                return found
    return None


def label_of(kind: str, name: str) -> str:
    """What people call an option; its own name where nobody knows it."""
    found = option_of(kind, name)
    return found.label if found else name


def required_of(kind: str) -> tuple[str, ...]:
    """The options without which PVE cannot read the realm, in PVE's order."""
    return tuple(name for name, rule in REALM_OPTIONS[kind].items() if not rule.optional)


def fixed_of(kind: str) -> tuple[str, ...]:
    """The options that PVE never changes once the realm exists."""
    return tuple(name for name, rule in REALM_OPTIONS[kind].items() if rule.fixed)


def final_words(kind: str) -> str:
    """What cannot be changed any more once a realm of that type is there, as one sentence."""
    names = ["its name", "its type", *(label_of(kind, name) for name in fixed_of(kind))]
    return f"PVE never changes {listed(names)} once the realm is there."
