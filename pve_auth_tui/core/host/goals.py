"""What a step on the node is for. Whether it was reached is looked at afterwards, whatever the
exit code was (reference/host.md 6): `services.hostgoals` looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, TypeAlias


@dataclass(frozen=True, slots=True)
class Installed:
    """These Debian packages are installed (`ii`)."""

    packages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Purged:
    """None of these packages is installed any more."""

    packages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileIs:
    """`path` holds what has this SHA-256 (hex); "" for no file there."""

    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Copied:
    """Every one of `paths` lies below `folder`, as it is: /folder/etc/krb5.conf."""

    paths: tuple[str, ...]
    folder: str


@dataclass(frozen=True, slots=True)
class Joined:
    """realmd lists `domain` as `kerberos-member`, and the computer's password works with a DC."""

    domain: str


@dataclass(frozen=True, slots=True)
class NotJoined:
    """realmd does not list `domain`, and no keytab entry of it is left."""

    domain: str


@dataclass(frozen=True, slots=True)
class Denied:
    """realmd's login policy of `domain` lets nobody in."""

    domain: str


@dataclass(frozen=True, slots=True)
class Permits:
    """Of `domain` just these names may log in (`alice@ad.example.com`), in any order."""

    domain: str
    users: tuple[str, ...]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Active:
    """systemd says `active` (or not, where `wanted` is False) of a unit."""

    unit: str
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Masked:
    """A unit cannot be started by anybody (or can, where `wanted` is False)."""

    unit: str
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class MakesHomes:
    """pam_mkhomedir stands in /etc/pam.d/common-session (or does not)."""

    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Trusted:
    """A CA's certificate (SHA-256 of its DER, hex) is in the bundle and in the hashed directory
    of /etc/ssl/certs, or in neither, where `wanted` is False.
    """

    sha256: str
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Ended:
    """It is enough that the command ends with 0."""


@dataclass(frozen=True, slots=True)
class Tried:
    """It may fail: `systemctl reset-failed` of a unit that is not loaded does."""


Goal: TypeAlias = (
    Installed
    | Purged
    | FileIs
    | Copied
    | Joined
    | NotJoined
    | Denied
    | Permits
    | Active
    | Masked
    | MakesHomes
    | Trusted
    | Ended
    | Tried
)


class Sight(NamedTuple):
    """What was seen of a goal. `text`: one sentence, with untrusted names in it."""

    reached: bool
    text: str
