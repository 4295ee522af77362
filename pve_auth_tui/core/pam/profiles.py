"""The block of /etc/pam.d/common-* that pam-auth-update writes, and what it would write.

Source: pam-auth-update of libpam-runtime. It takes the profiles of /usr/share/pam-configs that are
chosen, by priority, and counts the jumps of `end` itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

PRIMARY: Final = '# here are the per-package modules (the "Primary" block)'
FALLBACK: Final = "# here's the fallback if no module succeeds"
ADDITIONAL: Final = '# and here are more per-package modules (the "Additional" block)'
END: Final = "# end of pam-auth-update config"

KINDS: Final = ("auth", "account", "password", "session", "session-noninteractive")
"""Of the files /etc/pam.d/common-KIND and /var/lib/pam/KIND."""

SSS: Final = """\
Name: SSS authentication
Default: yes
Priority: 128
Auth-Type: Primary
Auth:
	[success=end default=ignore]	pam_sss.so use_first_pass
Auth-Initial:
	[success=end default=ignore]	pam_sss.so forward_pass
Account-Type: Additional
Account:
	sufficient			pam_localuser.so
	[default=bad success=ok user_unknown=ignore]	pam_sss.so
Session-Type: Additional
Session-Interactive-Only: yes
Session:
	optional			pam_sss.so
"""
"""What libpam-sss puts into /usr/share/pam-configs, for a node on which it is not yet."""

UNIX: Final = """\
Name: Unix authentication
Default: yes
Priority: 256
Auth-Type: Primary
Auth:
	[success=end default=ignore]	pam_unix.so nullok try_first_pass
Auth-Initial:
	[success=end default=ignore]	pam_unix.so nullok
Account-Type: Primary
Account:
	[success=end new_authtok_reqd=done default=ignore]	pam_unix.so
Session-Type: Additional
Session:
	required	pam_unix.so
"""
"""What libpam-runtime brings."""

MKHOMEDIR: Final = """\
Name: Create home directory on login
Default: no
Priority: 0
Session-Type: Additional
Session-Interactive-Only: yes
Session:
	optional			pam_mkhomedir.so
"""


@dataclass(frozen=True, slots=True)
class Profile:
    """A file of /usr/share/pam-configs: its fields, `Auth` and the like with lines."""

    name: str
    priority: int
    fields: Mapping[str, tuple[str, ...]]

    def says(self, field: str) -> str:
        return " ".join(self.fields.get(field, ()))


def profile(name: str, text: str) -> Profile:
    """What cannot be understood of it is left out."""
    fields: dict[str, tuple[str, ...]] = {}
    at = ""
    for line in text.split("\n"):
        found = re.match(r"(\S+):\s*(.*)", line)
        if found:
            at = found[1].removesuffix("-Final")
            fields[at] = (found[2],) if found[2] else ()
        elif at and line.strip():
            fields[at] = (*fields[at], line.strip())
    priority = " ".join(fields.get("Priority", ()))
    return Profile(name, int(priority) if priority.isdecimal() else 0, fields)


def chosen(saved: str) -> tuple[str, ...]:
    """The profiles that /var/lib/pam/KIND names."""
    return tuple(re.findall(r"(?m)^Module: (\S+)$", saved))


class Line(NamedTuple):
    """A line without its arguments: those may be somebody's own, and pam-auth-update keeps them."""

    control: str
    module: str


_FALLBACK: Final = (Line("requisite", "pam_deny.so"), Line("required", "pam_permit.so"))


class Block(NamedTuple):
    """The lines of a file between the marks, with the number of each. `fallback` is no part of
    what pam-auth-update writes anew, not even with --force.
    """

    primary: tuple[tuple[int, str], ...]
    fallback: tuple[tuple[int, str], ...]
    additional: tuple[tuple[int, str], ...]


