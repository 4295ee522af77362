"""What the probe of an OpenID provider shows, as rows and lines: a row for each stage."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.listing import Column, Line, Row
from pve_auth_tui.core.openid.presets import answers_of, known_by, steps_of
from pve_auth_tui.core.openid.redirects import Uris
from pve_auth_tui.core.openid.report import Advice, Check, Fix, OpenIdTest, Stage
from pve_auth_tui.core.openid.settings import OpenIdSettings
from pve_auth_tui.core.openid.words import stage_title, took
from pve_auth_tui.core.plain import fit, plain

_MARGIN, _GAP = 3, 2  # as the table has them
_TITLE: Final = 27  # columns of a stage with its number
_TITLE_NARROW: Final = 19
_WORD: Final = 6
_TIMED: Final = 22  # columns from which on times are shown
_DIGITS: Final = 9


def columns(settings: OpenIdSettings, width: int) -> tuple[Column, ...]:
    """For a table as wide as the terminal: the stages, and the issuer that is asked."""
    title, room = _widths(width)
    return Column("", title), Column(fit(plain(settings.issuer), room).rstrip(), room)


def _widths(width: int) -> tuple[int, int]:
    narrow = width - _MARGIN - _TITLE - _GAP < _TIMED
    title = _TITLE_NARROW if narrow else _TITLE
    return title, max(3, width - _MARGIN - title - (1 if narrow else _GAP))


def rows(test: OpenIdTest, width: int, *, runs: bool) -> list[Row]:
    """`runs`: the first stage without a check is gone through now."""
    seen = {check.stage for check in test.checks}
    waits = next((stage for stage in Stage if stage not in seen), None) if runs else None
    _, room = _widths(width)
    return [
        Row(
            stage.value,
            (
                f"{number:>2} {stage_title(stage, test.settings)}",
                _cell(test, stage, room, waits, runs=runs),
            ),
        )
        for number, stage in enumerate(Stage, start=1)
    ]


def _cell(test: OpenIdTest, stage: Stage, room: int, waits: Stage | None, *, runs: bool) -> str:
    if runs and not any(check.stage is stage for check in test.checks):
        return "..." if stage is waits else ""
    check = test.at(stage)
    spent = took(check)
    text = "x tries it" if _is_unasked(check) else plain(check.text)
    left = f"{check.word:<{_WORD}}"
    if room < _TIMED or not spent:
        return left + text
    return left + fit(text, room - _WORD - len(spent) - 1) + f" {spent}"


def _is_unasked(check: Check) -> bool:
    return check.stage is Stage.SECRET and check.text == "not asked"


# --- one check -----------------------------------------------------------------------------


def check_heading(check: Check, test: OpenIdTest) -> str:
    """`5 Issuer, as text`"""
    number = list(Stage).index(check.stage) + 1
    return f"{number} {stage_title(check.stage, test.settings)}"


def numbered(advice: Advice) -> dict[int, Fix]:
    """The fixes by the digit that takes them."""
    return dict(enumerate(advice.fixes[:_DIGITS], start=1))


def advice_lines(advice: Advice) -> list[Line]:
    """What is wrong, what that means now, and what can be done."""
    lines = [Line(advice.what, "What"), Line(advice.now, "Now")]
    fixes = [Line(fix.text, f"Fix {digit}") for digit, fix in numbered(advice).items()]
    return [*(line for line in lines if line.text), *fixes]


def all_lines(check: Check, advice: Advice) -> Sequence[Line]:
    """Everything that is known: the advice, then what was seen, then the provider's own words."""
    lines = [Line(check.text, "Result", check.word), *advice_lines(advice)]
    if check.causes:
        lines.append(Line(", ".join(cause.value for cause in check.causes), "Cause"))
    lines += [Line(fact.text, fact.heading) for fact in check.facts]
    if check.seconds is not None:
        lines.append(Line(took(check), "Took"))
    if check.original:
        lines.append(Line(check.original, "Original"))
    return lines


# --- the provider's side ---------------------------------------------------------------------


def address_lines(settings: OpenIdSettings, uris: Uris, release: str) -> Sequence[Line]:
    """The redirect URIs to register, then the steps of a provider that is known by its issuer."""
    lines = [Line("Redirect URIs: the provider compares them character by character.")]
    lines += [Line(f"    {uri}") for uri in uris.needed]
    if not uris.needed:
        lines.append(Line("The names of the nodes cannot be read from here.", word="-"))
    if uris.more:
        lines.append(Line("Where people open PVE under these names or addresses, these as well:"))
        lines += [Line(f"    {uri}") for uri in uris.more]
    lines.append(Line("A VIP or a proxy needs its own: https, name, port, and nothing behind it."))
    return [*lines, Line(""), *_steps(settings, uris, release)]


def _steps(settings: OpenIdSettings, uris: Uris, release: str) -> Sequence[Line]:
    preset = known_by(settings.issuer)
    if preset is None:
        return [Line("Whose provider it is cannot be told by its issuer.")]
    given = {**answers_of(preset, settings.issuer), "realm": settings.realm}
    if settings.client_id:
        given["client-id"] = settings.client_id
    given = {name: value for name, value in given.items() if value}
    try:
        steps = steps_of(preset, given, uris.needed, release)
    except AuthTuiError as error:
        return [Line(f"{error} {error.hint}".strip(), word="-")]
    return [Line(f"At the provider, {preset.title}:"), *steps]
