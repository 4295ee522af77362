"""id, getent, sssctl and klist of the simulated node."""

from __future__ import annotations

import time
from typing import Final

from pve_auth_tui.simnode.host import ini, keytab
from pve_auth_tui.simnode.host.call import Call
from pve_auth_tui.simnode.host.domain import DOMAIN, Human
from pve_auth_tui.simnode.host.enrolment import KEYTAB
from pve_auth_tui.simnode.host.machine import Machine
from pve_auth_tui.simnode.host.options import parsed
from pve_auth_tui.simnode.host.sssd import CONFIG
from pve_auth_tui.simnode.outside import ADDRESSES

_LOCAL: Final = {
    "root": (0, "/root", "/bin/bash"),
    "www-data": (33, "/var/www", "/usr/sbin/nologin"),
}
_INFOPIPE: Final = (
    "InfoPipe operation failed. Check that SSSD is running and the InfoPipe responder is enabled. "
    "Make sure 'ifp' is listed in the 'services' option in sssd.conf."
)
_NOT_FOUND: Final = 2


def _full(name: str) -> str:
    return f"{name}@{DOMAIN}"


def _human(machine: Machine, name: str) -> Human | None:
    """Through nsswitch.conf: without `sss` in it nobody asks sssd."""
    lines = machine.files.text("etc/nsswitch.conf").splitlines()
    if not any(line.startswith("passwd:") and "sss" in line.split() for line in lines):
        return None
    return machine.sssd.human(name, runs=machine.runs_sssd)


def id_(machine: Machine, call: Call) -> None:
    """`id NAME`."""
    if len(call.args) != 1 or call.args[0].startswith("-"):
        raise call.unknown()
    name = call.args[0]
    if name in _LOCAL:
        uid = _LOCAL[name][0]
        return call.out(f"uid={uid}({name}) gid={uid}({name}) groups={uid}({name})")
    found = _human(machine, name)
    if found is None:
        return call.fail(f"id: '{name}': no such user")
    groups = [f"{gid}({_full(group)})" for gid, group in found.groups]
    head = f"uid={found.uid}({_full(found.name)}) gid={groups[0]}"
    return call.out(f"{head} groups={','.join(groups)}")


def getent(machine: Machine, call: Call) -> None:
    """passwd, group, hosts and ahosts, one name each."""
    if len(call.args) != 2:
        raise call.unknown()
    table, name = call.args
    line = ""
    if table == "passwd":
        if found := _human(machine, name):
            full = _full(found.name)
            home = f"/home/{found.name}@{DOMAIN}"
            line = f"{full}:*:{found.uid}:{found.gid}:{found.gecos}:{home}:/bin/bash"
        elif name in _LOCAL:
            uid, home, shell = _LOCAL[name]
            line = f"{name}:x:{uid}:{uid}:{name}:{home}:{shell}"
    elif table == "group":
        if group := machine.sssd.group(name, runs=machine.runs_sssd):
            gid, label, members = group
            line = f"{_full(label)}:*:{gid}:{','.join(map(_full, members))}"
        elif name in _LOCAL:
            line = f"{name}:x:{_LOCAL[name][0]}:"
    elif table in ("hosts", "ahosts"):
        if address := _address(machine, name):
            line = f"{address:<15} {machine.full_name or name} {machine.name}"
            if table == "ahosts":
                line = f"{address:<15} STREAM {name}\n{address:<15} DGRAM  \n{address:<15} RAW    "
    else:
        raise call.unknown()
    if line:
        return call.out(line)
    call.code = _NOT_FOUND
    return None


def _address(machine: Machine, name: str) -> str:
    for line in machine.files.text("etc/hosts").splitlines():
        address, *names = line.partition("#")[0].split() or [""]
        if name in names:
            return address
    return ADDRESSES.get(name.lower(), "") if machine.domain.dns == "answers" else ""


