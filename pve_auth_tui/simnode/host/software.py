"""apt-get, dpkg-query and pam-auth-update of the simulated node."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pve_auth_tui.simnode.host import fresh, pamstack
from pve_auth_tui.simnode.host.call import Call
from pve_auth_tui.simnode.host.machine import Machine
from pve_auth_tui.simnode.host.options import parsed
from pve_auth_tui.simnode.host.packages import ARCHIVE, added, leaning
from pve_auth_tui.simnode.host.units import PACKAGE_OF

_APT: Final = {
    "-s": ("simulate", False),
    "--simulate": ("simulate", False),
    "--dry-run": ("simulate", False),
    "-y": ("yes", False),
    "--yes": ("yes", False),
    "-q": ("quiet", False),
    "-qq": ("quiet", False),
    "-o": ("option", True),
    "--option": ("option", True),
    "--assume-no": ("no", False),
    "--no-install-recommends": ("no-recommends", False),
    "--purge": ("purge", False),
    "--no-remove": ("no-remove", False),
}
_LOCKED: Final = (
    "E: Unable to acquire the dpkg frontend lock (/var/lib/dpkg/lock-frontend), is another "
    "process using it?"
)
_WAITING: Final = (
    "Waiting for cache lock: Could not get lock /var/lib/dpkg/lock-frontend. It is held by process "
    "12386 (apt-get)..."
)
_APT_FAILED: Final = 100
_WIDTH: Final = 76
_UNPACKED: Final = 3.4  # times the size of what is downloaded


def apt_get(machine: Machine, call: Call) -> None:
    """install, remove, purge; `clean` and `update` as far as nothing changes here."""
    given = parsed(call, _APT)
    verb, *names = given.words or [""]
    simulate = given.has("simulate")
    if verb not in ("install", "remove", "purge") or not names:
        raise call.unknown()
    if "apt locked" in machine.faults.host and not simulate:
        call.out(_WAITING)
        return call.fail(_LOCKED, _APT_FAILED)
    call.out("Reading package lists...\nBuilding dependency tree...\nReading state information...")
    dpkg = machine.dpkg
    known = {*ARCHIVE, *dpkg.entries}
    if unknown := [name for name in names if name not in known]:
        for name in unknown:
            call.fail(f"E: Unable to locate package {name}", _APT_FAILED)
        return None
    if not simulate and not given.has("yes") and not given.has("no"):
        raise call.unknown()  # it would ask
    if verb == "install":
        return _install(machine, call, names, simulate=simulate, stop=given.has("no"))
    purge = verb == "purge" or given.has("purge")
    return _remove(machine, call, names, simulate=simulate or given.has("no"), purge=purge)


def _install(
    machine: Machine, call: Call, names: Sequence[str], *, simulate: bool, stop: bool
) -> None:
    dpkg = machine.dpkg
    for name in names:
        if dpkg.has(name):
            version = dpkg.entries[name].version
            call.out(f"{name} is already the newest version ({version}).")
    new = added(dpkg, names)
    more = [name for name in new if name not in names]
    _listed(call, "The following additional packages will be installed:", more)
    _listed(call, "The following NEW packages will be installed:", new)
    call.out(f"0 upgraded, {len(new)} newly installed, 0 to remove and 0 not upgraded.")
    order = _ordered(new)
    if simulate:
        for verb in ("Inst", "Conf"):
            for name in order:
                package = ARCHIVE[name]
                where = f"{package.version} {package.at} [{package.arch}]"
                call.out(f"{verb} {name} ({where})")
        return None
    if not new:
        return None
    size = sum(ARCHIVE[name].kb for name in new)
    call.out(f"Need to get {size:,} kB of archives.")
    call.out(
        f"After this operation, {int(size * _UNPACKED):,} kB of additional disk space will be used."
    )
    if stop:
        call.out("Do you want to continue? [Y/n] N\nAbort.")
        call.code = 1
        return None
    if machine.faults.disk_full:
        return call.fail(
            "E: You don't have enough free space in /var/cache/apt/archives/.", _APT_FAILED
        )
    for number, name in enumerate(order, 1):
        package = ARCHIVE[name]
        call.out(
            f"Get:{number} http://debian.example.com/debian trixie/main {package.arch} {name} "
            f"{package.arch} {package.version} [{package.kb:,} kB]"
        )
    call.out(f"Fetched {size:,} kB in 1s ({size:,} kB/s)")
    for name in order:
        call.out(f"Selecting previously unselected package {name}.")
        call.out(f"Unpacking {name} ({ARCHIVE[name].version}) ...")
    for name in order:
        call.out(f"Setting up {name} ({ARCHIVE[name].version}) ...")
    dpkg.add(new)
    _configured(machine, new, on=True)
    return None


def _ordered(names: Sequence[str]) -> list[str]:
    """What somebody needs comes first."""
    found: list[str] = []

    def take(name: str) -> None:
        if name in names and name not in found:
            for need in ARCHIVE[name].needs:
                take(need)
            found.append(name)

    for name in names:
        take(name)
    return found


def _remove(
    machine: Machine, call: Call, names: Sequence[str], *, simulate: bool, purge: bool
) -> None:
    dpkg = machine.dpkg
    for name in names:
        if name not in dpkg.entries:
            call.out(f"Package '{name}' is not installed, so not removed")
    gone = leaning(dpkg, names)
    if any(name not in ARCHIVE for name in gone):
        raise call.unknown()  # what a node cannot be without
    starred = [f"{name}*" if purge else name for name in gone]
    _listed(call, "The following packages will be REMOVED:", starred)
    call.out(f"0 upgraded, 0 newly installed, {len(gone)} to remove and 0 not upgraded.")
    if simulate:
        for name in gone:
            call.out(f"{'Purg' if purge else 'Remv'} {name} [{dpkg.entries[name].version}]")
        return
    for name in gone:
        call.out(f"Removing {name} ({dpkg.entries[name].version}) ...")
    if purge:
        for name in gone:
            call.out(f"Purging configuration files for {name} ({dpkg.entries[name].version}) ...")
    dpkg.drop(gone, purge=purge)
    _configured(machine, gone, on=False)
    if purge and "sssd-common" in gone:
        for path in list(machine.files.below("etc/sssd")):
            machine.files.remove(path)


def _configured(machine: Machine, names: Sequence[str], *, on: bool) -> None:
    """What packages' scripts do: nsswitch.conf, PAM, a unit that is started or stopped."""
    files = machine.files
    if "libnss-sss" in names:
        text = files.text("etc/nsswitch.conf")
        files.write("etc/nsswitch.conf", fresh.with_sss(text, on=on))
    if "libpam-sss" in names:
        update_pam(machine, None)
    if "sssd-common" in names and not on:
        machine.units.stop("sssd")
    for unit, package in PACKAGE_OF.items():
        if package in names and on:
            machine.units.get(unit)


