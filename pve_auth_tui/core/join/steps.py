"""The commands of a join, of what follows it and of its way back: absolute paths, no shell, each
with its time and with what it must have led to (reference/host.md 2, 5, 6).

Names that come here begin with no dash (`core.join.names`), so that none is taken for an option.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pve_auth_tui.core.host.goals import (
    Active,
    Copied,
    Denied,
    Ended,
    FileIs,
    Goal,
    Installed,
    Joined,
    MakesHomes,
    Masked,
    NotJoined,
    Permits,
    Purged,
    Tried,
)
from pve_auth_tui.core.plan import HostStep
from pve_auth_tui.core.secret import Secret

REALM: Final = "/usr/sbin/realm"
ADCLI: Final = "/usr/sbin/adcli"
SSSCTL: Final = "/usr/sbin/sssctl"
ID: Final = "/usr/bin/id"
SYSTEMCTL: Final = "/usr/bin/systemctl"
APT_GET: Final = "/usr/bin/apt-get"

SSSD: Final = "sssd"
IN_MEMORY: Final = tuple(
    f"/var/lib/sss/mc/{kind}" for kind in ("passwd", "group", "initgroups", "sid")
)
"""Where sssd keeps what programs read without asking it; not there when it keeps nothing so."""
PACKAGEKIT: Final = "packagekit"
REALMD: Final = "realmd"

DISCOVER_SECONDS: Final = 15.0
ID_SECONDS: Final = 15.0
JOIN_SECONDS: Final = 90.0
APT_SECONDS: Final = 900.0
_SECONDS: Final = 60.0

_NO_QUESTIONS: Final = (
    "-o",
    "Dpkg::Options::=--force-confold",
    "-o",
    "DPkg::Lock::Timeout=60",
    "-o",
    "APT::Color=0",
)


# --- questions, which change nothing -----------------------------------------------------------


def ask_discover(domain: str) -> tuple[str, ...]:
    return (REALM, "-v", "discover", domain)


def ask_list() -> tuple[str, ...]:
    return (REALM, "list")


def ask_account(domain: str, user: str, computer: str) -> tuple[str, ...]:
    """The password goes to its standard input."""
    return (
        ADCLI,
        "show-computer",
        "-v",
        f"--domain={domain}",
        f"--login-user={user}",
        "--stdin-password",
        computer,
    )


def ask_unit(unit: str) -> tuple[str, ...]:
    wanted = "LoadState,ActiveState,UnitFileState"
    return (SYSTEMCTL, "show", f"--property={wanted}", unit)


def ask_trust(domain: str) -> tuple[str, ...]:
    return (ADCLI, "testjoin", "-v", f"--domain={domain}")


def ask_id(name: str) -> tuple[str, ...]:
    return (ID, name)


def ask_login(name: str) -> tuple[str, ...]:
    return (SSSCTL, "user-checks", name, "-a", "acct", "-s", "login")


def ask_fqdn() -> tuple[str, ...]:
    return ("/usr/bin/hostname", "--fqdn")


# --- backup --------------------------------------------------------------------------------------


def folder(path: str) -> HostStep:
    """A folder of root's alone; what is above it is there."""
    return HostStep(("/usr/bin/install", "-d", "-m", "0700", path))


def back_up(paths: Sequence[str], into: str) -> HostStep:
    """With owner, mode and times: `into/etc/krb5.conf`."""
    options = ("--archive", "--dereference", "--parents")  # a link alone would keep nothing
    argv = ("/usr/bin/cp", *options, f"--target-directory={into}", *paths)
    return HostStep(argv, goal=Copied(tuple(paths), into))


def restore(path: str, source: str, sha256: str) -> HostStep:
    argv = ("/usr/bin/cp", "--archive", "--no-target-directory", source, path)
    return HostStep(argv, goal=FileIs(path, sha256))


def remove(path: str) -> HostStep:
    return HostStep(("/usr/bin/rm", "--force", path), goal=FileIs(path, ""))


def forget(domain: str, realm: str) -> HostStep:
    """What sssd has kept of the domain: names, and hashes of passwords for logins without a DC."""
    names = (f"cache_{domain}.ldb", f"timestamps_{domain}.ldb", f"ccache_{realm.upper()}")
    return HostStep(("/usr/bin/rm", "--force", *(f"/var/lib/sss/db/{name}" for name in names)))


def forget_in_memory() -> HostStep:
    """What programs read of sssd without asking it; sssd is stopped, or it goes on with them."""
    return HostStep(("/usr/bin/rm", "--force", *IN_MEMORY))


# --- packages ------------------------------------------------------------------------------------


def install(names: Sequence[str]) -> HostStep:
    argv = (APT_GET, "-y", *_NO_QUESTIONS, "--no-install-recommends", "install", *names)
    return HostStep(argv, seconds=APT_SECONDS, goal=Installed(tuple(names)))