def sssctl(machine: Machine, call: Call) -> None:
    """user-checks, config-check and domain-status."""
    if list(call.args) == ["config-check"]:
        return _config_check(machine, call)
    if call.args[:1] == ["domain-status"] and len(call.args) == 2:
        return call.fail(f"{_INFOPIPE}Unable to get online status")
    if call.args[:1] != ["user-checks"]:
        raise call.unknown()
    rest = Call(call.tool, call.args[1:])
    known = {
        "-a": ("action", True),
        "--action": ("action", True),
        "-s": ("service", True),
        "--service": ("service", True),
    }
    given = parsed(rest, known)
    if len(given.words) != 1:
        raise call.unknown()
    return _user_checks(
        machine,
        call,
        given.words[0],
        given.get("action") or "acct",
        given.get("service") or "system-auth",
    )


def _config_check(machine: Machine, call: Call) -> None:
    text = machine.files.text(CONFIG)
    if not text:
        return call.fail("File /etc/sssd/sssd.conf does not exist.")
    rule = ""
    try:
        found = ini.read(text)
    except ini.Broken as error:
        return call.fail(f"Failed to load configuration: {error}")
    if "config_file_version" in found.get("sssd", {}):
        rule = (
            "[rule/allowed_sssd_options]: Attribute 'config_file_version' is not allowed in "
            "section 'sssd'. Check for typos.\n"
        )
        call.code = 1
    used = len(machine.files.names("etc/sssd/conf.d"))
    return call.out(
        f"Issues identified by validators: {1 if rule else 0}\n{rule}\n"
        "Messages generated during configuration merging: 0\n\n"
        f"Used configuration snippet files: {used}"
    )


def _user_checks(machine: Machine, call: Call, name: str, action: str, service: str) -> None:
    if action != "acct":
        raise call.unknown()
    call.out(f"user: {name}\naction: {action}\nservice: {service}\n")
    found = _human(machine, name)
    if found is not None:
        home = f"/home/{found.name}@{DOMAIN}"
        call.out(
            f"SSSD nss user lookup result:\n - user name: {_full(found.name)}\n"
            f" - user id: {found.uid}\n - group id: {found.gid}\n - gecos: {found.gecos}\n"
            f" - home directory: {home}\n - shell: /bin/bash\n"
        )
        call.err(f"{_INFOPIPE}InfoPipe User lookup with [{name}] failed.")
    else:
        call.err(f"sss_getpwnam_r failed with [{2}].\nUser name lookup with [{name}] failed.")
    call.out("testing pam_acct_mgmt\n")
    call.err(f"pam_acct_mgmt: {_verdict(machine, name, found, service)}")
    call.err("\nPAM Environment:\n - no env -")


def _verdict(machine: Machine, name: str, found: Human | None, service: str) -> str:
    if machine.files.disk.read(f"etc/pam.d/{service}") is None:
        service = "other"
    account = machine.files.text("etc/pam.d/common-account")
    if name in _LOCAL:
        return "Success"
    if found is None:
        return "User not known to the underlying authentication module"
    if "pam_sss.so" not in account or machine.sssd.lets_in(found):
        return "Success"
    return "Permission denied"


def klist(machine: Machine, call: Call) -> None:
    """`klist -k`, with -t and -e."""
    flags = "".join(arg[1:] for arg in call.args if arg.startswith("-"))
    files = [arg for arg in call.args if not arg.startswith("-")]
    path = (files or [f"/{KEYTAB}"])[0].removeprefix("FILE:")
    if "k" not in flags or set(flags) - set("kte") or len(files) > 1:
        raise call.unknown()
    data = machine.files.disk.read(path.strip("/"))
    call.out(f"Keytab name: FILE:{path}")
    if data is None:
        text = f"klist: Key table file '{path}' not found while starting keytab scan"
        return call.fail(text)
    times, kinds = "t" in flags, "e" in flags
    call.out(f"KVNO {'Timestamp         ' if times else ''}Principal")
    call.out(f"---- {'----------------- ' if times else ''}{'-' * (56 if times else 74)}")
    for principal, version, kind, when in keytab.entries(data):
        at = time.strftime("%m/%d/%y %H:%M:%S ", time.gmtime(when)) if times else ""
        what = f" ({keytab.KIND_NAMES.get(kind, kind)}) " if kinds else ""
        call.out(f"{version:>4} {at}{principal}{what}")
    return None
