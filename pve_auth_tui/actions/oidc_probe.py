"""`oidc-probe`: a provider probed stage by stage, presets, pasted claims, a login without a
browser.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from pve_auth_tui.actions.pasting import pasted
from pve_auth_tui.arguments import FINDINGS, OK, PROGRAM
from pve_auth_tui.asking import answers
from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.errors import Refused, UsageError
from pve_auth_tui.core.listing import Column, Line
from pve_auth_tui.core.openid.assisted import warnings
from pve_auth_tui.core.openid.causes import OpenIdTrouble
from pve_auth_tui.core.openid.claims import Claimed, claimed, read_claims
from pve_auth_tui.core.openid.discovery import host_of
from pve_auth_tui.core.openid.presets import (
    PRESETS,
    Preset,
    issuer_of,
    left_out,
    options_of,
    preset,
    steps_of,
)
from pve_auth_tui.core.openid.redirects import Uris, redirect_uris, typed_origin
from pve_auth_tui.core.openid.settings import OpenIdSettings, settings_of
from pve_auth_tui.core.openid.stored import without_stored_secret
from pve_auth_tui.core.openid.words import as_json, check_lines, summary, worst
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.release import release_of
from pve_auth_tui.core.secret import Secret
from pve_auth_tui.core.snapshot import Snapshot
from pve_auth_tui.output import complain, json_line, table, terminal_width, write
from pve_auth_tui.services.openid import proxy_of
from pve_auth_tui.services.openidlogin import LoggedIn
from pve_auth_tui.services.pastedfile import pasted_file
from pve_auth_tui.workshop import Workshop

_TYPED: Final = ("issuer_url", "client_id", "scopes", "username_claim", "groups_claim")
_COLUMNS: Final = (Column("Preset", 10), Column("Provider", 18), Column("Issuer", 50, grow=True))
_FATES: Final = (
    Column("Claimed", 24),
    Column("Comes to", 8),
    Column("Group in PVE", 30, grow=True),
)


def run(options: argparse.Namespace, workshop: Workshop) -> tuple[int, str]:
    """The exit code (4 for anything BAD or to look at) and what goes to stdout.

    Raises UsageError, Refused, OpenIdTrouble for what was pasted, LoginRefused, and what PVE's API
    raises.
    """
    if options.presets:
        return OK, _presets(options)
    snapshot = workshop.outlooks.fresh().snapshot
    if options.preset:
        return OK, _preset(options, workshop, snapshot)
    settings, saved = _settings(options, snapshot)
    if options.ask_secret and (options.claims or options.login):
        raise UsageError("--ask-secret goes with a probe only.", "Leave it out here.")
    if options.claims:
        return _claims(options, settings, snapshot, workshop.clock.now())
    if options.login:
        return _login(options, workshop, settings, saved=saved)
    return _probe(options, workshop, snapshot, settings, saved=saved)


def _settings(options: argparse.Namespace, snapshot: Snapshot) -> tuple[OpenIdSettings, bool]:
    """The realm's, or what is typed; and whether PVE has it so."""
    given = {
        name.replace("_", "-"): value
        for name in _TYPED
        if (value := getattr(options, name)) is not None
    }
    if options.realm is None:
        if not options.issuer_url:
            raise UsageError(
                "Name a realm, or give --issuer-url and --client-id.",
                f"For example: {PROGRAM} oidc-probe entra",
            )
        return settings_of(Realm("REALM", "openid", given)), False
    if snapshot.realms.value is None:
        raise Refused(f"The realms cannot be read. {snapshot.realms.problem}".strip())
    realm = snapshot.realms.value.realms.get(options.realm)
    if realm is None:
        raise UsageError(f"There is no realm {options.realm}.", f"See: {PROGRAM} realms")
    if realm.type == "openid" and "issuer-url" not in realm.options:
        raise Refused(
            f"PVE shows this login nothing of realm {realm.name} but its name.",
            "Ask as somebody with Realm.Allocate or Sys.Audit on /access/realm.",
        )
    settings = settings_of(realm)
    over = replace(realm, options={**realm.options, **given})
    changed = settings_of(without_stored_secret(over, realm))
    return changed, changed == settings


