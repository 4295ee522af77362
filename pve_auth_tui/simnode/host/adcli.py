"""adcli(8) on the simulated node, in the words of adcli 0.9.2 (recorded)."""

from __future__ import annotations

from typing import Final

from pve_auth_tui.simnode.host import keytab
from pve_auth_tui.simnode.host.call import Call
from pve_auth_tui.simnode.host.domain import DOMAIN, REALM, SHORT
from pve_auth_tui.simnode.host.enrolment import (
    KEYTAB,
    NO_DIRECTORY,
    NO_LOGIN,
    Enrolment,
    Failed,
    netbios,
)
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


def adcli(machine: Machine, call: Call) -> None:
    """info, testjoin, show-computer, delete-computer. Raises CommandFailed for anything else."""
    given = parsed(call, _COMMON)
    verb, *words = given.words or [""]
    if verb == "info":
        return _info(machine, call, (words or [given.get("domain")])[0])
    tool = {"testjoin": _test, "show-computer": _show, "delete-computer": _delete}.get(verb)
    if tool is None or len(words) > 1:
        raise call.unknown()
    domain = given.get("domain") or DOMAIN
    if domain.lower() != DOMAIN:
        text = "Couldn't find usable domain controller to connect to"
        return call.fail(f"adcli: couldn't connect to {domain} domain: {text}", NO_DIRECTORY)
    run = Enrolment(machine, [], "/tmp")  # noqa: S108 (what it says, not what is written)
    name = words[0] if words else ""
    try:
        tool(machine, call, given, name, run)
    except Failed as error:
        _tell(call, given, run)
        doing = f"couldn't connect to {DOMAIN} domain"
        if not error.connecting:
            name = name or netbios(machine)
            doing = f"couldn't read data for {name}"
            if verb == "delete-computer":
                doing = f"deleting {name} in {DOMAIN} domain failed"
        return call.fail(f"adcli: {doing}: {error}", error.code)
    _tell(call, given, run)
    return None


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


def _test(machine: Machine, call: Call, given: Given, _: str, run: Enrolment) -> None:
    name = run.read_keytab(realm=True)
    run.say(f"Using domain name: {DOMAIN}")
    run.say(f"Using computer account name: {name or netbios(machine)}")
    run.say(f"Using domain realm: {DOMAIN}")
    controller = run.find_controller(discover=True)
    data = machine.files.disk.read(KEYTAB) or b""
    account = machine.domain.computer(name) if name else None
    why = ""
    if machine.domain.controller(88) is None:
        why = f"Cannot contact any KDC for realm '{REALM}'"
    elif not name:
        why = "Keytab contains no suitable keys"
    elif account is None:
        why = f"Client '{name}$@{REALM}' not found in Kerberos database"
    elif account.kvno not in {entry[1] for entry in keytab.entries(data)}:
        why = "Preauthentication failed"
    if why:
        text = f"Couldn't authenticate as machine account: {name or netbios(machine)}: {why}"
        run.trouble(text)
        raise Failed(text, NO_LOGIN, connecting=True)
    run.say(f"Authenticated as default/reset computer account: {name}")
    run.look_up(controller)
    call.out(f"Sucessfully validated join to domain {DOMAIN}")


def _password(call: Call) -> str:
    return (call.stdin or "").partition("\n")[0]


def _show(machine: Machine, call: Call, given: Given, wanted: str, run: Enrolment) -> None:
    own = netbios(machine)
    name = wanted or own
    run.say(f"Using domain name: {DOMAIN}")
    run.say(f"Calculated computer account name from fqdn: {own}")
    run.say(f"Calculated domain realm from name: {REALM}")
    controller = run.find_controller(discover=True)
    run.log_in(given.get("user") or "Administrator", _password(call), controller)
    run.say(f"Using fully qualified name: {machine.full_name or machine.name}")
    run.say(f"Using domain name: {DOMAIN}")
    run.say(f"Using computer account name: {own}")
    run.say(f"Using domain realm: {DOMAIN}")
    if wanted:
        run.say("Not setting fully qualified name")
    run.say(f"Enrolling computer name: {name}")
    run.say("Generated 120 character computer password")
    run.say(f"Using keytab: FILE:/{KEYTAB}")
    found = machine.domain.computer(name)
    if found is None:
        run.say(f"A computer account for {name}$ does not exist")
        text = f"No computer account for {name}$ exists"
        run.trouble(text)
        raise Failed(text, NO_DIRECTORY)
    run.say(f"Found computer account for {name}$ at: {found.dn}")
    run.say(f"Retrieved kvno '{found.kvno}' for computer account in directory: {found.dn}")
    rows = {
        "sAMAccountName": [f"{name}$"],
        "userPrincipalName": [],
        "msDS-KeyVersionNumber": [str(found.kvno)],
        "msDS-supportedEncryptionTypes": ["28"],
        "dNSHostName": [found.host] if found.host else [],
        "servicePrincipalName": list(found.services),
        "operatingSystem": ["pc-linux-gnu"],
        "operatingSystemVersion": [],
        "operatingSystemServicePack": [],
        "pwdLastSet": [str(found.password_set)],
        "userAccountControl": ["69632"],
        "description": [],
    }
    for key, values in rows.items():
        call.out(f"{key}:")
        for value in values or ["- not set -"]:
            call.out(f" {value}")


def _delete(machine: Machine, call: Call, given: Given, name: str, run: Enrolment) -> None:
    user = given.get("user") or "Administrator"
    run.delete(user, _password(call), name, discover=True)
