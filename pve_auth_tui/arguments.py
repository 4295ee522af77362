"""What may stand on the command line, and what does not go together.

Options count before and after the command: `--json users` is `users --json`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from pve_auth_tui import __version__
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.parser import Parser, Wanted

RUNGS = ("auto", "bridge", "https", "pvesh", "files", "database")
API_RUNGS = ("bridge", "https", "pvesh")
_PRIVILEGE = "such as VM.PowerMgmt, or in words: 'start and stop it'"
GLYPHS = ("auto", "unicode", "cp437", "ascii")
PROGRAM = "pve-auth-tui"
OK, FAILED, USAGE, REFUSED, FINDINGS, NOT_ROOT, INTERRUPTED = 0, 1, 2, 3, 4, 77, 130

LISTS = {
    "realms": "Realms with their properties",
    "users": "Users with their groups and API tokens",
    "groups": "Groups and their members",
    "roles": "Roles and their privileges",
    "pools": "Pools",
    "tokens": "API tokens of all users",
    "tfa": "Second factors of all users",
    "acl": "ACL entries: who has which role where",
}
"""The list commands and their help."""

WHY = {
    "explain": "Why a user or an API token may do something somewhere, or may not",
    "who-can": "Everybody who has a privilege on a path",
    "what-if": "What a change would do to everybody's rights; nothing is changed",
    "compare": "What two users or API tokens may do, beside each other",
    "script": "The pveum lines that make the same users and permissions elsewhere",
}
"""The commands that work something out, and their help."""

SURVIVE = "Which way in survives what, and how many are independent of one another"

COMMANDS = ("status", "survive", *LISTS, "permissions", *WHY)
"""Every command that answers and changes nothing."""

WRITES = {
    "user": "Add, edit, enable, disable and remove users; give them passwords",
    "group": "Add, edit and remove groups; their members",
    "role": "Add, edit and remove roles",
    "token": "Add, edit and remove API tokens; give them new secrets",
    "acl": f"{LISTS['acl']}; add, edit and remove them",
    "pool": "Add, edit and remove pools; their members",
    "tfa": f"{LISTS['tfa']}; edit and remove them",
    "realm": "Add, edit and remove realms: AD, LDAP, OpenID Connect; edit pam and pve",
    "sync-job": "Add, edit and remove sync jobs, which sync realms by themselves",
}
"""The commands that write, with pveum's words. `acl` and `tfa` without a verb are the lists."""

_FORETOLD = (*WRITES, "change")

ACTIONS = {
    **{name: text for name, text in WRITES.items() if name not in LISTS},
    "change": "Any change that PVE's API knows, as a plan: pvesh's verbs and paths",
    "enrol": "Give a user a second factor: TOTP, security key, Yubico OTP, recovery keys",
    "recover": "Get back in: what is wrong, and the ways back, least harm first",
    "unlock": "Take the lock off a user's second factors",
    "prove": "Prove that a user can log in, by a real login in two steps",
    "drill": "Prove one way in of an administrator now, and tell when that was done last",
    "undo": "Take a change back that was made with this program",
    "keep": "Keep a change that would be taken back by itself",
    "take-back": "Take a change back whose time is over (what its timer runs)",
    "webauthn": "What all security keys are bound to: check it (exit code 4 if anything), set it",
    "realm-test": "An LDAP or AD realm, stage by stage, saved or not; one person's login",
    "sync": "Sync an LDAP or AD realm: a preview of what it would do, or the sync as a plan",
    "oidc-probe": "An OpenID provider, stage by stage; presets, pasted claims, a login tried",
    "join": "This node in Active Directory: check, join, who may log in, validate, leave",
    "ca": "The CAs that this node trusts: list, import, remove; is a domain controller trusted?",
    "pam": "Whether PAM lets root in, and nobody without a password (exit code 4 if anything)",
    "keys": "The security keys in this machine's USB ports; set or change the PIN of one",
    "journal": "What was changed with this program, by whom; verify its chain",
}
"""The commands that change something, prove or record it; each has a module in `actions`."""


