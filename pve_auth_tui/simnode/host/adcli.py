"""adcli(8) on the simulated node, in the words of adcli 0.9.2.

`show-computer` was not recorded: its form is that of its manual and source.
"""

from __future__ import annotations

from typing import Final

from pve_auth_tui.simnode.host import keytab
from pve_auth_tui.simnode.host.call import Call
from pve_auth_tui.simnode.host.domain import DOMAIN, SHORT, NoTicket
from pve_auth_tui.simnode.host.enrolment import KEYTAB, Enrolment, Failed, netbios
from pve_auth_tui.simnode.host.machine import Machine
from pve_auth_tui.simnode.host.options import Given, parsed

_COMMON: Final = {
    "-v": ("verbose", False),
    "--verbose": ("verbose", False),
    "-D": ("domain", True),
    "--domain": ("domain", True),
    "-S": ("controller", True),
    "--domain-controller": ("controller", True),
    "-U": ("user", True),
    "--login-user": ("user", True),
    "--stdin-password": ("stdin", False),
}
_NO_CONTROLLER: Final = 5
_NO_ACCOUNT: Final = 3


def adcli(machine: Machine, call: Call) -> None:
    """info, testjoin, show-computer, delete-computer. Raises CommandFailed for anything else."""
    given = parsed(call, _COMMON)
    verb, *words = given.words or [""]
    if verb == "info":
        return _info(machine, call, (words or [given.get("domain")])[0])
    tool = {"testjoin": _test, "show-computer": _show, "delete-computer": _delete}.get(verb)
    if tool is None:
        raise call.unknown()
    domain = given.get("domain") or DOMAIN
    if domain.lower() != DOMAIN:
        text = "Couldn't find usable domain controller to connect to"
        return call.fail(f"adcli: couldn't connect to {domain} domain: {text}", _NO_CONTROLLER)
    run = Enrolment(machine, [], "/tmp")  # noqa: S108 (what it says, not what is written)
    try:
        tool(machine, call, given, words, run)
    except Failed as error:
        _tell(call, given, run)
        doing = f"couldn't connect to {DOMAIN} domain" if error.connecting else _DOING[verb]
        code = _NO_CONTROLLER if error.connecting else _NO_ACCOUNT
        call.fail(f"adcli: {doing}: {error}", code)
        return None
    _tell(call, given, run)
    return None


_DOING: Final = {
    "testjoin": f"validating join to domain {DOMAIN} failed",
    "show-computer": f"couldn't read computer data in {DOMAIN}",
    "delete-computer": f"deleting computer in {DOMAIN} failed",
}


def _tell(call: Call, given: Given, run: Enrolment) -> None:
    for line in run.lines if given.has("verbose") else ():
        call.err(line)


def _info(machine: Machine, call: Call, domain: str) -> None:
    found = machine.domain.controller(389)
    if domain.lower() != DOMAIN or machine.domain.dns != "answers" or found is None:
        return call.fail(f"adcli: couldn't discover domain: {domain}")
    site = "Default-First-Site-Name"
    flags = "pdc gc ldap ds kdc timeserv closest writable good-timeserv full-secret"
    call.out(
        f"[domain]\ndomain-name = {DOMAIN}\ndomain-short = {SHORT}\ndomain-forest = {DOMAIN}\n"
        f"domain-controller = {found[0]}\ndomain-controller-site = {site}\n"
        f"domain-controller-flags = {flags}\ndomain-controller-usable = yes\n"
        f"domain-controllers = {found[0]}\n[computer]\ncomputer-site = {site}"
    )
    return None


def _start(run: Enrolment, computer: str) -> str:
    run.say(f"Using domain name: {DOMAIN}")
    run.say(f"Using computer account name: {computer}")
    run.say(f"Using domain realm: {DOMAIN}")
    return run.find_controller(discover=True)


def _test(machine: Machine, call: Call, given: Given, words: list[str], run: Enrolment) -> None:
    name = run.read_keytab(realm=True)
    controller = _start(run, name or netbios(machine))
    data = machine.files.disk.read(KEYTAB) or b""
    account = machine.domain.computer(name) if name else None
    versions = {entry[1] for entry in keytab.entries(data)}
    if machine.domain.controller(88) is None:
        raise _no_login(run, name, NoTicket("Cannot contact any KDC for requested realm"))
    if account is None or account.kvno not in versions:
        why = "Preauthentication failed"
        if account is None:
            why = f"Client '{name or netbios(machine)}$@{DOMAIN.upper()}' not found in Kerberos "
            why += "database"
        raise _no_login(run, name, NoTicket(why))
    run.say(f"Authenticated as default/reset computer account: {name}")
    run.look_up(controller)
    call.out(f"Sucessfully validated join to domain {DOMAIN}")


def _no_login(run: Enrolment, name: str, error: NoTicket) -> Failed:
    """rc 3 where the account is gone; no DC is 5."""
    text = f"Couldn't authenticate as machine account: {name}: {error}"
    run.trouble(text)
    return Failed(text, connecting="KDC" in str(error))


def _password(call: Call) -> str:
    return (call.stdin or "").partition("\n")[0]


def _show(machine: Machine, call: Call, given: Given, words: list[str], run: Enrolment) -> None:
    name = words[0] if words else netbios(machine)
    controller = _start(run, name)
    run.log_in(given.get("user") or "Administrator", _password(call), controller)
    found = machine.domain.computer(name)
    if found is None:
        text = f"No computer account for {name}$ exists"
        run.trouble(text)
        raise Failed(text, connecting=False)
    run.say(f"Found computer account for {name}$ at: {found.dn}")
    rows = {
        "sAMAccountName": [f"{name}$"],
        "userPrincipalName": [],
        "msDS-KeyVersionNumber": [str(found.kvno)],
        "msDS-supportedEncryptionTypes": [],
        "dNSHostName": [found.host] if found.host else [],
        "servicePrincipalName": list(found.services),
        "operatingSystem": ["pc-linux-gnu"],
        "operatingSystemVersion": [],
        "operatingSystemServicePack": [],
        "pwdLastSet": ["134392940600000000"],
        "userAccountControl": ["4096"],
        "description": [],
    }
    for key, values in rows.items():
        call.out(f"{key}:")
        for value in values or ["- not set -"]:
            call.out(f" {value}")


def _delete(machine: Machine, call: Call, given: Given, words: list[str], run: Enrolment) -> None:
    user = given.get("user") or "Administrator"
    run.delete(user, _password(call), words[0] if words else "", discover=True)
