"""The command line; with `wiring` and `equipment` it is where adapters are built.

Lists, `status` and `permissions` need nothing but the standard library; Textual is imported
only by the function that opens the screens.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Final

from pve_auth_tui import crash, environment
from pve_auth_tui.adapters.state import StateFolder
from pve_auth_tui.arguments import (
    COMMANDS,
    FAILED,
    INTERRUPTED,
    NOT_ROOT,
    OK,
    PROGRAM,
    REFUSED,
    USAGE,
    is_action,
    parse,
)
from pve_auth_tui.core.errors import AuthTuiError, Refused, UsageError
from pve_auth_tui.core.finding import Finding
from pve_auth_tui.output import complain, write
from pve_auth_tui.parser import Wanted
from pve_auth_tui.services.exports import Exports
from pve_auth_tui.services.outlook import OutlookService, with_proofs
from pve_auth_tui.terminal.above import above
from pve_auth_tui.terminal.profile import OVERRIDE, detect
from pve_auth_tui.terminal.settings import prepare
from pve_auth_tui.terminal.unimap import read_unimap
from pve_auth_tui.wiring import NotRoot, Wired, own_recoveries, wired

if TYPE_CHECKING:
    from pve_auth_tui.workshop import Workshop

PACKAGE = "pve_auth_tui"
_SELDOM: Final = 500
"""How many lesser rounds of the collector there are to one through everything: that one stops the
keys for 0.15 s with 10,000 users (measured), and what it looks through is no garbage.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command line (without the program's name) and return the exit code.

    0 ok, 1 failed, 2 usage, 3 refused, 4 findings (`status`, `survive`), 77 not root, 130
    interrupted.
    Without `argv` the process is taken as ours: its arguments count, it may be started
    afresh (R1), and its last-resort handlers become our own (R8).
    """
    if argv is None:
        environment.start_afresh()
        crash.install()
        argv = sys.argv[1:]
    with environment.scrubbed() as terminal:
        try:
            return _run(argv, terminal)
        except Wanted as wanted:
            return _delivered(wanted.text)
        except AuthTuiError as error:
            complain(str(error), error.hint)
            return _exit_code(error)
        except KeyboardInterrupt:
            return INTERRUPTED
        except Exception as error:  # noqa: BLE001 (a bug: reported without its data)
            return crash.tell(error)


def _run(argv: Sequence[str], terminal: Mapping[str, str]) -> int:
    options = parse(argv)
    if options.command in (None, "demo"):
        return _screens(options, terminal)
    if options.command == "simnode":
        return _simnode(options)
    if options.command == "journal":
        return _journal(options, terminal)
    if is_action(options):
        return _action(options, terminal)
    from pve_auth_tui.commands import answer  # what the screens have no need of

    found = wired(options)
    snapshot, unread = with_proofs(found.pictures.load(), found.proofs)
    if unread is not None:
        complain(unread.text, unread.fix)
    told = _recovered(options, found) if options.command == "status" else ()
    code, text = answer(options, snapshot, told)
    return _delivered(text, ascii_only=_ascii_only(options, terminal)) or code


def _recovered(options: argparse.Namespace, found: Wired) -> Sequence[Finding]:
    """What was done with Recover and nobody has acknowledged (R18)."""
    from pve_auth_tui.core.recover.evidence import recovery_findings

    try:
        return recovery_findings(own_recoveries(options, found.login).all())
    except AuthTuiError as error:
        return (Finding("LOOK", str(error).rstrip("."), error.hint),)


def _action(options: argparse.Namespace, terminal: Mapping[str, str]) -> int:
    """A command that changes, proves or records something."""
    module = import_module(f"pve_auth_tui.actions.{options.command.replace('-', '_')}")
    found = wired(options)
    outlooks = OutlookService(found.pictures, found.nodes, found.proofs)
    workshop = _equipped(options, found, outlooks, terminal)
    try:
        code, text = module.run(options, workshop)
    finally:
        workshop.close()
        outlooks.close()
    return _delivered(text, ascii_only=_ascii_only(options, terminal)) or code


def _journal(options: argparse.Namespace, terminal: Mapping[str, str]) -> int:
    """The journal is a file of our own: it needs no node."""
    from pve_auth_tui.actions.journal import run
    from pve_auth_tui.equipment import own_desk

    code, text = run(options, own_desk(terminal))
    return _delivered(text, ascii_only=_ascii_only(options, terminal)) or code


def _equipped(
    options: argparse.Namespace,
    found: Wired,
    outlooks: OutlookService,
    terminal: Mapping[str, str],
) -> Workshop:
    from pve_auth_tui.equipment import equipped

    return equipped(options, found, outlooks, terminal)


def _ascii_only(options: argparse.Namespace, terminal: Mapping[str, str]) -> bool:
    glyphs = terminal.get(OVERRIDE) if options.glyphs == "auto" else options.glyphs
    return glyphs == "ascii"


def _simnode(options: argparse.Namespace) -> int:
    """A simulated node on a port, until it is ended."""
    from pve_auth_tui.simnode.serve import serve

    serve(options.state, options.port, options.fault, say=write, complain=complain)
    return OK


# --- screens -------------------------------------------------------------------------


def _device(fd: int) -> str | None:
    """The terminal's name; None where it has none here, as in a chroot or a container."""
    try:
        return os.ttyname(fd)
    except OSError:
        return None


def _screens(options: argparse.Namespace, terminal: Mapping[str, str]) -> int:
    if not all(stream and stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise UsageError(
            "The screens need a terminal, and this is none.",
            f"These work without one: {', '.join(COMMANDS)}. See: {PROGRAM} --help",
        )
    with _collector_at_rest():
        found = wired(options)
        outlooks = OutlookService(found.pictures, found.nodes, found.proofs)
        outlooks.begin()  # reads while Textual is imported
        fd = sys.stdout.fileno()
        profile = detect(terminal, _device(fd), read_unimap(fd), options.glyphs, above())
        prepare(profile, os.environ)
        try:
            from pve_auth_tui.app import open_screens
        except ImportError as error:
            if (error.name or PACKAGE).partition(".")[0] in (PACKAGE, "screens", "widgets"):
                raise
            raise AuthTuiError(
                f"The screens cannot start: the Python module {error.name} is missing or broken.",
                f"These work without it: {', '.join(COMMANDS)}.",
            ) from error
    exports = Exports(StateFolder(environment.own_folder() / "saved"))
    try:
        workshop = partial(_equipped, options, found, outlooks, terminal)
        with _seldom_through_everything():
            return open_screens(outlooks, profile, exports, found.stories, workshop)
    finally:
        outlooks.close()


@contextmanager
def _collector_at_rest() -> Iterator[None]:
    """While modules are imported, and the picture is begun: nothing of that is garbage, and to
    look through it is a tenth of the time to the first rows (measured). From before the picture's
    thread begins: that one has the collector rest for itself, and start it again in between.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # or all of that is looked through as new at the first chance
        gc.enable()


@contextmanager
def _seldom_through_everything() -> Iterator[None]:
    young, middle, old = gc.get_threshold()
    gc.set_threshold(young, middle, _SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(young, middle, old)
        gc.unfreeze()


# --- the end -------------------------------------------------------------------------


def _delivered(text: str, *, ascii_only: bool = False) -> int:
    """Write to stdout; the exit code of that. A reader that has seen enough is no failure."""
    try:
        write(text, ascii_only=ascii_only)
    except BrokenPipeError:
        _drop_stdout()
    except OSError as error:
        _drop_stdout()
        complain(f"The answer could not be written: {error.strerror or error}.")
        return FAILED
    return OK


def _drop_stdout() -> None:
    """Python writes what is left over when it ends, and would complain about that too."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _exit_code(error: AuthTuiError) -> int:
    kinds = {NotRoot: NOT_ROOT, UsageError: USAGE, Refused: REFUSED}
    return next((code for kind, code in kinds.items() if isinstance(error, kind)), FAILED)
