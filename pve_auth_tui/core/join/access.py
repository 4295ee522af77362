"""Who may log in, in sssd's own files: what we write while a join runs, and what is read back."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from pve_auth_tui.core.errors import Refused
from pve_auth_tui.core.join.model import SNIPPET
from pve_auth_tui.core.join.names import domain_problem

SSSD_CONF: Final = "/etc/sssd/sssd.conf"
CONF_D: Final = "/etc/sssd/conf.d"
"""Read after sssd.conf, in the order of the names: `is_read` of them. A file there that others
than root may read is passed over by Debian 12's sssd; Debian 13's does not start with it."""

AT_START: Final = (
    "# Of pve-auth-tui: while sssd starts, there is a moment without its socket for PAM. Debian's\n"
    "# PAM passes over it then: who has a key gets in, permitted or not, if the name is known.\n"
    "# Without a cache in memory it is sssd that would have to tell it at that very moment.\n"
    "[nss]\n"
    "memcache_timeout = 0\n"
)
"""What START_FILE says. pam_sss answers "user unknown" in the account phase when its socket is not
there (sssd's pam_sss.c), which common-account ignores; pam_unix has said yes to whom NSS knows."""

_SECTION: Final = re.compile(r"\[(.*)\]\s*")
_DECIDING: Final = frozenset(
    ("access_provider", "simple_allow_users", "simple_allow_groups", "simple_deny_users")
)
_OPENS: Final = ("permit", "ad", "")
"""Access providers that let everybody of the domain in; `ad` asks for GPOs only, "" is permit."""


class Access(NamedTuple):
    """What sssd makes of a domain's section. `provider`: "" for none named, which permits all."""

    provider: str = ""
    users: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()

    @property
    def open_to_all(self) -> bool:
        """Everybody whom the domain knows may log in."""
        named = self.users or self.groups
        return self.provider in _OPENS or (self.provider == "simple" and not named)


def deny_everybody(domain: str) -> str:
    """The text of the snippet that keeps everybody of the domain out (R30).

    sssd reads it after sssd.conf, so that nothing realmd writes there opens a window.
    Raises Refused for what is no domain's name: it becomes a section's.
    """
    if problem := domain_problem(domain):
        raise Refused(problem)
    return (
        "# Of pve-auth-tui, while a join runs: nobody of the domain may log in yet.\n"
        f"[domain/{domain}]\n"
        "access_provider = deny\n"
    )


def sections(text: str) -> Mapping[str, Mapping[str, str]] | None:
    """sssd.conf as section -> option -> value; None when sssd could not read it either.

    Values may go on in lines that begin with a space (ding-libs).
    """
    found: dict[str, dict[str, str]] = {}
    section: dict[str, str] | None = None
    last = ""
    for line in re.split(r"\r?\n", text):
        if not line.strip() or line.lstrip()[0] in "#;":
            continue
        if heading := _SECTION.fullmatch(line):
            section, last = found.setdefault(heading[1].strip(), {}), ""
            continue
        if section is None:
            return None
        if line[0].isspace() and last:
            section[last] = f"{section[last]} {line.strip()}"
            continue
        key, equals, value = line.partition("=")
        if not (equals and key.strip()):
            return None
        last = key.strip().lower()
        section[last] = value.strip()
    return found


def domains(text: str) -> tuple[str, ...]:
    """The domains that sssd.conf has sections of, in its order."""
    found = sections(text) or {}
    return tuple(
        name.partition("/")[2].strip()
        for name in found
        if name.lower().startswith("domain/") and name.count("/") == 1
    )


def listed_domains(text: str) -> tuple[str, ...]:
    """What `domains` of the section [sssd] names: realmd joins none of them (sssd.conf(5))."""
    options = (sections(text) or {}).get("sssd", {})
    return tuple(name.strip() for name in options.get("domains", "").split(",") if name.strip())


def access(text: str, domain: str) -> Access | None:
    """What a file of sssd says of the domain's logins; None where it has no section of it."""
    return together((text,), domain)


def together(texts: Sequence[str], domain: str) -> Access | None:
    """What sssd makes of sssd.conf and the files of conf.d, in the order in which it reads them:
    the last word counts, option by option. None where none has a section of the domain.
    """
    found = [options for text in texts if (options := _options(text, domain)) is not None]
    if not found:
        return None
    merged = {key: value for options in found for key, value in options.items()}
    return Access(
        merged.get("access_provider", "").lower(),
        _names(merged, "simple_allow_users"),
        _names(merged, "simple_allow_groups"),
    )


def elsewhere(snippets: Mapping[str, str], domain: str) -> tuple[str, ...]:
    """Files of conf.d, our own left out, that say who of the domain may log in. realmd neither
    reads nor writes them; what stands in them counts all the same.
    """
    return tuple(
        path
        for path, text in sorted(snippets.items())
        if path != SNIPPET and _DECIDING.intersection(_options(text, domain) or ())
    )


def keeps_in_memory(texts: Sequence[str]) -> bool:
    """Does sssd keep names where programs find them while it does not run (`memcache_timeout` of
    [nss], sssd.conf(5))? `texts`: as `together` takes them.
    """
    told = ""
    for text in texts:
        for name, options in (sections(text) or {}).items():
            if name.lower() == "nss":
                told = options.get("memcache_timeout", told)
    return not (told.isascii() and told.isdigit() and not told.strip("0"))


def is_read(name: str) -> bool:
    """Does sssd read a file of that name in conf.d?"""
    return name.endswith(".conf") and not name.startswith(".")


def _options(text: str, domain: str) -> Mapping[str, str] | None:
    for name, options in (sections(text) or {}).items():
        if name.lower() == f"domain/{domain.lower()}":
            return options
    return None


def _names(options: Mapping[str, str], key: str) -> tuple[str, ...]:
    return tuple(name for part in options.get(key, "").split(",") if (name := part.strip()))
