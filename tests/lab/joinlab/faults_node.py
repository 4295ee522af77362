"""Faults that are there before a join: accounts in the domain, and the node itself."""

from __future__ import annotations

from functools import partial
from typing import Final

from pve_auth_tui.core.join.causes import JoinCause as C
from pve_auth_tui.core.join.model import Topic as T
from tests.lab.adlab import names
from tests.lab.joinlab import seeds
from tests.lab.joinlab.rows import ADMINISTRATOR, JoinFault, user

_PVE1: Final = names.NODE
_OTHER: Final = "old.example.com"
_MEMBER_OF_OTHER: Final = f"""\
[sssd]
domains = {_OTHER}
config_file_version = 2
services = nss, pam

[domain/{_OTHER}]
id_provider = ad
ad_domain = {_OTHER}
krb5_realm = {_OTHER.upper()}
realmd_tags = manages-system joined-with-adcli
access_provider = ad
"""
_SERVES_OTHER: Final = f"""\
[sssd]
domains = {_OTHER}
services = nss, pam

[domain/{_OTHER}]
id_provider = proxy
proxy_lib_name = files
proxy_pam_target = sssd-shadowutils
"""
_CONF: Final = "/etc/sssd/sssd.conf"
_LEFT: Final = f"""\
[sssd]
domains = {names.DOMAIN}
services = nss, pam
"""
_OLD_KEY: Final = """\
printf 'addent -password -p host/pve1@OLD.EXAMPLE.COM -k 1 -e aes256-cts\\nword\\n%s\\n' \
    'wkt /etc/krb5.keytab' | ktutil
test -s /etc/krb5.keytab
"""

_check: Final = partial(JoinFault, "join check")

ACCOUNTS: Final = (
    _check(
        "The account belongs to another host",
        f"`PVE1` of other.{names.DOMAIN}",
        T.ACCOUNT,
        C.ACCOUNT_OF_OTHER,
        seeds.account("PVE1", f"other.{names.DOMAIN}"),
        login=ADMINISTRATOR,
    ),
    _check(
        "The account exists, and is this node's",
        f"`PVE1` of {_PVE1}",
        T.ACCOUNT,
        C.ACCOUNT_EXISTS,
        seeds.account("PVE1", _PVE1),
        word="LOOK",
        login=ADMINISTRATOR,
    ),
    _check(
        "Nobody gave a password to look for the account",
        "a check without one",
        T.ACCOUNT,
        C.ACCOUNT_UNKNOWN,
        word="LOOK",
    ),
    _check(
        "The password is wrong",
        "another one",
        T.ACCOUNT,
        C.WRONG_PASSWORD,
        login=("Administrator", "not-the-password"),
    ),
    _check(
        "There is no such user",
        "`adminstrator`",
        T.ACCOUNT,
        C.UNKNOWN_USER,
        login=("adminstrator", names.ADMIN_PASSWORD),
    ),
    _check("The user is disabled", "in AD", T.ACCOUNT, C.USER_REVOKED, login=user("disabled")),
    _check("The user has expired", "in AD", T.ACCOUNT, C.USER_REVOKED, login=user("expired")),
    _check(
        "The user must change the password",
        "pwdLastSet 0",
        T.ACCOUNT,
        C.MUST_CHANGE,
        login=user("mustchange"),
    ),
    _check(
        "The user is of a realm that nobody knows",
        "`Administrator@OTHER.TEST`",
        T.ACCOUNT,
        C.NO_KDC,
        login=("Administrator@OTHER.TEST", names.ADMIN_PASSWORD),
    ),
)
NODE: Final = (
    _check(
        "The packages of a join are missing",
        "a Debian without them",
        T.PACKAGES,
        C.PACKAGES_MISSING,
        word="LOOK",
        node="bare",
    ),
    _check(
        "apt does not know the packages",
        "without its lists",
        T.PACKAGES,
        C.PACKAGES_UNKNOWN,
        seeds.script(
            "mv /var/lib/apt/lists /run/lists; mkdir /var/lib/apt/lists",
            "rm -r /var/lib/apt/lists; mv /run/lists /var/lib/apt/lists",
        ),
        node="bare",
    ),
    _check(
        "sssd.conf cannot be read by sssd",
        "a line without a section",
        T.MEMBER,
        C.SSSD_CONFIG,
        seeds.file(_CONF, "domains ad.lab.test\n", 0o600),
    ),
    _check(
        "sssd serves another domain",
        "its sssd.conf",
        T.MEMBER,
        C.SSSD_OTHER,
        seeds.file(_CONF, _SERVES_OTHER, 0o600),
        word="LOOK",
    ),
    _check(
        "Another file says who may log in",
        "a file in /etc/sssd/conf.d",
        T.MEMBER,
        C.ACCESS_ELSEWHERE,
        seeds.file(
            "/etc/sssd/conf.d/99-site.conf",
            f"[domain/{names.DOMAIN}]\naccess_provider = permit\n",
            0o600,
        ),
    ),
    _check(
        "Keys of another domain were left behind",
        "a keytab, by ktutil",
        T.MEMBER,
        C.LEFTOVERS,
        seeds.script(_OLD_KEY, ":", "/etc/krb5.keytab"),
        word="LOOK",
    ),
    _check(
        "An earlier sssd.conf still names the domain",
        "among its `domains`, without a section",
        T.MEMBER,
        C.LEFTOVERS,
        seeds.file(_CONF, _LEFT, 0o600),
    ),
    _check(
        "The node is joined to another domain",
        "an sssd.conf that realmd has made of a join",
        T.MEMBER,
        C.OTHER_MEMBER,
        seeds.script(
            f"cat >{_CONF} <<'END'\n{_MEMBER_OF_OTHER}END\nchmod 600 {_CONF}\n"
            "systemctl restart realmd",
            f"rm {_CONF}; systemctl restart realmd",
        ),
    ),
    _check(
        "The node is joined already",
        "it is",
        T.MEMBER,
        C.ALREADY_MEMBER,
        node="member",
    ),
    _check(
        "sudo takes rules of the domain",
        "`sudoers: files sss` in nsswitch.conf",
        T.SUDO,
        C.SUDO_RULES,
        seeds.first_line("/etc/nsswitch.conf", "sudoers: files sss"),
        word="LOOK",
    ),
    _check(
        "PAM lets everybody in",
        "pam_permit on top of common-auth",
        T.PAM,
        C.PAM_UNSAFE,
        seeds.first_line("/etc/pam.d/common-auth", "auth sufficient pam_permit.so"),
    ),
)
FAULTS: Final = (*ACCOUNTS, *NODE)
