"""Every kind of change, as calls on the demo cluster: what the table in docs/undo.md is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pve_auth_tui.core.otpauth import Totp
from pve_auth_tui.core.plan import ApiCall, KeyCall
from pve_auth_tui.core.secret import Secret
from tests.services.undo_lab import Lab

PHONE = Totp(b"12345678901234567890", "bob@pve")


def call(method, below, secrets=None, /, **params):
    """`users/bob@pve` is below /access; `__` in the name of a parameter stands for `-`."""
    top, *rest = below.split("/")
    parts = (top, *rest) if top in ("pools", "cluster") else ("access", top, *rest)
    given = {name.replace("__", "-"): value for name, value in params.items()}
    hidden = {name.replace("__", "-"): Secret(value) for name, value in (secrets or {}).items()}
    return ApiCall(method, parts, given, hidden)


def acl(path, roles, **params):
    return call("PUT", "acl", path=path, roles=roles, **params)


def factor(lab, userid, kind):
    """The id of somebody's entry of a kind."""
    return next(e.id for e in lab.node.state.tfa.users[userid].entries if e.type == kind)


@dataclass(frozen=True)
class Case:
    """`first`: what has to be there before the change."""

    area: str
    name: str
    change: Callable[[Lab], Sequence[ApiCall]]
    first: Callable[[Lab], Sequence[ApiCall]] = lambda lab: ()


def _calls(*calls):
    return lambda lab: calls


def _with_factor(method, userid, kind, **params):
    return lambda lab: [call(method, f"tfa/{userid}/{factor(lab, userid, kind)}", **params)]


def _totp(userid, description):
    def added(lab):
        secrets = {"totp": PHONE.uri(), "value": lab.code(PHONE).reveal()}
        return [call("POST", f"tfa/{userid}", secrets, type="totp", description=description)]

    return added


def _key(userid, description):
    asks = call("POST", f"tfa/{userid}", type="webauthn", description=description)
    made = dict.fromkeys(("challenge", "value"), Secret(""))
    return _calls(asks, KeyCall("POST", asks.path, {"type": "webauthn"}, made))


_LDAP = {"server1": "ldap.x", "base_dn": "dc=x", "user_attr": "uid"}

