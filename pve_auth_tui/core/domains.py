"""PVE's /etc/pve/domains.cfg: the realms.

Source: PVE::Auth::Plugin of pve-access-control 9.1.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pve_auth_tui.core import schema, sectionconfig
from pve_auth_tui.core.formats import realm_problem
from pve_auth_tui.core.perltext import decode_text, encode_file, truthy
from pve_auth_tui.core.sectionconfig import Plugins, Section

FILE = "/etc/pve/domains.cfg"
BUILT_IN: Mapping[str, str] = {
    "pam": "Linux PAM standard authentication",
    "pve": "Proxmox VE authentication server",
}
PLUGINS = Plugins(
    schema.REALM, schema.REALM_OPTIONS, id_problem=realm_problem, lower_case_types=True
)


@dataclass(frozen=True, slots=True)
class Broken:
    """A section without an option that its type needs: PVE writes no realm until it is mended.

    `missing`: what it lacks. `options`: what could be read, as in Realm.
    """

    type: str
    missing: tuple[str, ...]
    options: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Realm:
    """One realm. `options` holds PVE's property names (reference 5) with their values as text,
    `client-key` and a Yubico API key among them: kept out of repr, masked by `core.answers`.
    `type` is None for a section that PVE itself lists but cannot read; `broken` says of one in
    the file what is left of it.
    """

    name: str
    type: str | None
    options: Mapping[str, str] = field(default_factory=dict, repr=False)
    broken: Broken | None = field(default=None, compare=False)

    @property
    def comment(self) -> str | None:
        """None where there is none, as opposed to an empty one."""
        return self.options.get("comment")

    @property
    def default(self) -> bool:
        """Does the login dialog offer it first?"""
        return self.options.get("default") == "1"


@dataclass(frozen=True, slots=True)
class Domains:
    """All realms in PVE's order; pam and pve are always there.

    `digest` is the SHA-1 of the file that PVE's API shows with each realm.
    """

    realms: Mapping[str, Realm]
    warnings: tuple[str, ...] = field(default=(), repr=False)
    digest: str = ""


def parse_domains(data: bytes) -> Domains:
    """Reads domains.cfg; never fails, what PVE would ignore is ignored with its warning.

    Text is as PVE understands it: comments are decoded UTF-8, everything else is one character
    per byte (so its API shows `ou=Zürich` as `ou=ZÃ¼rich`). Where several realms are marked as
    default PVE keeps a random one; here it is the last.
    """
    parsed = sectionconfig.parse(data, FILE, PLUGINS)
    default = next(
        (s.id for s in reversed(parsed.sections) if truthy(s.options.get("default"))), ""
    )
    realms = {section.id: _realm(section, default) for section in parsed.sections}
    for name in BUILT_IN:
        realms[name] = _built_in(name, realms.get(name))
    return Domains(realms, parsed.warnings, parsed.digest)


def _realm(section: Section, default: str) -> Realm:
    options = _options(section.options)
    if truthy(options.get("default")) and section.id != default:
        del options["default"]
    broken = None
    if section.begun is not None:
        kind, found = section.begun
        broken = Broken(kind, section.missing, _options(found))
    return Realm(section.id, section.type, options, broken)


def _options(found: Mapping[str, str]) -> dict[str, str]:
    options = {name: value for name, value in found.items() if name != "type"}
    if truthy(options.get("comment")):
        options["comment"] = decode_text(options["comment"])
    return options


def _built_in(name: str, realm: Realm | None) -> Realm:
    options = dict(realm.options) if realm else {}
    if not truthy(options.get("comment")):
        options["comment"] = BUILT_IN[name]
    return Realm(name, name, options)


def write_domains(domains: Domains) -> bytes:
    """The file as PVE writes it.

    Raises sectionconfig.WriteRefused when there is a realm that PVE itself cannot read.
    """
    sections = [Section(realm.name, realm.type, realm.options) for realm in domains.realms.values()]
    return encode_file(sectionconfig.write(sections, FILE, PLUGINS))
