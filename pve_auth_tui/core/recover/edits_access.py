"""user.cfg and domains.cfg edited line by line (reference 2, 10; transports.md on CRLF)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from pve_auth_tui.core.domains import parse_domains
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.perltext import BLANKS, FALSE, is_number, truthy
from pve_auth_tui.core.userconfig import parse_user_config

_ENABLE, _EXPIRE, _FIELDS = 2, 3, 4
_NOT_EXACTLY: Final = "Put the last good copy of the file back instead."
_SPACE: Final = re.compile(f"[{BLANKS}]+")


def enabled(user_cfg: bytes, userid: str) -> bytes:
    """user.cfg with that user enabled and without a date of expiry.

    Of two lines for a user PVE takes the last that it can read; that one is edited.
    """
    before = parse_user_config(user_cfg)
    user = before.users.get(userid)
    if user is None:
        raise UsageError(f"There is no user {userid} in user.cfg.")
    if user.enable and not user.expire:
        raise UsageError(f"{userid} is enabled and never expires, so there is nothing to do.")
    lines = user_cfg.decode("latin-1").split("\n")
    mine = [at for at, line in enumerate(lines) if _is_line_of(line, userid)]
    if not mine:
        raise _not_exact("user.cfg")
    lines[mine[-1]] = _enabled_line(lines[mine[-1]])
    data = "\n".join(lines).encode("latin-1")
    wanted = {**before.users, userid: replace(user, enable=True, expire=0)}
    if parse_user_config(data) != replace(before, users=wanted):
        raise _not_exact("user.cfg")
    return data


def _is_line_of(line: str, userid: str) -> bool:
    """As PVE::AccessControl reads it (core.userreader): a bad date makes it no line at all."""
    kind, found, _, expire, *_ = [*(part.strip(BLANKS) for part in line.split(":")), *[""] * 4]
    readable = expire in FALSE or is_number(expire)
    return kind == "user" and found == userid and readable


def _enabled_line(line: str) -> str:
    body = line.rstrip(BLANKS)
    fields = body.split(":")
    fields += [""] * (_FIELDS - len(fields))
    if fields[_ENABLE].strip(BLANKS) in FALSE:
        fields[_ENABLE] = "1"
    if fields[_EXPIRE].strip(BLANKS) not in FALSE or not fields[_EXPIRE]:
        fields[_EXPIRE] = "0"
    return ":".join(fields) + line[len(body) :]


def without_realm_tfa(domains_cfg: bytes, realm: str) -> bytes:
    """domains.cfg whose realm demands no second factor any more: its line `tfa` goes.

    Of two sections with one name PVE takes the last; that one is edited.
    """
    before = parse_domains(domains_cfg)
    found = before.realms.get(realm)
    if found is None:
        raise UsageError(f"There is no realm {realm} in domains.cfg.")
    if "tfa" not in found.options:
        raise UsageError(f"The realm {realm} demands no second factor, so there is nothing to do.")
    lines = domains_cfg.decode("latin-1").split("\n")
    mine = _last_section(lines, realm)
    if not mine:
        raise _not_exact("domains.cfg")
    lines[mine[0] : mine[0] + 1] = [""] if mine[0] == len(lines) - 1 else []
    data = "\n".join(lines).encode("latin-1")
    options = {name: value for name, value in found.options.items() if name != "tfa"}
    wanted = {**before.realms, realm: replace(found, options=options)}
    if parse_domains(data).realms != wanted:  # of two lines the second would count then
        raise _not_exact("domains.cfg")
    return data


def _last_section(lines: Sequence[str], realm: str) -> Sequence[int]:
    """Where the `tfa` lines of the last section of that name stand.

    As PVE::SectionConfig reads (core.sectionconfig): a section ends at a line that is empty or
    `0`, comments do not count, and a line with a blank in it is not empty.
    """
    found: list[int] = []
    inside = mine = False
    for at, line in enumerate(lines):
        if line.lstrip(BLANKS).startswith("#"):
            continue
        if inside:
            inside = truthy(line)
            if inside and mine and line[0] in BLANKS and _SPACE.split(line)[1] == "tfa":
                found.append(at)
        elif name := _header(line):
            inside, mine = True, name == realm
            found = [] if mine else found
    return found


def _header(line: str) -> str:
    r"""The name in `^(\S+):\s*(\S+)\s*$`, "" for another line; in linear time."""
    words = _SPACE.split(line.rstrip(BLANKS))
    if len(words) == 1:
        kind, colon, _ = words[0][:-1].rpartition(":")
        return words[0][len(kind) + 1 :] if kind and colon else ""
    kind = words[0]
    return words[1] if len(words) == 2 and len(kind) > 1 and kind.endswith(":") else ""


def _not_exact(file: str) -> Refused:
    return Refused(
        f"{file} is not as Proxmox VE writes it, and no change to it would be exact.",
        _NOT_EXACTLY,
    )