def _listed(call: Call, title: str, names: Sequence[str]) -> None:
    if not names:
        return
    call.out(title)
    line = " "
    for name in names:
        if len(line) + len(name) > _WIDTH:
            call.out(line)
            line = " "
        line += f" {name}"
    call.out(line)


_FIELD: Final = re.compile(r"\$\{([\w:-]+)\}")


def dpkg_query(machine: Machine, call: Call) -> None:
    """`-W -f FORMAT NAME ...`."""
    known = {
        "-W": ("show", False),
        "--show": ("show", False),
        "-f": ("format", True),
        "--showformat": ("format", True),
    }
    given = parsed(call, known)
    if not given.has("show"):
        raise call.unknown()
    shape = given.get("format") or "${binary:Package}\\t${Version}\\n"
    entries = machine.dpkg.entries
    printed = ""
    for name in sorted(set(given.words) or entries):
        if entry := entries.get(name):
            values = {
                "Package": entry.name,
                "binary:Package": entry.name,
                "db:Status-Abbrev": entry.short,
                "Version": entry.version,
                "Architecture": entry.arch,
                "Status": "install ok installed" if entry.short == "ii " else "",
                "db:Status-Status": "installed" if entry.short == "ii " else "config-files",
            }
            line = "".join(
                values.get(part, "") if turn % 2 else part
                for turn, part in enumerate(_FIELD.split(shape))
            )
            printed += line.replace("\\n", "\n").replace("\\t", "\t")
    if printed:
        call.out(printed.removesuffix("\n"))
    for name in given.words:
        if name not in entries:
            call.fail(f"dpkg-query: no packages found matching {name}")


def pam_auth_update(machine: Machine, call: Call) -> None:
    """`--package`, with --enable and --disable of mkhomedir. Quiet, as without a dialog."""
    homes: bool | None = None
    waiting = list(call.args)
    package = False
    while waiting:
        word = waiting.pop(0)
        if word == "--package":
            package = True
        elif word in ("--enable", "--disable", "--remove") and waiting[:1] == [pamstack.HOMES]:
            waiting.pop(0)
            homes = word == "--enable"
        elif word != "--force":
            raise call.unknown()
    if not package and homes is None:
        raise call.unknown()
    update_pam(machine, homes)


def update_pam(machine: Machine, homes: bool | None) -> None:
    """The block of each file anew; `homes` None leaves it as it is."""
    files = machine.files
    on = "pam_mkhomedir.so" in files.text(f"{pamstack.FOLDER}/common-session")
    profiles = {pamstack.HOMES} if (on if homes is None else homes) else set()
    if machine.dpkg.has("libpam-sss"):
        profiles.add("sss")
    for kind in pamstack.STACKS:
        path = f"{pamstack.FOLDER}/common-{kind}"
        text = files.text(path)
        made = pamstack.updated(text, kind, profiles) if text else pamstack.whole(kind, profiles)
        if made != text:
            files.write(path, made)