def block(text: str) -> Block | None:
    """None where a mark is missing: pam-auth-update does not touch the file then."""
    parts: list[list[tuple[int, str]]] = [[], [], []]
    wanted = [PRIMARY, FALLBACK, ADDITIONAL, END]
    state = 0
    for number, line in enumerate(text.split("\n"), 1):
        if state < 4 and line.startswith(wanted[state]):
            state += 1
        elif state in (1, 2, 3) and line.strip() and not line.lstrip().startswith("#"):
            parts[state - 1].append((number, line.strip()))
    return Block(*(tuple(part) for part in parts)) if state == 4 else None


def odd_fallback(text: str) -> tuple[int, ...]:
    """Where the lines behind the Primary block are not Debian's: pam_deny, pam_permit, umask."""
    found = block(text)
    if found is None:
        return ()
    have = [in_short(line) for _, line in found.fallback]
    if have[:2] == list(_FALLBACK) and all(line.control == "optional" for line in have[2:]):
        return ()
    wrong = [
        number
        for at, (number, _) in enumerate(found.fallback)
        if at >= len(_FALLBACK) or have[at] != _FALLBACK[at]
    ]
    return tuple(wrong) or (0,)


def expected(kind: str, profiles: Sequence[Profile], place: str) -> tuple[str, ...]:
    """The lines of a block as pam-auth-update writes them; `place`: `Primary`, `Additional`."""
    field = kind.removesuffix("-noninteractive").capitalize()
    ordered = sorted(profiles, key=lambda one: (one.priority, one.name), reverse=True)
    taken: list[str] = []
    first = True
    for one in ordered:
        if one.says(f"{field}-Type") != place:
            continue
        if kind.endswith("-noninteractive") and "Session-Interactive-Only" in one.fields:
            continue
        initial = one.fields.get(f"{field}-Initial", ()) if first else ()
        taken += initial or one.fields.get(field, ())
        first = False
    kind = kind.removesuffix("-noninteractive")
    if not taken and place == "Primary":
        return (f"{kind}\t[default=1]\t\t\tpam_permit.so",)
    count = len(taken) - (place == "Additional")
    return tuple(
        f"{kind}\t{re.sub(r'=end(?=[ ]|])', f'={count - at}', line)}"
        for at, line in enumerate(taken)
    )


def in_short(line: str) -> Line:
    """A line of a block without its arguments."""
    found = re.match(r"-?\w+\s+(\[[^]]*\]|\S+)\s+(\S+)", line)
    if not found:
        return Line(line, "")
    return Line(" ".join(found[1].split()), found[2])


def differing(text: str, kind: str, profiles: Sequence[Profile]) -> tuple[int, ...] | None:
    """Numbers of the block's lines that are not as pam-auth-update would write them.

    None where it manages nothing here. (0,) where only lines are missing.
    """
    found = block(text)
    if found is None:
        return None
    wrong: list[int] = []
    for there, place in ((found.primary, "Primary"), (found.additional, "Additional")):
        wanted = [in_short(line) for line in expected(kind, profiles, place)]
        have = [in_short(line) for _, line in there]
        if have == wanted:
            continue
        left = list(wanted)
        for (number, _), line in zip(there, have, strict=True):
            if line in left:
                left.remove(line)
            else:
                wrong.append(number)
        if have and not wrong:
            wrong.append(there[0][0] if not left else 0)
        elif not have:
            wrong.append(0)
    return tuple(wrong)


def rewritten(text: str, kind: str, profiles: Sequence[Profile]) -> str | None:
    """The whole file with its block written anew; None where there are no marks."""
    if block(text) is None:
        return None
    wanted = [PRIMARY, FALLBACK, ADDITIONAL, END]
    out: list[str] = []
    state = 0
    for line in text.split("\n"):
        if state < 4 and line.startswith(wanted[state]):
            state += 1
            out.append(line)
            if state in (1, 3):
                out += expected(kind, profiles, "Primary" if state == 1 else "Additional")
        elif state not in (1, 3):
            out.append(line)
    return "\n".join(out)
