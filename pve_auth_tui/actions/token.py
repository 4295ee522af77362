"""`token add|edit|regenerate|remove`: API tokens, with the words of `pveum user token`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from pve_auth_tui.actions import once, writing
from pve_auth_tui.actions.running import carry_out
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.intents import removal, tokens
from pve_auth_tui.core.names import split_tokenid
from pve_auth_tui.core.objects import Key
from pve_auth_tui.core.plan import Intent
from pve_auth_tui.core.planning import together
from pve_auth_tui.core.words import listed
from pve_auth_tui.workshop import Workshop


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code and what goes to stdout; a secret has a place before PVE is asked to make it.

    Raises what planning and applying raise.
    """
    intent = intent_of(options, workshop.clock.now())
    tells = options.verb in ("add", "regenerate") or _renews(options)
    if tells and not options.dry_run:
        once.require_a_place(options, workshop)
    outcome = carry_out(intent, options, workshop)
    return once.handed_over(outcome, options, workshop) if tells else outcome.code, outcome.text


def intent_of(options: argparse.Namespace, now: float) -> Intent:
    """What is wanted. Raises UsageError."""
    named = _named(options.tokens)
    match options.verb:
        case "add":
            return _added(named, options, now)
        case "edit":
            return _edited(named, options, now)
        case "regenerate":
            return _renewed(named)
    return removal.remove([Key("token", name) for name in named])


def _added(named: Sequence[str], options: argparse.Namespace, now: float) -> Intent:
    if len(named) > 1:
        raise UsageError(f"One API token at a time is added: {listed(named)} are several.")
    userid, _, name = named[0].rpartition("!")
    return tokens.add(
        userid,
        name,
        comment=options.comment or "",
        expire=writing.expire_of(options, now) or 0,
        privsep=options.privsep is not False,
        same_rights=bool(options.same_rights),
    )


def _edited(named: Sequence[str], options: argparse.Namespace, now: float) -> Intent:
    comment, expire, privsep = options.comment, writing.expire_of(options, now), options.privsep
    if options.delete:
        if comment is not None:
            raise UsageError("--delete comment and --comment do not go together.")
        comment = ""
    edits = not (comment is None and expire is None and privsep is None)
    edit = tokens.edit(named, comment=comment, expire=expire, privsep=privsep)
    if not _renews(options):
        if not edits:
            raise UsageError("Nothing is to change.", "For example: --expire +30d")
        return edit
    renew = _renewed(named)
    return together([edit, renew], f"edit {_shown(named)}: new secret") if edits else renew


def _renews(options: argparse.Namespace) -> bool:
    return options.verb == "edit" and bool(options.regenerate)


def _renewed(named: Sequence[str]) -> Intent:
    title = "" if len(named) == 1 else f"new secrets for {_shown(named)}"
    return together([tokens.regenerate(name) for name in named], title)


def _shown(named: Sequence[str]) -> str:
    return f"API token {named[0]}" if len(named) == 1 else f"{len(named)} API tokens"


def _named(words: Sequence[str]) -> tuple[str, ...]:
    """Full token ids: a word that is none is a user, and the next word the token's name."""
    found, rest = [], list(words)
    while rest:
        word = rest.pop(0)
        if split_tokenid(word):
            found.append(word)
        elif rest:
            found.append(f"{word}!{rest.pop(0)}")
        else:
            raise UsageError(
                f"{word} names no API token.", "Write USER@REALM!NAME, or USER@REALM NAME."
            )
    return tuple(dict.fromkeys(found))