def _uris(options: argparse.Namespace, workshop: Workshop, snapshot: Snapshot) -> Uris:
    return redirect_uris(workshop.names.known(snapshot), options.address)


def _redirect(options: argparse.Namespace, workshop: Workshop, snapshot: Snapshot) -> str:
    """What is given, else this node's first address."""
    if options.redirect_url is not None:
        return str(options.redirect_url)
    if options.address:
        return typed_origin(options.address[0])
    return next(iter(_uris(options, workshop, snapshot).needed), "")


# --- presets -------------------------------------------------------------------------------


def _presets(options: argparse.Namespace) -> str:
    if options.json:
        return json_line([_preset_json(one) for one in PRESETS])
    rows = ((one.name, one.title, one.issuer) for one in PRESETS)
    return table(_COLUMNS, rows, terminal_width(sys.stdout))


def _preset_json(one: Preset) -> dict[str, Any]:
    return {
        "name": one.name,
        "title": one.title,
        "issuer": one.issuer,
        "slash": one.slash,
        "asks": [
            {"name": asked.name, "label": asked.label, "example": asked.example}
            for asked in one.questions
        ],
    }


def _preset(options: argparse.Namespace, workshop: Workshop, snapshot: Snapshot) -> str:
    """Options of the realm, and what to do at the provider; nothing is changed."""
    one, release = preset(options.preset), release_of(snapshot)
    given = _answers(options)
    _require_answers(one, given)
    uris = _uris(options, workshop, snapshot).needed
    found = options_of(one, given, release)
    steps = steps_of(one, given, uris, release)
    if options.json:
        return json_line(
            {
                "preset": one.name,
                "issuer": issuer_of(one, given),
                "options": dict(found),
                "left_out": list(left_out(one, release)),
                "redirect_uris": list(uris),
                "steps": [{"number": step.heading, "text": step.text} for step in steps],
            }
        )
    lines = [f"{one.title}, at the provider:", *map(_step, steps), "", "Options of the realm:"]
    lines += [f"  {name:<18}{value}" for name, value in found.items()]
    return "".join(f"{plain(line)}\n" for line in lines)


def _step(step: Line) -> str:
    head = step.heading or ("LOOK" if step.word == "LOOK" else "")
    return f"{head:>4}  {step.text}"


def _require_answers(one: Preset, given: Mapping[str, str]) -> None:
    for asked in one.questions:
        if asked.needed and not (given.get(asked.name, "").strip() or asked.usual):
            option = "--client-id " if asked.name == "client-id" else f"--answer {asked.name}="
            raise UsageError(f"{asked.label} is missing.", f"Such as {option}{asked.example}")


def _answers(options: argparse.Namespace) -> Mapping[str, str]:
    given = {}
    for text in options.answer:
        name, sign, value = text.partition("=")
        if not sign:
            raise UsageError("--answer takes NAME=VALUE.", f"See: {PROGRAM} oidc-probe --presets")
        given[name] = value
    if options.client_id:
        given["client-id"] = options.client_id
    if options.realm:
        given["realm"] = options.realm
    return given


# --- a probe -----------------------------------------------------------------------------------


def _probe(
    options: argparse.Namespace,
    workshop: Workshop,
    snapshot: Snapshot,
    settings: OpenIdSettings,
    *,
    saved: bool,
) -> tuple[int, str]:
    found = workshop.openid.probe(
        settings,
        _secret(options, settings) if options.ask_secret else None,
        redirect=_redirect(options, workshop, snapshot),
        ask_secret=options.ask_secret,
        token_host=options.token_host,
        agreed=_agreed(options, settings),
        proxy=proxy_of(snapshot),
        saved=saved,
    )
    code = OK if worst(found) == "ok" else FINDINGS
    if options.json:
        return code, json_line(as_json(found))
    lines = [f"OpenID realm {settings.realm}: {settings.issuer}", "", *check_lines(found)]
    return code, "".join(f"{plain(line)}\n" for line in [*lines, "", summary(found)])


def _agreed(options: argparse.Namespace, settings: OpenIdSettings) -> bool:
    """A typed yes to an issuer without TLS (R21): the option, or at a terminal."""
    if not settings.issuer.startswith("http:"):
        return False
    if options.without_tls:
        return True
    asked = answers(from_stdin=options.password_stdin)
    return asked.says_yes(f"{plain(host_of(settings.issuer))} is asked without TLS.")