_Fill: TypeAlias = Callable[[Parser], None]


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The options; `command` is one of COMMANDS, ACTIONS, `demo`, `simnode` (`action`: `serve`) or
    None. With one of WRITES `verb` is what to do; `what-if` has the options of its `change`.

    Raises UsageError with one sentence, the usage as its hint, and Wanted for -h and --version.
    """
    options = _parsed(argv)
    problem = _contradiction(options)
    if problem:
        raise UsageError(problem, f"See: {PROGRAM} --help")
    return options


def is_action(options: argparse.Namespace) -> bool:
    """Whether the command changes, proves or records something: a list does with a verb."""
    lists = options.command in LISTS and options.command in WRITES
    return options.command in ACTIONS or (lists and bool(options.verb))


def _parsed(argv: Sequence[str]) -> argparse.Namespace:
    """`what-if -- user edit ...` has the options of `user edit ...`, whose name is `change`."""
    first = next((word for word in argv if word in (*COMMANDS, *ACTIONS)), "")
    if first != "what-if":
        return _parser(argv).parse_args(argv)
    at = argv.index(first)
    wanted = list(argv[at + 1 :])
    names_change = any(word in _FORETOLD for word in wanted)
    if "--" in wanted and not names_change:
        raise UsageError(
            f"Behind -- stands what would change something: {', '.join(_FORETOLD)}.",
            f"See: {PROGRAM} what-if --help",
        )
    if not names_change:
        return _parser(argv).parse_args(argv)
    if "--" in wanted:
        wanted.remove("--")
    wanted = [*argv[:at], *wanted]
    options = _parser(wanted).parse_args(wanted)
    if options.command not in _FORETOLD or not options.verb:
        raise UsageError("What-if needs a whole change.", f"See: {PROGRAM} what-if --help")
    options.command, options.change = first, options.command
    return options


class _Version(argparse.Action):
    def __call__(self, *_: object) -> NoReturn:
        raise Wanted(f"{PROGRAM} {__version__}\n")


def _folder(text: str) -> Path:
    """`--root "$UNSET"` must not read the folder one happens to be in."""
    if not text:
        raise argparse.ArgumentTypeError("it names no folder")
    return Path(text)


def _parser(argv: Sequence[str]) -> Parser:
    """Only what `argv` names gets its options: they cost half of the time (measured)."""
    parser = Parser(
        PROGRAM,
        description="Who may log in to a Proxmox VE cluster: see it on screens or as lists.",
        epilog="Exit codes: 0 ok, 1 failed, 2 usage, 3 refused, 4 findings, 77 not root, "
        "130 interrupted.",
        parents=[_options(defaults=True)],
        allow_abbrev=False,
    )
    after = _options(defaults=False)
    subparsers = parser.add_subparsers(
        dest="command", metavar="COMMAND", title="commands (none opens the screens)"
    )

    def add(name: str, text: str, fill: _Fill | None = None) -> None:
        named = name in argv
        parents = [after] if named else []
        made = subparsers.add_parser(
            name,
            help=text,
            description=text if text.endswith("?") else f"{text}.",
            parents=parents,
            allow_abbrev=False,
            named=named,
        )
        if named and fill:
            fill(made)

    add("demo", "Open the screens on a simulated cluster; nothing real is touched", _add_demo)
    add("simnode", "A simulated node for other programs; nothing real is touched", _add_simnode)
    add("status", "Node, quorum, counts and what to look at (exit code 4 if anything)")
    add("survive", f"{SURVIVE} (exit code 4 if anything)")
    for name, text in LISTS.items():
        fill = partial(_add_verbs, name, after) if name in WRITES else None
        add(name, WRITES.get(name, text), fill)
    add("permissions", "What a user or an API token may do, as PVE computes it", _add_permissions)
    for name, text in WHY.items():
        add(name, text, partial(_add_why, name))
    for name, text in ACTIONS.items():
        fill = partial(_add_verbs if name in WRITES else _add_action, name, after)
        add(name, text, fill)
    return parser


def _add_verbs(name: str, after: Parser, parser: Parser) -> None:
    from pve_auth_tui.writearguments import add_verbs  # what a list has no need of

    add_verbs(name, parser, after, required=name not in LISTS)


def _add_action(name: str, after: Parser, parser: Parser) -> None:
    from pve_auth_tui.actionarguments import ARGUMENTS

    ARGUMENTS[name](parser)


def _add_demo(parser: Parser) -> None:
    parser.add_argument("--users", type=_users, metavar="N", help="how many users it has")
    parser.add_argument("--state", type=Path, metavar="DIR", help="keep its files in DIR")


def _add_permissions(parser: Parser) -> None:
    parser.add_argument("userid", metavar="USERID", help="USER@REALM or USER@REALM!TOKEN")
    parser.add_argument("--path", metavar="P", help="only on this path, such as /vms/100")


def _add_why(name: str, parser: Parser) -> None:
    who, path = "USER@REALM or USER@REALM!TOKEN", "such as /vms/100"
    if name == "explain":
        parser.add_argument("userid", metavar="USER", help=who)
        parser.add_argument("path", metavar="PATH", help=path)
        parser.add_argument("privilege", nargs="*", metavar="PRIV", help=_PRIVILEGE)
    elif name == "who-can":
        parser.add_argument("privilege", metavar="PRIV", help=_PRIVILEGE)
        parser.add_argument("path", metavar="PATH", help=path)
    elif name == "what-if":
        text = "with all of its words: what-if -- user edit ann@pve --groups ops"
        parser.add_argument("change", choices=_FORETOLD, metavar="CHANGE", help=text)
    elif name == "compare":
        parser.add_argument("one", metavar="A", help=who)
        parser.add_argument("other", metavar="B", help=who)


def _add_simnode(parser: Parser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", title="actions", required=True)
    text = "Serve PVE's API over https on this machine alone, until SIGTERM or ctrl+c"
    serve = actions.add_parser("serve", help=text, description=f"{text}.", allow_abbrev=False)
    serve.add_argument("--state", type=_folder, metavar="DIR", required=True, help="its files")
    serve.add_argument("--port", type=_port, metavar="N", default=0, help="0: any that is free")
    serve.add_argument(
        "--fault", action="append", default=[], metavar="NAME", help="break this; repeatable"
    )


def _options(*, defaults: bool) -> Parser:
    """The options that stand on both sides; behind a command they have no defaults."""
    none: dict[str, Any] = {} if defaults else {"default": argparse.SUPPRESS}
    parser = Parser(add_help=False, argument_default=none.get("default"))
    options = parser.add_argument_group("options for every command")

    def add(name: str, default: Any, text: str, **more: Any) -> None:
        options.add_argument(name, help=text, **({"default": default} | none), **more)

    add("--root", None, "read another system's files, below DIR", type=_folder, metavar="DIR")
    add("--rung", "auto", f"how to read: {', '.join(RUNGS)}", choices=RUNGS, metavar="HOW")
    add("--host", None, "another host, over https", metavar="H")
    add("--user", None, "log in there as U@R", metavar="U@R")
    add("--ca", None, "trust this certificate authority for it", type=Path, metavar="FILE")
    add("--fingerprint", None, "or this certificate, by its SHA-256", metavar="SHA256")
    add("--password-stdin", False, "read the password from standard input", action="store_true")
    add("--read-only", False, "change nothing, whatever is possible", action="store_true")
    add("--json", False, "one JSON value on standard output", action="store_true")
    add("--glyphs", "auto", f"{', '.join(GLYPHS)}", choices=GLYPHS, metavar="SET")
    options.add_argument("--version", action=_Version, nargs=0, help="show the version")
    return parser


def _users(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 8):
        raise argparse.ArgumentTypeError("give a number of users")
    return int(text)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) < 65536):
        raise argparse.ArgumentTypeError("give a port from 0 to 65535")
    return int(text)


def _contradiction(options: argparse.Namespace) -> str | None:
    """One sentence about options that do not go together, or None."""
    login = "user", "password_stdin"
    proves = options.command in {"enrol", "prove", "drill"}
    asks_for_more = proves or getattr(options, "asks", False)
    elsewhere = [n for n in (*login, "ca", "fingerprint") if getattr(options, n)]
    if options.rung == "https":
        elsewhere = [name for name in elsewhere if name not in login]
    if asks_for_more:
        elsewhere = [name for name in elsewhere if name != "password_stdin"]
    if getattr(options, "user_of_domain", False):
        elsewhere = [name for name in elsewhere if name != "user"]
    if elsewhere and not options.host:
        return f"--{elsewhere[0].replace('_', '-')} goes with --host H."
    if options.root is not None and options.host:
        return "--root and --host are two different places to read."
    if options.password_stdin and not options.user and (options.host or not asks_for_more):
        return "--password-stdin needs --user U@R: whose password is it?"
    if options.host and options.rung not in ("auto", "https"):
        return f"--rung {options.rung} is a way on the node itself: leave it or --host out."
    if options.root is not None and options.rung in API_RUNGS:
        return f"--rung {options.rung} asks a running PVE: leave it or --root out."
    simulated = {"demo": "The demo", "simnode": "A simulated node"}.get(options.command)
    if simulated and (options.root is not None or options.host):
        return f"{simulated} is a cluster of its own: leave out --root and --host."
    if simulated and options.rung != "auto":
        return f"{simulated} is a cluster of its own: leave out --rung."
    if options.command in (None, "demo", "simnode") and options.json:
        return "--json needs a command that lists something, such as status or users."
    return None
