"""Faults that a join itself meets, and those of a membership."""

from __future__ import annotations

from functools import partial
from typing import Final

from pve_auth_tui.core.join.causes import JoinCause as C
from pve_auth_tui.core.join.model import SNIPPET, START_FILE
from pve_auth_tui.core.join.model import Topic as T
from tests.lab.adlab import names
from tests.lab.joinlab import seeds
from tests.lab.joinlab.rows import ADMINISTRATOR, JoinFault, user

_SSSD_BACK: Final = "systemctl reset-failed sssd; systemctl restart sssd"
_CONF: Final = "/etc/sssd/sssd.conf"
_DEAD_SSSD: Final = "[sssd]\nservices = nss, pam, nonsense\n"
_LOCKED: Final = """\
import fcntl, sys
with open("/var/cache/apt/archives/lock", "w") as lock:
    fcntl.lockf(lock, fcntl.LOCK_EX)
    print("locked", flush=True)
    sys.stdin.read()
"""
_KIT: Final = "/usr/share/dbus-1/system-services/org.freedesktop.PackageKit.service"


_run: Final = partial(JoinFault, "join run", login=ADMINISTRATOR)
_validate: Final = partial(JoinFault, "join validate", node="member")

JOIN: Final = (
    _run(
        "The password is wrong",
        "another one",
        T.ACCOUNT,
        C.WRONG_PASSWORD,
        login=("Administrator", "not-the-password"),
    ),
    _run(
        "The user must change the password",
        "pwdLastSet 0",
        T.ACCOUNT,
        C.MUST_CHANGE,
        login=user("mustchange"),
    ),
    _run(
        "The account belongs to another host",
        f"`PVE1` of other.{names.DOMAIN}",
        T.ACCOUNT,
        C.ACCOUNT_OF_OTHER,
        seeds.account("PVE1", f"other.{names.DOMAIN}"),
    ),
    _run(
        "/etc/hosts has another name for the domain controller's address",
        "`192.0.2.10 other.lab.test`",
        T.ACCOUNT,
        C.DC_NAME_OTHER,
        seeds.hosts(names.DC_ADDRESS, "other.lab.test"),
    ),
    _run("The node is joined already", "it is", T.MEMBER, C.ALREADY_MEMBER, node="member"),
    _run(
        "The user may not add computers",
        "an ordinary user of a domain with quota 0",
        "realm join",
        C.NO_RIGHT,
        login=user("alice"),
    ),
    _run(
        "The place for the account is missing",
        "`OU=Nowhere`",
        "realm join",
        C.OU_MISSING,
        words=("--ou", f"OU=Nowhere,{names.AD_BASE}"),
    ),
    _run(
        "PackageKit cannot be started",
        "D-Bus does not know it",
        "realm join",
        C.PACKAGEKIT,
        seeds.script(
            f"rm {_KIT}; systemctl reload dbus; systemctl stop packagekit",
            "systemctl reload dbus",
            _KIT,
        ),
    ),
    _run(
        "realmd says yes, and sssd is dead",
        "sssd.conf names a service that there is not",
        "systemctl start",
        C.SSSD_CONFIG,
        seeds.file(_CONF, _DEAD_SSSD, 0o600),
    ),
    _run(
        "Another program works with apt",
        "it holds the lock of its archives",
        "apt-get",
        C.APT_LOCKED,
        seeds.beside(_LOCKED, "locked"),
        node="bare",
        words=("--install",),
    ),
)
MEMBER: Final = (
    _validate("The node is no member", "it never joined", T.MEMBER, C.NOT_MEMBER, node="ready"),
    _validate(
        "sssd was stopped",
        "systemctl stop",
        T.SSSD,
        C.SSSD_DEAD,
        seeds.script("systemctl stop sssd", _SSSD_BACK),
    ),
    _validate(
        "sssd was started too often",
        "7 times in a row",
        T.SSSD,
        C.START_LIMIT,
        seeds.script(
            "for turn in 1 2 3 4 5 6 7; do systemctl restart sssd || exit 0; done", _SSSD_BACK
        ),
    ),
    _validate(
        "sssd.conf was broken by hand",
        "a line without a section, and a restart",
        T.SSSD,
        C.SSSD_CONFIG,
        seeds.script(
            f"cp -a {_CONF} /run/conf; sed -i '1i domains' {_CONF}; systemctl restart sssd || :",
            f"cp -a /run/conf {_CONF}; {_SSSD_BACK}",
        ),
    ),
    _validate(
        "The computer's account was deleted",
        "after the join",
        T.TRUST,
        C.TRUST_BROKEN,
        seeds.account_gone,
        spoils=True,
    ),
    _validate(
        "The computer's account was disabled",
        "after the join",
        T.TRUST,
        C.TRUST_BROKEN,
        seeds.at_the_dc("user", "disable", "PVE1$", back=("user", "enable", "PVE1$")),
    ),
    _validate(
        "Another host has taken the account over",
        "it has another password",
        T.TRUST,
        C.TRUST_BROKEN,
        seeds.at_the_dc("user", "setpassword", "PVE1$", "--newpassword=An0ther-Lab-Pass!"),
        spoils=True,
    ),
    _validate(
        "The domain controller is gone after the join",
        "no packet of it arrives",
        T.TRUST,
        C.TRUST_UNKNOWN,
        seeds.dc_gone,
        word="LOOK",
        spoils=True,
    ),
    _validate(
        "A name is asked for that nobody looked up before, with the domain controller gone",
        "no packet of it arrives",
        T.LOOKUP,
        C.NAME_OFFLINE,
        seeds.dc_gone,
        word="LOOK",
        words=("--may", "pia"),
        spoils=True,
    ),
    _validate(
        "There is no such name",
        "`--may nobody-here`",
        T.LOOKUP,
        C.NAME_NOT_FOUND,
        words=("--may", "nobody-here"),
    ),
    _validate(
        "Somebody is kept out who should get in",
        "`--may bob`, whom nobody permitted",
        T.MAY,
        C.REFUSED_LOGIN,
        words=("--may", "bob"),
    ),
    _validate(
        "Somebody gets in who should not",
        "`--must-not alice`, who is permitted",
        T.MUST_NOT,
        C.WRONGLY_ALLOWED,
        words=("--must-not", "alice"),
    ),
    _validate(
        "The logins were opened to all by hand",
        "`realm permit --all`",
        T.POLICY,
        C.OPEN_TO_ALL,
        seeds.script("realm permit --all", _SSSD_BACK, _CONF),
    ),
    _validate(
        "The logins were closed by hand",
        "`realm deny --all`",
        T.POLICY,
        C.NOBODY_MAY,
        seeds.script("realm deny --all", _SSSD_BACK, _CONF),
        word="LOOK",
    ),
    _validate(
        "The file that keeps everybody out is still there",
        SNIPPET,
        T.POLICY,
        C.NOBODY_MAY,
        seeds.file(SNIPPET, f"[domain/{names.DOMAIN}]\naccess_provider = deny\n", 0o600),
    ),
    _validate(
        "Another file says who may log in",
        "a file in /etc/sssd/conf.d",
        T.POLICY,
        C.ACCESS_ELSEWHERE,
        seeds.file(
            "/etc/sssd/conf.d/99-site.conf",
            f"[domain/{names.DOMAIN}]\naccess_provider = permit\n",
            0o600,
        ),
    ),
    _validate(
        "No home is made at the first login",
        "pam_mkhomedir was taken out",
        T.HOMES,
        C.NO_HOMES,
        seeds.script("pam-auth-update --disable mkhomedir", "pam-auth-update --enable mkhomedir"),
        word="LOOK",
    ),
    _validate(
        "What keeps people out while sssd starts was removed",
        START_FILE,
        T.START,
        C.START_WINDOW,
        seeds.script(f"rm {START_FILE}", ":", START_FILE),
        word="LOOK",
    ),
    _validate(
        "Another file has sssd keep names in memory",
        "`memcache_timeout = 300` in /etc/sssd/conf.d",
        T.START,
        C.START_WINDOW,
        seeds.file("/etc/sssd/conf.d/zz-site.conf", "[nss]\nmemcache_timeout = 300\n", 0o600),
        word="LOOK",
    ),
)
FAULTS: Final = (*JOIN, *MEMBER)