def _secret(options: argparse.Namespace, settings: OpenIdSettings) -> Secret | None:
    """The realm's own, at its own issuer; else it is asked for. None for a public client."""
    if settings.secret is not None and not options.password_stdin:
        return settings.secret
    asked = answers(from_stdin=options.password_stdin)
    typed = asked.line("Client secret (nothing for a public client): ")
    return Secret(typed) if typed else None


# --- claims ------------------------------------------------------------------------------------


def _claims(
    options: argparse.Namespace, settings: OpenIdSettings, snapshot: Snapshot, now: float
) -> tuple[int, str]:
    """Pasted claims are personal, and a token may be a key: nothing of them is kept."""
    question = "Paste an ID token or the userinfo, then Enter (it is not shown): "
    text = pasted(question) if options.claims == "-" else pasted_file(Path(options.claims))
    found = claimed(settings, read_claims(text), snapshot, now)
    code = FINDINGS if any(one.word in ("BAD", "LOOK") for one in found.findings) else OK
    if options.json:
        return code, json_line(_claims_json(found))
    return code, "".join(_claims_text(found))


def _claims_text(found: Claimed) -> Iterator[str]:
    yield f"User ID  {plain(found.userid or 'none')}\n"
    yield f"Claims   {plain(', '.join(found.names))}\n"
    for finding in found.findings:
        yield f"{finding.word:<6}{plain(finding.text)}.\n"
        if finding.fix:
            yield f"      {plain(finding.fix)}\n"
    if found.groups:
        yield "\n"
        rows = [(one.value, one.fate, one.group or one.why) for one in found.groups]
        yield table(_FATES, rows, terminal_width(sys.stdout))


def _claims_json(found: Claimed) -> dict[str, Any]:
    return {
        "source": found.source,
        "verified": False,
        "userid": found.userid or None,
        "exists": found.exists,
        "refusal": found.refusal or None,
        "groups": [one._asdict() for one in found.groups],
        "removed": list(found.removed),
        "claims": list(found.names),
        "findings": [{"word": one.word, "text": one.text} for one in found.findings],
    }


# --- a login -----------------------------------------------------------------------------------


def _login(
    options: argparse.Namespace, workshop: Workshop, settings: OpenIdSettings, *, saved: bool
) -> tuple[int, str]:
    """With what it may write told first. PVE makes the URL, so the realm has to be saved."""
    if options.read_only:
        raise Refused("With --read-only no login is tried: it may make users and groups.")
    if not saved:
        raise UsageError("A login is tried with a realm as PVE has it.", "Save it first.")
    snapshot = workshop.outlooks.fresh().snapshot
    redirect = _redirect(options, workshop, snapshot)
    complain(*(warning.text for warning in warnings(settings)))
    begun = workshop.openid.begin_login(settings.realm, redirect)
    told = f"Open this address in any browser, and log in:\n\n{plain(begun.url)}\n\n"
    if options.json:
        sys.stderr.write(told)
    else:
        write(told)
    text = pasted("Paste the address that the browser ends at, then Enter (it is not shown): ")
    try:
        found = workshop.openid.finish_login(
            begun, text, workshop.journal, lambda: workshop.outlooks.fresh().snapshot
        )
    except OpenIdTrouble as trouble:
        complain(trouble.original)
        raise
    return OK, json_line(_login_json(found)) if options.json else "".join(_login_text(found))


def _login_text(found: LoggedIn) -> Iterator[str]:
    made = " PVE made that user." if found.new_user else ""
    yield f"ok    {plain(found.userid)} logged in.{made} Its ticket was dropped.\n"
    for heading, names in (
        ("New groups", found.new_groups),
        ("Joined", found.joined),
        ("Left", found.left),
    ):
        if names:
            yield f"      {heading}: {plain(', '.join(names))}\n"
    for remark in found.remarks:
        yield f"LOOK  {plain(remark)}\n"


def _login_json(found: LoggedIn) -> dict[str, Any]:
    return {
        "userid": found.userid,
        "new_user": found.new_user,
        "new_groups": list(found.new_groups),
        "joined": list(found.joined),
        "left": list(found.left),
        "remarks": list(found.remarks),
    }
