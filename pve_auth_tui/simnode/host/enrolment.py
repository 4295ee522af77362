"""What adcli 0.9.2 does for a computer's account, and what it says meanwhile (recorded).

What was not recorded is marked `made up`: a closed port 464, which adcli meets when it sets the
password.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pve_auth_tui.simnode.host import keytab
from pve_auth_tui.simnode.host.domain import DOMAIN, REALM, SHORT, SID, NoTicket
from pve_auth_tui.simnode.host.machine import Machine

KEYTAB: Final = "etc/krb5.keytab"
_LONGEST: Final = 15


NO_LOGIN: Final = 3
NO_DIRECTORY: Final = 5
NO_RIGHT: Final = 6
"""adcli's exit codes."""


class Failed(Exception):
    """adcli's last sentence and its exit code; of NO_RIGHT realmd makes "Insufficient
    permissions". `connecting`: before it got a ticket.
    """

    def __init__(self, text: str, code: int, *, connecting: bool = False) -> None:
        super().__init__(text)
        self.code = code
        self.connecting = connecting


@dataclass
class Enrolment:
    """One run of adcli; `lines` are what it says with --verbose."""

    machine: Machine
    lines: list[str]
    folder: str

    def say(self, text: str) -> None:
        self.lines.append(f" * {text}")

    def trouble(self, text: str) -> None:
        self.lines.append(f" ! {text}")

    def find_controller(self, *, discover: bool) -> str:
        """Its name. Raises Failed."""
        domain = self.machine.domain
        if discover:
            self.say(f"Discovering domain controllers: _ldap._tcp.{DOMAIN}")
        found = domain.controller(389)
        if domain.dns != "answers" or found is None:
            if domain.dns == "silent":
                self.trouble(
                    f"No LDAP SRV records for domain: _ldap._tcp.{DOMAIN}: "
                    "Temporary failure in name resolution"
                )
            text = "Couldn't find usable domain controller to connect to"
            self.trouble(text)
            raise Failed(text, NO_DIRECTORY, connecting=True)
        name, address = found
        self.say(f"Sending NetLogon ping to domain controller: {name if discover else address}")
        self.say(f"Received NetLogon info from: {name}")
        first, second = self.machine.chance(), self.machine.chance()
        self.say(
            f"Wrote out krb5.conf snippet to {self.folder}/adcli-krb5-{first}/krb5.d/"
            f"adcli-krb5-conf-{second}"
        )
        return name

    def log_in(self, user: str, password: str, controller: str) -> str:
        """Whose ticket it is, by login. Raises Failed."""
        principal = user if "@" in user else f"{user}@{REALM}"
        try:
            login = self.machine.domain.log_in(user, password)
        except NoTicket as error:
            verb = "authenticate as" if error.asked else "get kerberos ticket for"
            text = f"Couldn't {verb}: {principal}: {error}"
            self.trouble(text)
            raise Failed(text, NO_LOGIN, connecting=True) from error
        self.say(f"Authenticated as user: {principal}")
        self.look_up(controller)
        return login

    def look_up(self, controller: str) -> None:
        self.say("Using GSS-SPNEGO for SASL bind")
        self.say(f"Looked up short domain name: {SHORT}")
        self.say(f"Looked up domain SID: {SID}")
        self.say(f"Received NetLogon info from: {controller}")

    def join(self, user: str, password: str, *, computer: str = "", ou: str = "") -> str:
        """Join as adcli does; the account's name. Raises Failed."""
        host = self.machine.full_name or self.machine.name
        name = computer or netbios(self.machine)
        calculated = f"Calculated computer account name from fqdn: {name}"
        self.say(f"Using domain name: {DOMAIN}")
        self.say(f"Using computer account name: {name}" if computer else calculated)
        self.say(f"Using domain realm: {DOMAIN}")
        login = self.log_in(user, password, self.find_controller_for_join())
        self.say(f"Using fully qualified name: {host}")
        self.say(f"Using domain name: {DOMAIN}")
        self.say(f"Using computer account name: {name}")
        self.say(f"Using domain realm: {DOMAIN}")
        self.say(f"Enrolling computer name: {name}" if computer else calculated)
        self.say("Generated 120 character computer password")
        self.say("Using keytab: FILE:/etc/krb5.keytab")
        self._enrol(login, name, host, ou)
        return name

    def find_controller_for_join(self) -> str:
        """realmd has found one before."""
        return self.find_controller(discover=False)

    def _enrol(self, login: str, name: str, host: str, ou: str) -> None:
        domain = self.machine.domain
        old = domain.computer(name)
        may = domain.may_join(login)
        if old is not None:
            dn = old.dn
            self.say(f"Found computer account for {name}$ at: {dn}")
        else:
            dn = self._new_place(name, ou)
        if not may:
            text = f"Insufficient permissions to modify computer account: {dn}: "
            text += f"acl: unable to get access to {dn}\n"
            self.trouble(text)
            raise Failed(text, NO_RIGHT)
        if old is None:
            self.say(f"Created computer account: {dn}")
        self.say("Trying to set computer password with Kerberos")
        services = _services(name, host)
        if domain.controller(464) is None:  # made up: nobody recorded it
            domain.enrol(name, dn, host, ())
            text = f"Couldn't set password for computer account: {name}$: "
            text += f"Cannot contact any KDC for realm '{REALM}'"
            self.trouble(text)
            raise Failed(text, NO_DIRECTORY)
        made = domain.enrol(name, dn, host, services)
        self.say("Set computer password")
        self.say(f"Retrieved kvno '{made.kvno}' for computer account in directory: {dn}")
        for service in services:
            self.say(f"Checking {service}")
            self.say(f"   Added {service}")
        self.say("Discovered which keytab salt to use")
        principals = [f"{each}@{REALM}" for each in (f"{name}$", *services)]
        for principal in principals:
            self.say(f"Added the entries to the keytab: {principal}: FILE:/etc/krb5.keytab")
        data = keytab.keytab(principals, made.kvno, self.machine.now())
        self.machine.files.write(KEYTAB, data, 0o600)

    def _new_place(self, name: str, ou: str) -> str:
        self.say(f"A computer account for {name}$ does not exist")
        place = self.machine.domain.place(ou)
        if place is None:
            text = f"The organizational unit does not exist: {ou}"
            self.trouble(text)
            raise Failed(text, NO_DIRECTORY)
        if ou:
            self.trouble(
                "Couldn't find a computer container in the ou, creating computer account "
                f"directly in: {place}"
            )
        else:
            self.say(f"Found well known computer container at: {place}")
        dn = f"CN={name},{place}"
        self.say(f"Calculated computer account: {dn}")
        self.say("Encryption type [3] not permitted.")
        self.say("Encryption type [1] not permitted.")
        return dn

    def read_keytab(self, *, realm: bool) -> str:
        """The computer's name, "" without a keytab."""
        data = self.machine.files.disk.read(KEYTAB) or b""
        principals = keytab.principals(data)
        computer = next((each.partition("$@")[0] for each in principals if "$@" in each), "")
        if not computer:
            return ""
        if realm:
            self.say(f"Found realm in keytab: {REALM}")
        self.say(f"Found computer name in keytab: {computer}")
        named = False
        for principal in principals:
            service = principal.rpartition("@")[0]
            if "/" in service:
                self.say(f"Found service principal in keytab: {service}")
            host = service.partition("/")[2]
            if "." in host and not named:
                named = True
                self.say(f"Found host qualified name in keytab: {host}")
        return computer

    def delete(self, user: str, password: str, computer: str, *, discover: bool) -> None:
        """Delete a computer's account. Raises Failed."""
        name = self.read_keytab(realm=discover)
        wanted = computer or name or netbios(self.machine)
        self.say(f"Using domain name: {DOMAIN}")
        self.say(f"Using computer account name: {wanted}")
        self.say(f"Using domain realm: {DOMAIN}")
        login = self.log_in(user, password, self.find_controller(discover=discover))
        host = self.machine.full_name or self.machine.name
        self.say(f"Using fully qualified name: {host}")
        self.say(f"Using domain name: {DOMAIN}")
        self.say(f"Using computer account name: {wanted}")
        self.say(f"Using domain realm: {DOMAIN}")
        if computer:
            self.say("Not setting fully qualified name")
        else:
            self.say(f"Using fully qualified name: {host}")
        self.say(f"Enrolling computer name: {wanted}")
        found = self.machine.domain.computer(wanted)
        if found is None:
            self.say(f"A computer account for {wanted}$ does not exist")
            text = f"No computer account for {wanted}$ exists"
            self.trouble(text)
            raise Failed(text, NO_DIRECTORY)
        self.say(f"Found computer account for {wanted}$ at: {found.dn}")
        if not self.machine.domain.may_join(login):
            text = f"Insufficient permissions to delete computer account: {found.dn}: "
            above = found.dn.partition(",")[2]
            text += f"dsdb_access: Access check failed on {above}"
            self.trouble(text)
            raise Failed(text, NO_RIGHT)
        self.machine.domain.delete(found)
        self.say(f"Deleted computer account at: {found.dn}")


def netbios(machine: Machine) -> str:
    """What adcli makes of the node's full name, as /etc/hosts has it; it does not cut it."""
    return (machine.full_name or machine.name).partition(".")[0].upper()


def cut(name: str) -> str:
    """As realmd cuts it; "" where it need not."""
    return name[:_LONGEST] if len(name) > _LONGEST else ""


def _services(name: str, host: str) -> tuple[str, ...]:
    kinds = ("host", "RestrictedKrbHost")
    full = "." in host
    return tuple(f"{kind}/{each}" for kind in kinds for each in ((name, host) if full else (name,)))
