"""The table of `realmoptions`: every option of every type, with its words.

Sources: pve-manager 9.2 (labels, groups), PVE::Auth::{LDAP,AD,OpenId,PAM,PVE} of
pve-access-control 9.1.1 (meaning, defaults), reference 5 (since when).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from pve_auth_tui.core.directory.settings import GROUP_CLASSES, USER_CLASSES
from pve_auth_tui.core.realmoptions import Group, Kind, RealmOption
from pve_auth_tui.core.schema import REALM_OPTIONS

_YES_NO: Final = (("1", "yes"), ("0", "no"))
_SYNC: Final = "sync-defaults-options"


def _option(
    name: str, label: str, group: Group, kind: Kind, help: str, *choices: tuple[str, str],
    default: str = "", feature: str = "", parts: tuple[RealmOption, ...] = (),
) -> RealmOption:  # fmt: skip
    return RealmOption(name, label, group, kind, help, default, choices, feature, parts=parts)


_DEFAULT = _option(
    "default", "Default", "General", "flag",
    "The login page offers this realm first. Only one realm is: the other one loses the mark.",
    default="0",
)  # fmt: skip
_COMMENT = _option(
    "comment", "Comment", "General", "text",
    "What the login page calls the realm; its name where nothing stands here.",
)  # fmt: skip
_TFA = _option(
    "tfa", "Require TFA", "General", "parts",
    "Everybody of the realm then needs a factor of just that kind, or a recovery key. WebAuthn is "
    "refused. Who has none cannot log in.",
    parts=(
        _option(
            "tfa.type", "Require TFA", "General", "choice",
            "Everybody of the realm then needs just that, or a recovery key; security keys are "
            "refused. Who has none cannot log in.",
            ("", "none"), ("oath", "OATH/TOTP"), ("yubico", "Yubico"),
        ),
        _option(
            "tfa.step", "OATH time step", "General", "number",
            "Seconds that a code lasts: 30 in nearly every app.", default="30",
        ),
        _option(
            "tfa.digits", "OATH password length", "General", "number",
            "Digits of a code, 6 to 8: 6 in nearly every app.", default="6",
        ),
        _option(
            "tfa.id", "Yubico API ID", "General", "text", "Of the account at Yubico's server."
        ),
        _option(
            "tfa.key", "Yubico API key", "General", "secret",
            "Goes with the API ID. PVE takes it all anew: give it when another part changes, too.",
        ),
        _option(
            "tfa.url", "Yubico URL", "General", "text",
            "A server of your own; Yubico's where nothing stands here.",
        ),
    ),
)  # fmt: skip

_SERVERS = (
    _option(
        "server1", "Server", "General", "text",
        "Name or IP address of the directory. With TLS it must be a name in the certificate.",
    ),
    _option(
        "server2", "Fallback Server", "General", "text",
        "Asked when the first one does not answer within 10 s; not when it refuses a password.",
    ),
    _option(
        "port", "Port", "General", "number",
        "389, and 636 for LDAPS, where nothing stands here.",
    ),
    _option(
        "mode", "Mode", "General", "choice",
        "STARTTLS and LDAPS encrypt. With LDAP every password crosses the network in clear.",
        ("ldap", "LDAP"), ("ldap+starttls", "STARTTLS"), ("ldaps", "LDAPS"), default="ldap",
    ),
    _option(
        "verify", "Verify Certificate", "General", "flag",
        "Without it any server may answer in its place and read the passwords.", default="0",
    ),
)  # fmt: skip
_CASE = _option(
    "case-sensitive", "Case-Sensitive", "General", "flag",
    "No: PVE finds Ann@corp when ANN@corp logs in. Directories do not tell them apart.",
    default="1",
)  # fmt: skip
_BASE = _option(
    "base_dn", "Base Domain Name", "General", "text",
    "Where the people are: PVE searches everything below it.",
)  # fmt: skip
_USER_ATTR = _option(
    "user_attr", "User Attribute Name", "General", "text",
    "The attribute with the login name: uid, or sAMAccountName in Active Directory.",
)  # fmt: skip

_SYNC_OPTIONS = (
    _option(
        "bind_dn", "Bind User", "Sync Options", "text",
        "Who PVE binds as to search; AD takes ann@example.com, too. Nothing: anonymously.",
    ),
    _option(
        "password", "Bind Password", "Sync Options", "secret",
        "Kept in priv/realm below /etc/pve; PVE never shows it. Empty leaves it as it is.",
    ),
    _option(
        "sync_attributes", "Sync Attributes", "Sync Options", "text",
        "Ours=theirs. Without it a sync brings names alone. Of a user PVE takes firstname, "
        "lastname, email, comment, enable, expire, keys.",
    ),
    _option(
        "group_name_attr", "Groupname attr.", "Sync Options", "text",
        "The attribute with a group's name; the first part of its DN where nothing stands here.",
    ),
    _option(
        "user_classes", "User classes", "Sync Options", "text",
        "An entry of any of these is a user.", default=USER_CLASSES,
    ),
    _option(
        "group_classes", "Group classes", "Sync Options", "text",
        "An entry of any of these is a group.", default=GROUP_CLASSES,
    ),
    _option(
        "filter", "User Filter", "Sync Options", "text",
        "Only these users are synced. Logins do not look at it: they need the user in PVE.",
    ),
    _option(
        "group_filter", "Group Filter", "Sync Options", "text", "Only these groups are synced.",
    ),
    _option(
        _SYNC, "Sync Defaults", "Sync Options", "parts",
        "What a sync does where nobody says otherwise.",
        parts=(
            _option(
                f"{_SYNC}.scope", "Scope", "Sync Options", "choice",
                "Without it each sync must say what it is about.",
                ("", "none"), ("users", "Users"), ("groups", "Groups"),
                ("both", "Users and Groups"),
            ),
            _option(
                f"{_SYNC}.enable-new", "Enable new users", "Sync Options", "choice",
                "No: who is added by a sync cannot log in until somebody enables the user.",
                ("", "Default (yes)"), *_YES_NO, default="1",
            ),
            _option(
                f"{_SYNC}.remove-vanished", "Remove Vanished", "Sync Options", "choice",
                "Of who is gone from the directory. Entry removes them; ACL their rights; "
                "Properties wipes what was typed by hand, of everybody.",
                ("", "Default (none)"), ("none", "none"), ("acl", "ACL"), ("entry", "Entry"),
                ("acl;entry", "ACL, Entry"), ("properties", "Properties"),
                ("acl;properties", "ACL, Properties"), ("entry;properties", "Entry, Properties"),
                ("acl;entry;properties", "ACL, Entry, Properties"), default="none",
            ),
        ),
    ),
)  # fmt: skip
_ADVANCED = (
    _option(
        "group_dn", "Group Base DN", "Advanced", "text",
        "Where groups are searched; the base domain name where nothing stands here.",
    ),
    _option(
        "capath", "CA Path", "Advanced", "text",
        "A file or folder of CA certificates on every node, if not the system's own. Counts with "
        "Verify Certificate only.",
    ),
    _option(
        "cert", "Client Certificate", "Advanced", "text",
        "A file on every node. Counts with Verify Certificate only; without a bind user it stands "
        "for one.",
    ),
    _option(
        "certkey", "Client Key File", "Advanced", "text", "The file with its private key.",
    ),
    _option(
        "sslversion", "TLS Version", "Advanced", "choice",
        "Exactly this version: with TLS 1.2 a server that speaks only 1.3 cannot be reached.",
        ("tlsv1_2", "TLS 1.2"), ("tlsv1_3", "TLS 1.3"), ("tlsv1_1", "TLS 1.1"),
        ("tlsv1", "TLS 1.0"), default="tlsv1_2",
    ),
    _option(
        "secure", "Secure (old)", "Advanced", "flag",
        "The old word for Mode LDAPS; it counts only where no mode is set.", default="0",
    ),
)  # fmt: skip
_OPENID = (
    _option(
        "issuer-url", "Issuer URL", "General", "text",
        "To the letter as the provider's own document has it, a slash at the end included.",
    ),
    _option("client-id", "Client ID", "General", "text", "What the provider calls PVE."),
    _option(
        "client-key", "Client Key", "General", "secret",
        "The client secret. Without one PVE is a public client; PKCE is used in any case.",
    ),
    _option(
        "scopes", "Scopes", "General", "text",
        "What PVE asks for, with blanks between; openid is always added.", default="email profile",
    ),
    _DEFAULT,
    _option(
        "autocreate", "Autocreate Users", "General", "flag",
        "Whoever the provider lets in becomes a user of PVE, without rights at first.", default="0",
    ),
    _option(
        "username-claim", "Username Claim", "General", "text",
        "The claim that is the user's name: subject (what PVE takes where nothing stands here), "
        "username, email, or any. It can never be changed: remove the realm and add it anew.",
    ),
    _option(
        "groups-claim", "Groups Claim", "General", "text",
        "A claim with a list of groups; each becomes NAME-REALM in PVE.",
        feature="openid-groups",
    ),
    _option(
        "groups-autocreate", "Autocreate Groups", "General", "flag",
        "Groups of the claim that PVE does not have are made at login.", default="0",
        feature="openid-groups",
    ),
    _option(
        "groups-overwrite", "Overwrite Groups", "General", "flag",
        "At each login everybody leaves all other groups, those given in PVE too.", default="0",
        feature="openid-groups",
    ),
    _option(
        "prompt", "Prompt", "General", "text",
        "What the provider asks again: none, login, consent, select_account; nothing leaves it to "
        "the provider.",
    ),
    _COMMENT,
    _option("acr-values", "ACR Values", "Advanced", "text", "How strong a login PVE asks for."),
    _option(
        "query-userinfo", "Query userinfo endpoint", "Advanced", "flag",
        "Yes: claims are read from there, too. Providers such as ADFS need no.", default="1",
        feature="openid-query-userinfo",
    ),
    _option(
        "audiences", "Audiences", "Advanced", "text",
        "Other audiences whose tokens count, besides the client ID.",
        feature="openid-audiences",
    ),
)  # fmt: skip


_LISTED: Final[Mapping[str, tuple[RealmOption, ...]]] = {
    "pam": (_DEFAULT, _TFA, _COMMENT),
    "pve": (_DEFAULT, _TFA, _COMMENT),
    "ldap": (
        _BASE, _USER_ATTR, *_SERVERS, _DEFAULT, _TFA, _COMMENT,
        *_SYNC_OPTIONS, replace(_CASE, group="Advanced"), *_ADVANCED,
    ),
    "ad": (
        _option(
            "domain", "Domain", "General", "text",
            "The AD domain: example.com. Who logs in as ann binds as ann@example.com.",
        ),
        *_SERVERS, _CASE, _DEFAULT, _TFA, _COMMENT, *_SYNC_OPTIONS,
        replace(
            _BASE, group="Advanced",
            help="Where users and groups are searched by a sync; the server's own "
            "defaultNamingContext where nothing stands here.",
        ),
        replace(
            _USER_ATTR, group="Advanced", default="sAMAccountName",
            help="The attribute with the name; only a sync looks at it.",
        ),
        *_ADVANCED,
    ),
    "openid": _OPENID,
}  # fmt: skip


def _marked(kind: str, one: RealmOption) -> RealmOption:
    rule = REALM_OPTIONS[kind][one.name]
    return replace(one, required=not rule.optional, fixed=rule.fixed)


TABLE: Final[Mapping[str, tuple[RealmOption, ...]]] = {
    kind: tuple(_marked(kind, one) for one in options) for kind, options in _LISTED.items()
}
"""Type -> its options in the order of forms."""