def purge(names: Sequence[str]) -> HostStep:
    argv = (APT_GET, "-y", *_NO_QUESTIONS, "purge", *names)
    return HostStep(argv, seconds=APT_SECONDS, goal=Purged(tuple(names)))


# --- units ---------------------------------------------------------------------------------------


def _systemctl(*words: str, goal: Goal | None = None) -> HostStep:
    return HostStep((SYSTEMCTL, *words), seconds=_SECONDS, goal=goal or Ended())


def reset_failed(unit: str = SSSD) -> HostStep:
    """systemd counts starts, and refuses the sixth within 50 s: this ends the count."""
    return _systemctl("reset-failed", unit, goal=Tried())


def start(unit: str = SSSD) -> HostStep:
    return _systemctl("start", unit, goal=Active(unit))


def stop(unit: str = SSSD) -> HostStep:
    return _systemctl("stop", unit, goal=Active(unit, False))


def end_realmd() -> HostStep:
    """Ends what realmd may still be at after its client has gone: it refuses everything else until
    then (`Already running another action`).
    """
    return _systemctl("restart", REALMD)


def anew() -> tuple[HostStep, ...]:
    """sssd with what its files say now. Not `restart`: one that fails may leave the old one
    running, and nobody could see it. And what it kept in memory goes while nobody asks it: there is
    a moment in its start in which that alone would be asked (`access.AT_START`).
    """
    return reset_failed(), stop(), forget_in_memory(), start()


def mask(unit: str = PACKAGEKIT) -> HostStep:
    return _systemctl("mask", "--now", unit, goal=Masked(unit))


def unmask(unit: str = PACKAGEKIT) -> HostStep:
    return _systemctl("unmask", unit, goal=Masked(unit, False))


def enable(unit: str = SSSD) -> HostStep:
    return _systemctl("enable", unit)


def disable(unit: str = SSSD) -> HostStep:
    return _systemctl("disable", unit)


# --- the domain ---------------------------------------------------------------------------------


def join(domain: str, user: str, password: Secret, *, ou: str = "", computer: str = "") -> HostStep:
    argv = [REALM, "-v", "join", f"--user={user}"]
    if ou:
        argv.append(f"--computer-ou={ou}")
    if computer:
        argv.append(f"--computer-name={computer}")
    return HostStep((*argv, domain), _line(password), JOIN_SECONDS, Joined(domain))


def deny_all(domain: str) -> HostStep:
    argv = (REALM, "-v", "deny", "--all")
    return HostStep(argv, seconds=_SECONDS, goal=Denied(domain))


def permit(name: str, *, group: bool, goal: Goal | None = None) -> HostStep:
    """One more who may log in. `goal`: after the last one, who may in all."""
    argv = (REALM, "-v", "permit", *(("-g",) if group else ()), name)
    return HostStep(argv, seconds=_SECONDS, goal=goal or Ended())


def withdraw(name: str, *, group: bool) -> HostStep:
    """One fewer, by name: whether `deny --all` forgets them is realmd's own affair."""
    argv = (REALM, "-v", "permit", "--withdraw", *(("-g",) if group else ()), name)
    return HostStep(argv, seconds=_SECONDS)


def permit_all() -> HostStep:
    return HostStep((REALM, "-v", "permit", "--all"), seconds=_SECONDS)


def leave(domain: str) -> HostStep:
    """This node alone, so that it works with no DC there. realmd can delete the account besides,
    and hangs for minutes where no DC answers: `delete_account` is apart.
    """
    return HostStep((REALM, "-v", "leave", domain), seconds=JOIN_SECONDS, goal=NotJoined(domain))


def delete_account(domain: str, user: str, password: Secret, computer: str) -> HostStep:
    """In the domain, whatever this node is."""
    argv = (
        ADCLI,
        "delete-computer",
        "-v",
        f"--domain={domain}",
        f"--login-user={user}",
        "--stdin-password",
        computer,
    )
    return HostStep(argv, _line(password), JOIN_SECONDS)


def homes(*, wanted: bool) -> HostStep:
    """Homes made at the first login, by pam_mkhomedir."""
    verb = "--enable" if wanted else "--disable"
    argv = ("/usr/sbin/pam-auth-update", "--package", verb, "mkhomedir")
    return HostStep(argv, seconds=_SECONDS, goal=MakesHomes(wanted))


def permits(domain: str, users: Sequence[str], groups: Sequence[str]) -> Permits:
    return Permits(domain, tuple(users), tuple(groups))


def _line(password: Secret) -> Secret:
    """As realm and adcli read it: one line."""
    return Secret(f"{password.reveal()}\n")
