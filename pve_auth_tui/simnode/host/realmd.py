"""realm(8) on the simulated node, in the words of realmd 0.17.1 (recorded)."""

from __future__ import annotations

from typing import Final

from pve_auth_tui.simnode.host import ini, realmconf
from pve_auth_tui.simnode.host.call import Call
from pve_auth_tui.simnode.host.domain import DOMAIN, REALM
from pve_auth_tui.simnode.host.enrolment import KEYTAB, NO_RIGHT, Enrolment, Failed, cut
from pve_auth_tui.simnode.host.machine import Machine
from pve_auth_tui.simnode.host.options import Given, parsed
from pve_auth_tui.simnode.host.units import SSSD
from pve_auth_tui.simnode.outside import ADDRESSES, DC1, DC2

_CACHE: Final = "/var/cache/realmd"
_COMMON: Final = {
    "-v": ("verbose", False),
    "--verbose": ("verbose", False),
    "--unattended": ("unattended", False),
    "-n": ("name-only", False),
    "--name-only": ("name-only", False),
    "--all": ("all", False),
    "-a": ("all", False),
    "-g": ("groups", False),
    "--groups": ("groups", False),
    "-x": ("withdraw", False),
    "--withdraw": ("withdraw", False),
    "-U": ("user", True),
    "--user": ("user", True),
    "--computer-ou": ("ou", True),
    "--computer-name": ("computer", True),
    "--install": ("install", True),
    "--remove": ("remove", False),
    "-r": ("remove", False),
    "-R": ("realm", True),
    "--realm": ("realm", True),
    "--client-software": ("client", True),
    "--membership-software": ("membership", True),
}
_ALLOWED: Final = {
    "discover": {"name-only", "all"},
    "list": {"name-only", "all"},
    "join": {"unattended", "user", "ou", "computer", "install", "client", "membership"},
    "leave": {"remove", "user", "unattended"},
    "permit": {"all", "groups", "withdraw", "realm"},
    "deny": {"all", "realm"},
}
_UNFIT: Final = ",$"


def realm(machine: Machine, call: Call) -> None:
    """Everything that `realm` does here. Raises CommandFailed for what is not known."""
    given = parsed(call, _COMMON)
    verb, *words = given.words or [""]
    if verb not in _ALLOWED or set(given.values) - _ALLOWED[verb] - {"verbose"}:
        raise call.unknown()
    _VERBS[verb](_Run(machine, call, given, words))