CASES = (
    Case("User", "add", _calls(call("POST", "users", userid="new@corp", groups="ops-corp"))),
    Case(
        "User",
        "add with a password, and give rights",
        _calls(
            call("POST", "users", {"password": "Some-Pw-11"}, userid="new@pve", comment="x"),
            acl("/vms/100", "PVEVMUser", users="new@pve"),
        ),
    ),
    Case("User", "disable", _calls(call("PUT", "users/dora@corp", enable=0))),
    Case("User", "enable", _calls(call("PUT", "users/bob.admin@corp", enable=1))),
    Case(
        "User",
        "change names, mail, comment, expiry",
        _calls(
            call("PUT", "users/dora@corp", firstname="D.", lastname="", expire=1900000000),
            call("PUT", "users/dora@corp", email="d@example.com", comment="Ü: 5 %"),
        ),
    ),
    Case(
        "User",
        "join and leave groups",
        _calls(call("PUT", "users/anna.admin@corp", groups="admins-corp,local-admins")),
    ),
    Case(
        "User",
        "remove: with groups, rights, API token, TOTP",
        _calls(call("DELETE", "users/anna.admin@corp")),
        _calls(acl("/vms/100", "PVEVMUser", tokens="anna.admin@corp!ci")),
    ),
    Case(
        "User",
        "remove: with password, TOTP, recovery keys",
        _calls(call("DELETE", "users/erik@pve")),
    ),
    Case(
        "User",
        "remove: with a security key that is off",
        _calls(call("DELETE", "users/lena@pve")),
    ),
    Case(
        "Password",
        "set a new one",
        _calls(call("PUT", "password", {"password": "Some-Pw-11"}, userid="bob@pve")),
    ),
    Case(
        "Password",
        "set the first one",
        _calls(call("PUT", "password", {"password": "Some-Pw-11"}, userid="backup@pve")),
    ),
    Case("Group", "add", _calls(call("POST", "groups", groupid="new", comment="New"))),
    Case("Group", "change the comment", _calls(call("PUT", "groups/admins-corp", comment=""))),
    Case(
        "Group",
        "remove: with members and rights",
        _calls(call("DELETE", "groups/admins-corp")),
        _calls(acl("/vms/100", "PVEVMUser", groups="admins-corp", propagate=0)),
    ),
    Case("Role", "add", _calls(call("POST", "roles", roleid="New", privs="VM.Audit,VM.Console"))),
    Case(
        "Role",
        "change the privileges",
        _calls(call("PUT", "roles/PowerOnly", privs="VM.Audit")),
    ),
    Case(
        "Role",
        "remove: with rights that use it",
        _calls(call("DELETE", "roles/PowerOnly")),
        _calls(acl("/vms/100", "PowerOnly", users="dora@corp", groups="ops-corp")),
    ),
    Case(
        "ACL entry",
        "add, for several",
        _calls(acl("/vms/101", "PVEVMUser", users="dora@corp,bob@pve", groups="ops-corp")),
    ),
    Case(
        "ACL entry",
        "remove",
        _calls(acl("/vms/101", "PVEVMUser", users="dora@corp,bob@pve", delete=1)),
        _calls(acl("/vms/101", "PVEVMUser", users="dora@corp,bob@pve", propagate=0)),
    ),
    Case(
        "ACL entry",
        "change Propagate",
        _calls(acl("/vms/101", "PVEVMUser", users="dora@corp", propagate=1)),
        _calls(acl("/vms/101", "PVEVMUser", users="dora@corp", propagate=0)),
    ),
    Case(
        "API token",
        "add, and give rights",
        _calls(
            call("POST", "users/bob@pve/token/t1", comment="c", expire=0),
            acl("/vms/101", "PVEVMUser", tokens="bob@pve!t1"),
        ),
    ),
    Case(
        "API token",
        "change comment, expiry, Privilege Separation",
        _calls(
            call("PUT", "users/anna.admin@corp/token/ci", comment="other", privsep=0, expire=5),
        ),
    ),
    Case(
        "API token",
        "give it its first comment",
        _calls(call("PUT", "users/bob@pve/token/t1", comment="c")),
        _calls(call("POST", "users/bob@pve/token/t1")),
    ),
    Case(
        "API token",
        "remove: with rights",
        _calls(call("DELETE", "users/anna.admin@corp/token/ci")),
        _calls(acl("/vms/100", "PVEVMUser", tokens="anna.admin@corp!ci")),
    ),
    Case(
        "API token",
        "give it a new secret",
        _calls(call("PUT", "users/anna.admin@corp/token/ci", regenerate=1)),
    ),
    Case(
        "Pool",
        "add one in another, with members",
        _calls(
            call("POST", "pools", poolid="new", comment="New"),
            call("POST", "pools", poolid="new/inner"),
            call("PUT", "pools", poolid="new/inner", vms="105,106", storage="local"),
            acl("/pool/new", "PVEVMUser", users="dora@corp"),
        ),
    ),
    Case(
        "Pool",
        "move members, change the comment",
        _calls(
            call("PUT", "pools", poolid="other", vms="104", allow__move=1),
            call("PUT", "pools", poolid="lab/backup", storage="pbs-rack", delete=1, comment=""),
        ),
        _calls(call("POST", "pools", poolid="other")),
    ),
    Case(
        "Pool",
        "remove: with rights",
        _calls(call("DELETE", "pools", poolid="old")),
        _calls(
            call("POST", "pools", poolid="old", comment="Old"),
            acl("/pool/old", "PVEVMUser", users="dora@corp"),
        ),
    ),
    Case(
        "Realm",
        "add, as the default one",
        _calls(call("POST", "domains", realm="new", type="ldap", default=1, **_LDAP)),
    ),
    Case(
        "Realm",
        "change options, and which is the default",
        _calls(
            call("PUT", "domains/corp", server1="dc09.example.com", delete="server2,verify"),
            call("PUT", "domains/lab", default=1, comment="Ü"),
        ),
    ),
    Case(
        "Realm",
        "require TOTP",
        _calls(call("PUT", "domains/pve", tfa="type=oath,digits=8")),
    ),
    Case(
        "Realm",
        "no longer require Yubico OTP",
        _calls(call("PUT", "domains/pve", delete="tfa")),
        _calls(call("PUT", "domains/pve", {"tfa": "type=yubico,id=7,key=aGlkZGVu"})),
    ),
    Case("Realm", "remove: OpenID", _calls(call("DELETE", "domains/entra"))),
    Case(
        "Realm",
        "remove: LDAP or AD with a bind password",
        _calls(call("DELETE", "domains/corp")),
        _calls(call("PUT", "domains/corp", {"password": "bind-pw"}, comment="x")),
    ),
    Case(
        "Realm",
        "set another bind password or client key",
        _calls(
            call("PUT", "domains/corp", {"password": "other"}),
            call("PUT", "domains/entra", {"client__key": "other"}),
        ),
        _calls(call("PUT", "domains/corp", {"password": "bind-pw"})),
    ),
    Case("Second factor", "add TOTP", _totp("bob@pve", "phone")),
    Case("Second factor", "enrol a security key", _key("bob@pve", "rack 3")),
    Case(
        "Second factor",
        "add recovery keys",
        _calls(call("POST", "tfa/bob@pve", type="recovery")),
        _totp("bob@pve", "phone"),
    ),
    Case(
        "Second factor",
        "rename, switch off",
        _with_factor("PUT", "paul@pam", "webauthn", description="x", enable=0),
    ),
    Case("Second factor", "switch on", _with_factor("PUT", "lena@pve", "webauthn", enable=1)),
    Case(
        "Second factor",
        "remove TOTP",
        _with_factor("DELETE", "carl@corp", "totp"),
    ),
    Case(
        "Second factor",
        "remove TOTP that is off",
        _with_factor("DELETE", "carl@corp", "totp"),
        _with_factor("PUT", "carl@corp", "totp", enable=0),
    ),
    Case(
        "Second factor",
        "remove TOTP, the last one of a locked user",
        _with_factor("DELETE", "anna.admin@corp", "totp"),
    ),
    Case(
        "Second factor",
        "remove a security key",
        _with_factor("DELETE", "paul@pam", "webauthn"),
    ),
    Case("Second factor", "remove a YubiKey", _with_factor("DELETE", "yuri@pve", "yubico")),
    Case(
        "Second factor",
        "remove recovery keys",
        _calls(call("DELETE", "tfa/erik@pve/recovery")),
    ),
    Case(
        "Second factor",
        "make new recovery keys",
        _calls(
            call("DELETE", "tfa/erik@pve/recovery"), call("POST", "tfa/erik@pve", type="recovery")
        ),
    ),
    Case(
        "Second factor",
        "unlock",
        _calls(call("PUT", "users/root@pam/unlock-tfa")),
    ),
    Case(
        "Datacenter option",
        "change WebAuthn",
        _calls(call("PUT", "cluster/options", webauthn="id=other.example.com,rp=Rack 2")),
    ),
    Case(
        "Datacenter option",
        "delete WebAuthn",
        _calls(call("PUT", "cluster/options", delete="webauthn")),
    ),
    Case(
        "Datacenter option",
        "change one, add one with a password in it",
        _calls(
            call("PUT", "cluster/options", keyboard="fr", email_from="a@example.com"),
            call("PUT", "cluster/options", delete="http_proxy"),
        ),
        _calls(call("PUT", "cluster/options", {"http_proxy": "http://u:pw@proxy.example.com"})),
    ),
)
