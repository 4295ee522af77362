"""The options of the commands that change, prove or record something, and of every plan."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Final

from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.perltext import split_list
from pve_auth_tui.core.realmtest.typed import REALM_OPTIONS
from pve_auth_tui.parser import Parser

_YES: Final = frozenset({"1", "on", "yes", "true"})
_NO: Final = frozenset({"0", "off", "no", "false"})  # PVE::JSONSchema::parse_boolean
_READABLE: Final = (
    "it is asked for, as on a command line every user of this computer can read it. If that was"
    " one, it was visible already: choose another one"
)


def _add_change(parser: Parser) -> None:
    parser.add_argument("verb", choices=("create", "set", "delete"), help="as pvesh has them")
    parser.add_argument("path", metavar="PATH", help="such as /access/users/ann@pve")
    parser.add_argument("values", nargs="*", metavar="NAME=VALUE", help="such as enable=0")
    parser.add_argument(
        "--secret", action="append", default=[], type=_secret_name, metavar="NAME",
        help="ask for this value; repeat",
    )  # fmt: skip
    parser.quiet = f"NAME=VALUE stands right behind PATH. A secret does not: {_READABLE}"
    add_secret_options(parser, "what PVE answers only once, to a new file")
    add_plan_options(parser)


def _add_ca(parser: Parser) -> None:
    parser.add_argument(
        "action", nargs="?", choices=("list", "import", "remove", "check"), default="list",
        help="list them; import one; remove files; is a DC, or a whole domain, trusted?",
    )  # fmt: skip
    parser.add_argument(
        "names", nargs="*", metavar="NAME",
        help="import: FILE, or - for pasted PEM; remove: what list shows; check: HOST or DOMAIN",
    )  # fmt: skip
    parser.add_argument(
        "--server", default="", metavar="HOST", help="import the root that this server sends"
    )
    parser.add_argument(
        "--sha256", action="append", default=[], metavar="HEX",
        help="import the certificate with this fingerprint, and no other; repeat",
    )  # fmt: skip
    add_plan_options(parser, timed=False)


def _add_join(parser: Parser) -> None:
    parser.add_argument(
        "action", choices=("discover", "check", "run", "permit", "validate", "leave"),
        help="what realmd finds; the prerequisites; join; who may log in; how it does; leave",
    )  # fmt: skip
    parser.add_argument(
        "domain", metavar="DOMAIN",
        help="its DNS name, such as ad.example.com; --user names who joins, one of the domain",
    )  # fmt: skip
    parser.add_argument("--computer-name", default="", metavar="N", help="of its account")
    parser.add_argument("--ou", default="", metavar="DN", help="where its account is made")
    parser.add_argument(
        "--take-over", action="store_true",
        help="yes: an account of that name belongs to this node, whatever host it names",
    )  # fmt: skip
    parser.add_argument(
        "--install", action="store_true", help="run: install the packages that are missing first"
    )
    parser.add_argument(
        "--no-homes", action="store_true", help="run: no home is made at the first login"
    )
    logins = parser.add_argument_group("who of the domain may log in to this node")
    for kind, letter in (("group", "G"), ("user", "U")):
        logins.add_argument(
            f"--permit-{kind}", action="append", default=[], metavar=letter,
            help=f"this {kind}; repeat",
        )  # fmt: skip
    logins.add_argument("--permit-nobody", action="store_true", help="nobody yet")
    logins.add_argument("--permit-everybody", action="store_true", help="everybody of the domain")
    proof = parser.add_argument_group("validate")
    proof.add_argument(
        "--may", action="append", default=[], metavar="U", help="who should get in; repeat"
    )
    proof.add_argument(
        "--must-not", action="append", default=[], metavar="U", help="who should not; repeat"
    )
    leave = parser.add_argument_group("leave")
    leave.add_argument(
        "--delete-account", action="store_true", help="also in the domain, by --user"
    )
    leave.add_argument(
        "--clean-up", action="store_true", help="put back what realmd leaves changed"
    )
    leave.add_argument(
        "--purge", action="store_true", help="remove the packages that were installed for the join"
    )
    add_plan_options(parser, timed=False)
    parser.set_defaults(asks=True, user_of_domain=True)
    parser.quiet = f"one DOMAIN is all that is named here. A password is not: {_READABLE}"


def _add_enrol(parser: Parser) -> None:
    _add_userid(parser)
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--totp", action="store_true", help="an authenticator app")
    kind.add_argument("--recovery", action="store_true", help="ten keys on paper, once each")
    kind.add_argument(
        "--webauthn", action="store_true", help="a security key in this machine's USB"
    )
    kind.add_argument("--yubico", action="store_true", help="a YubiKey that types its codes")
    parser.add_argument("--description", default="", metavar="D", help="which phone or key")
    _add_key(parser)
    parser.add_argument("--digits", type=_number, default=6, metavar="N", help="6 to 8")
    parser.add_argument("--period", type=_number, default=30, metavar="S", help="10 to 120 s")
    parser.add_argument(
        "--algorithm", choices=("SHA1", "SHA256", "SHA512"), default="SHA1", metavar="A",
        help="SHA1, SHA256 or SHA512; many apps know SHA1 alone",
    )  # fmt: skip
    add_secret_options(parser, "the recovery keys to a new file")
    add_plan_options(parser)
    parser.quiet = f"one USER is all that is named here. A code or a PIN is not: {_READABLE}"


def _add_recover(parser: Parser) -> None:
    parser.add_argument(
        "userid", nargs="?", default="root@pam", metavar="USER",
        help="whose login: USER@REALM; root@pam if left out",
    )  # fmt: skip
    for name, text in (("have", "is still there"), ("lost", "is lost")):
        parser.add_argument(
            f"--{name}", action="append", default=[], metavar="ID",
            help=f"this second factor {text}; repeat",
        )  # fmt: skip
    parser.add_argument("--way", default="", metavar="ID", help="take this way back")
    parser.add_argument(
        "--new-user", default="", metavar="U@R", help="with the way temporary: who is made"
    )
    parser.add_argument(
        "--hours", type=_number, default=4, metavar="N", help="after which that one expires"
    )
    parser.add_argument(
        "--unrecorded", action="store_true",
        help="go on where neither disk nor syslog takes a line",
    )  # fmt: skip
    parser.add_argument(
        "--acknowledge", action="store_true",
        help="what was done with Recover was seen: do not tell of it again",
    )  # fmt: skip
    add_plan_options(parser, timed=False)
    parser.set_defaults(asks=True)
    parser.quiet = f"one USER is all that is named here. A password is not: {_READABLE}"


def _add_unlock(parser: argparse.ArgumentParser) -> None:
    _add_userid(parser)
    add_plan_options(parser)


def _add_undo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="?", default="", metavar="ID", help="the last one if left out")
    parser.add_argument("--list", action="store_true", help="show what can be taken back")
    add_secret_options(parser, "the new secret of an API token, to a new file")
    add_plan_options(parser)


def _add_prove(parser: Parser) -> None:
    _add_userid(parser)
    _add_key(parser)
    parser.quiet = f"one USER is all that is named here. A password is not: {_READABLE}"


def _add_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="as `undo --list` shows it")


def _add_journal(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", nargs="?", choices=("show", "verify", "purge"), default="show",
        help="show it; verify its chain; purge what is kept for undo",
    )  # fmt: skip
    parser.add_argument("--head", default="", metavar="HASH", help="the last hash of a copy")


def _add_keys(parser: Parser) -> None:
    parser.add_argument(
        "action", nargs="?", type=_key_action, default="list", metavar="list|pin",
        help="list them, or one of them with all it says; set or change a PIN, which is asked for",
    )  # fmt: skip
    parser.add_argument(
        "path", nargs="?", type=_key_path, default="", metavar="PATH", help="such as /dev/hidraw3"
    )
    parser.quiet = f"one PATH is all that is named here. A PIN is not: {_READABLE}"
    parser.set_defaults(asks=True)


def _add_oidc_probe(parser: Parser) -> None:
    parser.add_argument("realm", nargs="?", metavar="REALM", help="as PVE has it")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--presets", action="store_true", help="the providers that are known")
    what.add_argument("--preset", metavar="NAME", help="its options, and the steps to do there")
    what.add_argument(
        "--claims", metavar="FILE|-", help="what PVE would make of an ID token or of userinfo"
    )
    what.add_argument(
        "--login", action="store_true", help="try a login without a browser here; it may write"
    )
    parser.add_argument(
        "--answer", action="append", default=[], metavar="NAME=VALUE",
        help="what a preset asks: host=idm.example.com; repeat",
    )  # fmt: skip
    parser.add_argument("--issuer-url", metavar="URL", help="of a realm that is not saved yet")
    parser.add_argument("--client-id", metavar="ID", help="of such a realm")
    parser.add_argument("--scopes", metavar="SCOPES", help="of such a realm")
    parser.add_argument("--username-claim", metavar="CLAIM", help="of such a realm")
    parser.add_argument("--groups-claim", metavar="CLAIM", help="of such a realm")
    parser.add_argument("--redirect-url", metavar="URL", help="https://pve1.example.com:8006")
    parser.add_argument(
        "--address", action="append", default=[], metavar="HOST",
        help="another address of the web interface, such as a VIP; repeat",
    )  # fmt: skip
    parser.add_argument(
        "--ask-secret", action="store_true",
        help="try the client secret: a failed login in the provider's log",
    )  # fmt: skip
    parser.add_argument(
        "--token-host", default="", metavar="HOST", help="the secret may go to this host, too"
    )
    parser.add_argument(
        "--without-tls", action="store_true", help="ask an issuer that begins with http://"
    )
    parser.set_defaults(asks=True)
    parser.quiet = f"one REALM is all that is named here. A client secret is not: {_READABLE}"


def _add_realm_test(parser: Parser) -> None:
    """REALM as PVE has it, or --type and what a realm would have; what is typed stands over it."""
    parser.add_argument("realm", nargs="?", metavar="REALM", help="as PVE has it")
    parser.add_argument(
        "--login", default="", metavar="NAME",
        help="also try this person's login, once: the name without the realm",
    )  # fmt: skip
    parser.add_argument(
        "--unprotected", action="store_true",
        help="yes: send passwords although others could read them (plain LDAP, no verify)",
    )  # fmt: skip
    realm = parser.add_argument_group("a realm that is not saved, or what to change of one")
    realm.add_argument("--type", choices=("ldap", "ad"), metavar="ldap|ad", help="its type")
    for name, (metavar, text) in REALM_OPTIONS.items():
        if metavar == "0|1":
            realm.add_argument(f"--{name}", nargs="?", const="1", metavar=metavar, help=text)
        else:
            realm.add_argument(f"--{name}", metavar=metavar, help=text)
    parser.set_defaults(asks=True)
    parser.quiet = f"one REALM is all that is named here. A password is not: {_READABLE}"


def _add_sync(parser: Parser) -> None:
    parser.add_argument("realm", metavar="REALM", help="an LDAP or AD realm")
    parser.add_argument(
        "--preview", action="store_true",
        help="tell what it would do, and whether PVE's own dry run agrees; nothing is written",
    )  # fmt: skip
    add_sync_options(parser)
    parser.add_argument(
        "--unprotected", action="store_true",
        help="yes: bind although others could read the password (plain LDAP, no verify)",
    )  # fmt: skip
    add_plan_options(parser)
    parser.set_defaults(asks=True)
    parser.quiet = f"one REALM is all that is named here. A password is not: {_READABLE}"


def _add_webauthn(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", nargs="?", choices=("check", "set"), default="check",
        help="what the settings do, and a proposal; or change them",
    )  # fmt: skip
    parser.add_argument("--id", metavar="DOMAIN", help="the domain that keys are bound to")
    parser.add_argument("--origin", metavar="URL", help='https://DOMAIN:8006; "" for none')
    parser.add_argument("--rp", metavar="NAME", help="what people read")
    parser.add_argument("--allow-subdomains", choices=("0", "1"), metavar="0|1", help="of origin")
    parser.add_argument("--proposed", action="store_true", help="what fits the nodes' names")
    add_plan_options(parser)


def _add_key(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--key", default="", metavar="PATH", help="the security key to use, such as /dev/hidraw3"
    )


def _add_userid(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("userid", metavar="USER", help="USER@REALM")


def add_secret_options(parser: argparse.ArgumentParser, saved: str) -> None:
    """Where what PVE tells only once goes to; `saved`: what that is."""
    parser.add_argument("--save", type=Path, metavar="FILE", help=saved)
    parser.add_argument(
        "--show-secrets", action="store_true", help="also where the output is no terminal, as text"
    )


def add_plan_options(parser: argparse.ArgumentParser, *, timed: bool = True) -> None:
    """Whether and how a plan is run; `timed`: it may take itself back."""
    plan = parser.add_argument_group("the plan")
    plan.add_argument("--dry-run", action="store_true", help="show the plan, change nothing")
    plan.add_argument("--yes", action="store_true", help="run it without asking")
    plan.add_argument(
        "--override", default="", metavar="WORD", help="what a HEAVY plan asks to type"
    )
    plan.add_argument("--reason", default="", metavar="TEXT", help="for the journal")
    if not timed:
        return
    plan.add_argument(
        "--keep-within", type=_number, default=0, metavar="MINUTES",
        help="take it back by itself unless it is kept within that time",
    )  # fmt: skip


def add_sync_options(parser: argparse.ArgumentParser) -> None:
    """What a sync does, by the names of pveum; what is not given is as the realm has it."""
    parser.add_argument(
        "--scope", choices=("users", "groups", "both"), metavar="SCOPE",
        help="users, groups or both",
    )  # fmt: skip
    parser.add_argument(
        "--enable-new", nargs="?", const=True, type=boolean, metavar="1|0",
        help="may new users log in? 1 or 0",
    )  # fmt: skip
    parser.add_argument(
        "--remove-vanished", type=_vanished, metavar="WHAT",
        help="of who is gone from the directory: acl;entry;properties, some of them, or none",
    )  # fmt: skip


def _add_pam(parser: Parser) -> None:
    parser.add_argument(
        "action", nargs="?", choices=("check",), default="check", help="it changes nothing"
    )


ARGUMENTS: dict[str, Callable[[Parser], None]] = {
    "ca": _add_ca,
    "change": _add_change,
    "enrol": _add_enrol,
    "join": _add_join,
    "recover": _add_recover,
    "unlock": _add_unlock,
    "prove": _add_prove,
    "drill": _add_prove,
    "undo": _add_undo,
    "keep": _add_id,
    "take-back": _add_id,
    "journal": _add_journal,
    "oidc-probe": _add_oidc_probe,
    "realm-test": _add_realm_test,
    "sync": _add_sync,
    "keys": _add_keys,
    "pam": _add_pam,
    "webauthn": _add_webauthn,
}


def boolean(text: str) -> bool:
    """1 or 0 in PVE's spellings."""
    if text.lower() in _YES:
        return True
    if text.lower() in _NO:
        return False
    raise argparse.ArgumentTypeError("give 1 or 0 (also yes and no, on and off)")


def _vanished(text: str) -> str:
    """PVE's list, in any order; `none` for nothing."""
    words = split_list(text)
    if words != ["none"] and not (words and set(words) <= {"entry", "acl", "properties"}):
        raise argparse.ArgumentTypeError("give acl;entry;properties, some of them, or none")
    return ";".join(words)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise argparse.ArgumentTypeError("give a number")
    return int(text)


def _key_action(text: str) -> str:
    """Not by `choices`: what stands there instead may be a PIN, and would be repeated."""
    if text not in ("list", "pin"):
        raise argparse.ArgumentTypeError("say list or pin")
    return text


def _key_path(text: str) -> str:
    if text and not text.startswith("/dev/"):
        raise argparse.ArgumentTypeError(
            f"it is the path of a key, such as /dev/hidraw3. A PIN is not given here: {_READABLE}"
        )
    return text


def _secret_name(text: str) -> str:
    if "=" in text:
        raise UsageError(f"--secret takes a name alone. The value is not given: {_READABLE}.")
    return text
