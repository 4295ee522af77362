"""What may stand on the command line, and what does not go together.

Options count before and after the command: `--json users` is `users --json`.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from pve_auth_tui import __version__
from pve_auth_tui.core.errors import UsageError

RUNGS = ("auto", "bridge", "https", "pvesh", "files", "database")
API_RUNGS = ("bridge", "https", "pvesh")
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

COMMANDS = ("status", *LISTS, "permissions")
"""Every command that answers and changes nothing."""

ACTIONS = {
    "change": "Any change that PVE's API knows, as a plan: pvesh's verbs and paths",
    "enrol": "Give a user a second factor: TOTP or recovery keys",
    "unlock": "Take the lock off a user's second factors",
    "prove": "Prove that a user can log in, by a real login in two steps",
    "undo": "Take a change back that was made with this program",
    "keep": "Keep a change that would be taken back by itself",
    "take-back": "Take a change back whose time is over (what its timer runs)",
    "journal": "What was changed with this program, by whom; verify its chain",
}
"""The commands that change something, prove or record it; each has a module in `actions`."""


class Wanted(Exception):
    """Help or the version was asked for: `text` goes to stdout and that is all."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The options; `command` is one of COMMANDS, `demo`, `simnode` (`action`: `serve`) or None.

    Raises UsageError with one sentence, the usage as its hint, and Wanted for -h and --version.
    """
    options = _parser(argv).parse_args(argv)
    problem = _contradiction(options)
    if problem:
        raise UsageError(problem, f"See: {PROGRAM} --help")
    return options


class _Parser(argparse.ArgumentParser):
    """argparse that neither prints nor leaves: it raises."""

    def error(self, message: str) -> NoReturn:
        usage = " ".join(self.format_usage().split())
        raise UsageError(f"{message[:1].upper()}{message[1:]}.", usage)

    def print_help(self, file: Any = None) -> None:
        raise Wanted(self.format_help())


class _Version(argparse.Action):
    def __call__(self, *_: object) -> NoReturn:
        raise Wanted(f"{PROGRAM} {__version__}\n")


def _folder(text: str) -> Path:
    """`--root "$UNSET"` must not read the folder one happens to be in."""
    if not text:
        raise argparse.ArgumentTypeError("it names no folder")
    return Path(text)


def _parser(argv: Sequence[str]) -> _Parser:
    """Only what `argv` names gets its options: they cost half of the time (measured)."""
    parser = _Parser(
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

    def add(name: str, text: str) -> argparse.ArgumentParser:
        parents = [after] if name in argv else []
        return subparsers.add_parser(
            name, help=text, description=f"{text}.", parents=parents, allow_abbrev=False
        )

    demo = add("demo", "Open the screens on a simulated cluster; nothing real is touched")
    demo.add_argument("--users", type=_users, metavar="N", help="how many users it has")
    demo.add_argument("--state", type=Path, metavar="DIR", help="keep its files in DIR")
    _add_simnode(add("simnode", "A simulated node for other programs; nothing real is touched"))
    add("status", "Node, quorum, counts and what to look at (exit code 4 if anything)")
    for name, text in LISTS.items():
        add(name, text)
    permissions = add("permissions", "What a user or an API token may do, as PVE computes it")
    permissions.add_argument("userid", metavar="USERID", help="USER@REALM or USER@REALM!TOKEN")
    permissions.add_argument("--path", metavar="P", help="only on this path, such as /vms/100")
    for name, text in ACTIONS.items():
        action = add(name, text)
        if name in argv:
            _ARGUMENTS[name](action)
    return parser


# --- the commands that change something ------------------------------------------------


def _add_change(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("verb", choices=("create", "set", "delete"), help="as pvesh has them")
    parser.add_argument("path", metavar="PATH", help="such as /access/users/ann@pve")
    parser.add_argument("values", nargs="*", metavar="NAME=VALUE", help="such as enable=0")
    parser.add_argument(
        "--secret", action="append", default=[], metavar="NAME", help="ask for this value; repeat"
    )
    _add_secret_options(parser, "what PVE answers only once, to a new file")
    _add_plan_options(parser)


def _add_enrol(parser: argparse.ArgumentParser) -> None:
    _add_user(parser)
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--totp", action="store_true", help="an authenticator app")
    kind.add_argument("--recovery", action="store_true", help="ten keys on paper, once each")
    parser.add_argument("--description", default="", metavar="D", help="which phone")
    parser.add_argument("--digits", type=_number, default=6, metavar="N", help="6 to 8")
    parser.add_argument("--period", type=_number, default=30, metavar="S", help="10 to 120 s")
    parser.add_argument(
        "--algorithm", choices=("SHA1", "SHA256", "SHA512"), default="SHA1", metavar="A",
        help="SHA1, SHA256 or SHA512; many apps know SHA1 alone",
    )  # fmt: skip
    _add_secret_options(parser, "the recovery keys to a new file")
    _add_plan_options(parser)


def _add_unlock(parser: argparse.ArgumentParser) -> None:
    _add_user(parser)
    _add_plan_options(parser)


def _add_undo(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="?", default="", metavar="ID", help="the last one if left out")
    parser.add_argument("--list", action="store_true", help="show what can be taken back")
    _add_secret_options(parser, "the new secret of an API token, to a new file")
    _add_plan_options(parser)


def _add_id(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", metavar="ID", help="as `undo --list` shows it")


def _add_journal(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action", nargs="?", choices=("show", "verify", "purge"), default="show",
        help="show it; verify its chain; purge what is kept for undo",
    )  # fmt: skip
    parser.add_argument("--head", default="", metavar="HASH", help="the last hash of a copy")


def _add_user(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("userid", metavar="USER", help="USER@REALM")


def _add_secret_options(parser: argparse.ArgumentParser, saved: str) -> None:
    parser.add_argument("--save", type=Path, metavar="FILE", help=saved)
    parser.add_argument(
        "--show-secrets", action="store_true", help="also where the output is no terminal, as text"
    )


def _add_plan_options(parser: argparse.ArgumentParser) -> None:
    plan = parser.add_argument_group("the plan")
    plan.add_argument("--dry-run", action="store_true", help="show the plan, change nothing")
    plan.add_argument("--yes", action="store_true", help="run it without asking")
    plan.add_argument(
        "--override", default="", metavar="WORD", help="what a HEAVY plan asks to type"
    )
    plan.add_argument("--reason", default="", metavar="TEXT", help="for the journal")
    plan.add_argument(
        "--keep-within", type=_number, default=0, metavar="MINUTES",
        help="take it back by itself unless it is kept within that time",
    )  # fmt: skip


_ARGUMENTS: dict[str, Callable[[argparse.ArgumentParser], None]] = {
    "change": _add_change,
    "enrol": _add_enrol,
    "unlock": _add_unlock,
    "prove": _add_user,
    "undo": _add_undo,
    "keep": _add_id,
    "take-back": _add_id,
    "journal": _add_journal,
}


def _add_simnode(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", title="actions", required=True)
    text = "Serve PVE's API over https on this machine alone, until SIGTERM or ctrl+c"
    serve = actions.add_parser("serve", help=text, description=f"{text}.", allow_abbrev=False)
    serve.add_argument("--state", type=_folder, metavar="DIR", required=True, help="its files")
    serve.add_argument("--port", type=_port, metavar="N", default=0, help="0: any that is free")
    serve.add_argument(
        "--fault", action="append", default=[], metavar="NAME", help="break this; repeatable"
    )


def _options(*, defaults: bool) -> _Parser:
    """The options that stand on both sides; behind a command they have no defaults."""
    none: dict[str, Any] = {} if defaults else {"default": argparse.SUPPRESS}
    parser = _Parser(add_help=False, argument_default=none.get("default"))
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


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 5):
        raise argparse.ArgumentTypeError("give a number")
    return int(text)


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
    asks_for_more = options.command in {"enrol", "prove"}
    elsewhere = [n for n in (*login, "ca", "fingerprint") if getattr(options, n)]
    if options.rung == "https":
        elsewhere = [name for name in elsewhere if name not in login]
    if asks_for_more:
        elsewhere = [name for name in elsewhere if name != "password_stdin"]
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