class _Run:
    """One call: `say` tells of the progress, which only -v shows."""

    def __init__(self, machine: Machine, call: Call, given: Given, words: list[str]) -> None:
        self.machine, self.call, self.given, self.words = machine, call, given, words

    def say(self, text: str) -> None:
        if self.given.has("verbose"):
            self.call.err(text)

    def fail(self, text: str) -> None:
        self.call.fail(f"realm: {text}")

    @property
    def section(self) -> dict[str, str] | None:
        return realmconf.section(self.machine.files)

    def found(self, name: str) -> bool | None:
        """Look for a domain: None for none, False where its directory does not answer."""
        domain = self.machine.domain
        lowered = name.lower()
        by_address = lowered in (ADDRESSES[DC1], ADDRESSES[DC2])
        answers = domain.dns == "answers"
        if not by_address:
            self.say(f" * Resolving: _ldap._tcp.{lowered}")
            if lowered != DOMAIN or not answers:
                self.say(f" * Resolving: {lowered}")
            if not answers or lowered not in (DOMAIN, DC1, DC2):
                self.say(f" * No results: {lowered}")
                if domain.dns == "silent":
                    self.machine.sleep(0)
                return None
        address = ADDRESSES.get(lowered, lowered if by_address else ADDRESSES[DC1])
        controller = domain.controller(389)
        self.say(f" * Performing LDAP DSE lookup on: {controller[1] if controller else address}")
        if controller is None:
            self.say(" ! Can't contact LDAP server")
            return False
        self.say(f" * Successfully discovered: {DOMAIN}")
        return True

    # --- discover, list -----------------------------------------------------------------

    def discover(self) -> None:
        if not self.words:
            self.say(
                " ! Couldn't get default domain from DHCP: GDBus.Error:org.freedesktop.DBus.Error."
                "ServiceUnknown: The name org.freedesktop.NetworkManager was not provided by any "
                ".service files"
            )
            self.say(" * No default domain received via DHCP or given by hostname")
            return self.fail("No default realm discovered")
        found = self.found(self.words[0])
        if found is None:
            return self.fail(f"No such realm found: {self.words[0]}")
        self.call.out(
            DOMAIN if self.given.has("name-only") else realmconf.block(self.section, found=found)
        )
        return None

    def list_(self) -> None:
        if self.section is not None:
            self.call.out(DOMAIN if self.given.has("name-only") else realmconf.block(self.section))

    # --- join ---------------------------------------------------------------------------

    def join(self) -> None:
        known = {"client": ("", "sssd"), "membership": ("", "adcli"), "install": ("", "/")}
        if any(self.given.get(name) not in values for name, values in known.items()):
            raise self.call.unknown()
        if not self.words:
            return self.discover()
        found = self.found(self.words[0])
        if found is None:
            return self.fail("No such realm found")
        if not found:
            return self.fail("Cannot join this realm")
        if self.section is not None:
            return self.fail("Already joined to this domain")
        user = self.given.get("user") or "Administrator"
        self.call.out(f"Password for {user}: ")
        why = self._lacks()
        if "realmd hangs" in self.machine.faults.host:
            self.machine.sleep(self.call.seconds)
            self.call.code = None
            return None
        if why:
            return self.fail(f"Couldn't join realm: {why}")
        run = Enrolment(self.machine, [], _CACHE)
        name = self._chosen_name()
        ou = self.given.get("ou")
        options = f"--computer-name {name} " if name else ""
        options += f"--computer-ou {ou} " if ou else ""
        self.say(self._adcli("join", f"{options}--login-type user --login-user {user}"))
        try:
            made = run.join(user, self.password, computer=name, ou=ou)
        except Failed as error:
            self._tell(run, error, f"joining domain {DOMAIN} failed", "join")
            return None
        self._tell_lines(run)
        realmconf.configure(self.machine.files, made if name else "")
        if not self.given.get("install"):
            self._restart()
        self.say(" * Successfully enrolled machine in realm")
        return None

    @property
    def password(self) -> str:
        """One line of stdin without its end; a CR is part of it."""
        return (self.call.stdin or "").partition("\n")[0]

    def _lacks(self) -> str:
        """Why packages stop it, "" for nothing."""
        if self.given.get("install"):
            self.say(" * Assuming packages are installed")
            return ""
        self.say(" * Unconditionally checking packages")
        self.say(" * Resolving required packages")
        kit = self.machine.units.get("packagekit")
        dpkg = self.machine.dpkg
        if kit is None or kit.masked or not dpkg.has("packagekit"):
            why = "The name org.freedesktop.PackageKit was not provided by any .service files"
            if kit is not None and kit.masked:  # made up: nobody recorded it
                why = "Unit packagekit.service is masked."
            self.say(f" ! PackageKit not available: {why}")
            text = f"Necessary packages are not installed: {' '.join(realmconf.NEEDED)}"
        else:
            self.machine.units.start("packagekit")
            missing = [name for name in realmconf.NEEDED if not dpkg.has(name)]
            if not missing:
                return ""
            listed = " ".join(missing)
            text = f"The following packages are not available for installation: {listed}"
        self.say(f" ! {text}")
        return text

    def _chosen_name(self) -> str:
        if name := self.given.get("computer"):
            self.say(f" * Joining using a manual netbios name: {name}")
            return name
        if short := cut(self.machine.name.upper()):  # of the host name alone
            self.say(f" * Joining using a truncated netbios name: {short}")
            return short
        return ""

    def _adcli(self, verb: str, options: str) -> str:
        controller = self.machine.domain.controller(389)
        address = controller[1] if controller else ADDRESSES[DC1]
        return (
            f" * LANG=C /usr/sbin/adcli {verb} --verbose --domain {DOMAIN} --domain-realm {REALM} "
            f"--domain-controller {address} {options} --stdin-password"
        )

    def _tell_lines(self, run: Enrolment) -> None:
        for line in run.lines:
            self.say(line)

    def _tell(self, run: Enrolment, error: Failed, doing: str, verb: str) -> None:
        self._tell_lines(run)
        doing = f"couldn't connect to {DOMAIN} domain" if error.connecting else doing
        self.say(f"adcli: {doing}: {error}")
        text = f"Failed to {verb} the domain"
        if error.code == NO_RIGHT:
            text = f"Insufficient permissions to {verb} the domain"
        self.say(f" ! {text}")
        self.fail(f"Couldn't {verb} realm: {text}")

    def _restart(self, *, refused: bool = False) -> None:
        unit = self.machine.units.get(SSSD)
        if unit is not None:
            unit.enabled = True
        self.say(" * /usr/sbin/update-rc.d sssd enable")
        self._service(refused=refused)

    def _service(self, *, refused: bool = False) -> None:
        self.say(" * /usr/sbin/service sssd restart")
        if complaint := self.machine.units.start(SSSD, again=True, refused=refused):
            self.say(complaint)

    # --- who may log in -----------------------------------------------------------------

    def permit(self) -> None:
        joined = self.section
        if joined is None:
            return self.fail("Couldn't find a configured realm")
        if self.given.has("all"):
            return self._policy({"access_provider": "ad", **realmconf.NO_LISTS})
        if not self.words:
            raise self.call.unknown()
        groups = self.given.has("groups")
        key = "simple_allow_groups" if groups else "simple_allow_users"
        names = []
        for word in self.words:
            login = word if groups else word.removesuffix(f"@{DOMAIN}")
            if not groups and (login == word or not login):
                text = f"Invalid login argument '{word}' does not match the login format."
                return self.fail(f"Couldn't change permitted logins: {text}")
            names.append(login)
        if bad := next((name for name in names if set(name) & set(_UNFIT)), ""):
            text = f"Invalid login argument '{bad}' contains unsupported characters."
            return self.fail(f"Couldn't change permitted logins: {text}")
        listed = [name for name in ini.words(joined.get(key, "")) if name != realmconf.NOBODY]
        if self.given.has("withdraw"):
            listed = [name for name in listed if name not in names]
            return self._policy({key: ", ".join(listed) or realmconf.NOBODY})
        listed += [name for name in names if name not in listed]
        return self._policy({"access_provider": "simple", key: ", ".join(listed)})

    def deny(self) -> None:
        if not self.given.has("all") or self.words:
            raise self.call.unknown()
        if self.section is None:
            return self.fail("Couldn't find a configured realm")
        return self._policy({"access_provider": "deny", **realmconf.NO_LISTS})

    def _policy(self, values: dict[str, str | None]) -> None:
        realmconf.change(self.machine.files, values)
        permits = values.get("access_provider") == "simple"
        self._service(refused=permits and "permit fails" in self.machine.faults.host)
        self.say(" * Successfully changed permitted logins for realm")

    # --- leave --------------------------------------------------------------------------

    def leave(self) -> None:
        wanted = self.words[0].lower() if self.words else DOMAIN
        if self.section is None or wanted != DOMAIN:
            return self.fail("Couldn't find a configured realm")
        if self.given.has("remove") and not self._delete_account():
            return None
        files = self.machine.files
        self.say(" * Removing entries from keytab for realm")
        files.remove(KEYTAB)
        self.say(" * /usr/sbin/sss_cache --users --groups --netgroups --services --autofs-maps")
        self.machine.sssd.cached.clear()
        self.say(" * Removing domain configuration from sssd.conf")
        realmconf.deconfigure(files)
        self.say(" * /usr/sbin/update-rc.d sssd disable")
        self.say(" * /usr/sbin/service sssd stop")
        unit = self.machine.units.get(SSSD)
        if unit is not None:
            unit.enabled = False
        self.machine.units.stop(SSSD)
        self.say(" * Successfully unenrolled machine from realm")
        return None

    def _delete_account(self) -> bool:
        user = self.given.get("user") or "Administrator"
        self.call.out(f"Password for {user}: ")
        run = Enrolment(self.machine, [], _CACHE)
        self.say(self._adcli("delete-computer", f"--login-user {user}"))
        try:
            run.delete(user, self.password, "", discover=False)
        except Failed as error:
            self._tell(run, error, f"deleting computer in {DOMAIN} failed", "leave")
            return False
        self._tell_lines(run)
        return True


_VERBS: Final = {
    "discover": _Run.discover,
    "list": _Run.list_,
    "join": _Run.join,
    "permit": _Run.permit,
    "deny": _Run.deny,
    "leave": _Run.leave,
}
