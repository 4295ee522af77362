"""Presets of OpenID realms: an issuer, options that fit the installed PVE, steps at the provider.

Which options a version knows is reference 5.3: groups and query-userinfo since
libpve-access-control 8.2.1 (PVE 8.4), audiences since 9.1.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from pve_auth_tui.core import versions
from pve_auth_tui.core.errors import UsageError
from pve_auth_tui.core.hostnames import host_name
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.openid.discovery import host_of, is_inside_name
from pve_auth_tui.core.openid.providers import PRESETS, Preset, Question
from pve_auth_tui.core.realmoptions import option_of

__all__ = [
    "PRESETS", "Preset", "Question", "answer_problem", "answers_of", "issuer_of", "known_by",
    "left_out", "options_of", "preset", "steps_of",
]  # fmt: skip

_FIELD: Final = re.compile(r"\{([a-z_]+)\}")
_REALM: Final = "realm"
_USUAL_REALM: Final = "REALM"
_LATEST_UNASKED: Final = "groups-claim"  # without it the other two say nothing


def preset(name: str) -> Preset:
    """Raises UsageError for a name that none has."""
    for one in PRESETS:
        if one.name == name:
            return one
    raise UsageError(
        f"There is no preset {name}.", f"There are {', '.join(one.name for one in PRESETS)}."
    )


def known_by(issuer: str) -> Preset | None:
    """Whose issuer it looks like, by its host and path; None where that is not to be told."""
    host = host_of(issuer)
    if host == "login.microsoftonline.com":
        return preset("entra")
    if host == "accounts.google.com":
        return preset("google")
    if host.endswith((".okta.com", ".oktapreview.com")):
        return preset("okta")
    for mark, name in (
        ("/application/o/", "authentik"),
        ("/oauth2/openid/", "kanidm"),
        ("/realms/", "keycloak"),
    ):
        if mark in issuer:
            return preset(name)
    return preset("adfs") if issuer.rstrip("/").endswith("/adfs") else None


def answers_of(preset: Preset, issuer: str) -> Mapping[str, str]:
    """What was answered for a realm that is there, as far as its issuer tells: `issuer_of` back."""
    form = re.escape(preset.issuer)
    for one in preset.questions:
        form = form.replace(re.escape(f"{{{one.name}}}"), f"(?P<{one.name}>{one.find})", 1)
    if preset.name == "okta":
        form += r"(?:/oauth2/(?P<server>[A-Za-z0-9._~-]{1,128}))?"
    found = re.fullmatch(f"{form.removesuffix('/')}/?", issuer)
    given = found.groupdict() if found else {}
    return {name: value for name, value in given.items() if value}


def issuer_of(preset: Preset, answers: Mapping[str, str]) -> str:
    """Raises UsageError for an answer that is missing or cannot be right."""
    given = _answers(preset, answers)
    if preset.name == "okta" and given.get("server"):
        return f"https://{given['host']}/oauth2/{given['server']}"
    return _filled(preset.issuer, given)


def options_of(preset: Preset, answers: Mapping[str, str], release: str) -> Mapping[str, str]:
    """The realm's options by PVE's names, those alone that this version of libpve-access-control
    takes; what an admin types besides (client-id, client-key) is not among them.

    `answers` may hold `client-id`: then it is. Raises UsageError.
    """
    given = _answers(preset, answers)
    options = {"issuer-url": issuer_of(preset, answers)}
    if client := (given.get("client-id") or given.get("client", "")):
        options["client-id"] = client
    options |= {name: _filled(value, given) for name, value in preset.options.items()}
    return {name: value for name, value in options.items() if _has(release, name)}


def left_out(preset: Preset, release: str) -> tuple[str, ...]:
    """What this version does not know, a sentence for each."""
    gone = [name for name in preset.options if not _has(release, name)]
    found = []
    if _LATEST_UNASKED in gone:
        found.append(
            "Groups are left out: this node's libpve-access-control has groups-claim from"
            f" {versions.FEATURES['openid-groups']} (PVE 8.4) on. Roles are given to users."
        )
    for name in ("query-userinfo", "audiences"):
        if name in gone:
            found.append(
                f"{name} is left out: it needs libpve-access-control"
                f" {versions.FEATURES[_since(name)]}; without it logins with"
                f" {preset.title} can fail."
            )
    return tuple(found)


def steps_of(
    preset: Preset,
    answers: Mapping[str, str],
    uris: Sequence[str],
    release: str = versions.NEWEST,
) -> tuple[Line, ...]:
    """What to do at the provider, numbered, with the exact redirect URIs; then what to know.

    `answers` may hold `realm`, the name of PVE's. Raises UsageError.
    """
    given = {_REALM: _USUAL_REALM, **_answers(preset, answers)}
    given["first"] = uris[0] if uris else "https://pve1.example.com:8006"
    lines: list[Line] = []
    number = 0
    for step in preset.steps:
        if (many := _many(step, given, uris)) is not None:
            lines += many
            continue
        number += 1
        lines.append(Line(_filled(step, given), str(number)))
    lines.append(Line(f"Issuer URL: {issuer_of(preset, answers)}  {_filled(preset.slash, given)}"))
    if versions.has(release, "openid-groups"):
        lines.append(Line(f"Groups: {_filled(preset.group_names, given)}"))
    lines += [Line(_filled(about, given)) for about in preset.about]
    lines += [Line(one, word="LOOK") for one in left_out(preset, release)]
    if "username-claim" in preset.options:
        claim = preset.options["username-claim"]
        lines.append(Line(f"Username Claim: {claim}. It cannot be changed once the realm is made."))
    tried = preset.tried.replace("{title}", preset.title)
    lines.append(Line(f"{tried[0].upper()}{tried[1:]}."))
    return tuple(lines)


def _many(step: str, given: Mapping[str, str], uris: Sequence[str]) -> list[Line] | None:
    """The lines of a step that stands for the redirect URIs."""
    if step == "{uris}":
        return [Line(f"    {uri}") for uri in uris]
    if step == "{uri_commands}":
        return [
            Line(f"kanidm system oauth2 add-redirect-url {given['client']} {uri}") for uri in uris
        ]
    if step == "{public_uris}":
        return [*_public(uris)]
    return None


def _public(uris: Sequence[str]) -> Iterator[Line]:
    """Google takes names with a public ending alone; what it will not take is told."""
    for uri in uris:
        name = host_name(host_of(uri))
        fits = not is_inside_name(name)
        yield (
            Line(f"    {uri}") if fits else Line(f"    {uri}  is not taken by Google", word="LOOK")
        )


def _since(option: str) -> str:
    """What of `versions.FEATURES` brought it, "" for always."""
    found = option_of("openid", option)
    return found.feature if found else ""


def _has(release: str, option: str) -> bool:
    feature = _since(option)
    return not feature or versions.has(release, feature)


def _answers(preset: Preset, answers: Mapping[str, str]) -> dict[str, str]:
    given = {name: value.strip() for name, value in answers.items()}
    for question in preset.questions:
        typed = _settled(question, given.get(question.name, ""))
        if not typed and not question.needed:
            continue
        if not typed:
            raise UsageError(f"{question.label} is missing.", f"Such as {question.example}")
        if not re.fullmatch(question.find, typed):
            raise UsageError(
                f"{typed} is no {question.label[0].lower()}{question.label[1:]}.",
                f"Such as {question.example}",
            )
        given[question.name] = typed
    return given


def answer_problem(question: Question, text: str) -> str:
    """What is wrong with what somebody typed, as one sentence; "" for nothing."""
    if not text.strip():
        return "The issuer is made of it." if question.needed else ""
    if re.fullmatch(question.find, _settled(question, text)):
        return ""
    return f"That is no {question.label[0].lower()}{question.label[1:]}: {question.example}"


def _settled(question: Question, text: str) -> str:
    """What is taken for the answer; a host may come as a browser shows it."""
    typed = text.strip() or question.usual
    return typed.removeprefix("https://").rstrip("/") if question.name == "host" else typed


def _filled(text: str, given: Mapping[str, str]) -> str:
    """Names in braces; what nobody answered stays to be read."""
    return _FIELD.sub(lambda found: given.get(found[1], found[0]), text)
