"""A report in rows, in lines for details, and for --json: screen and command line share it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from pve_auth_tui.core.listing import Column, Line, Row
from pve_auth_tui.core.pam.model import Deciding, PamCheck, PamFinding, PamReport

COLUMNS: Final = (
    Column("State", 5),
    Column("Service", 15),
    Column("Phase", 8),
    Column("Verdict", 42, grow=True),
)
COVERED: Final = (
    "Read from the files themselves: dpkg -V does not cover /etc/pam.d/common-*, and"
    " pam-auth-update keeps what stands around its own lines."
)
_FILES: Final = "files"
_SHOWN: Final = {"proxmox-ve-auth": "Proxmox VE", "login": "console"}


def service(name: str) -> str:
    """As people call it."""
    return _SHOWN.get(name, name)


def rows(report: PamReport) -> list[Row]:
    """The phases of the services, then what is wrong with the files."""
    found = [
        Row(one.key, (one.word, service(one.service), one.phase.value, _short(one.text)))
        for one in report.checks
    ]
    return found + [
        Row(_key(at), (one.word, _FILES, "", _short(one.text)))
        for at, one in enumerate(report.findings)
    ]


def _short(text: str) -> str:
    """For a table: the folder is always the same, and named in full below it."""
    return text.replace("/etc/pam.d/", "")


def _key(at: int) -> str:
    return f"{_FILES} {at}"


def summary(report: PamReport) -> str:
    """One sentence, which counts the rows that people see: one cause can be in several of them."""
    found = report.everything
    words = [row.cells[0] for row in rows(report)]
    bad, look = words.count("BAD"), words.count("LOOK")
    if not found and report.after.word == "ok":
        return f"PAM is well: {report.after.text} a join."
    if not found:
        return f"PAM is well: {report.root.text}. With a join: {report.after.text}."
    parts = [f"{bad} BAD" if bad else "", f"{look} to look at" if look else ""]
    return f"{' and '.join(filter(None, parts))}. Nothing is changed from here."


def heading(report: PamReport, key: str) -> str:
    """Above the details of a row."""
    for one in report.checks:
        if one.key == key:
            return f"{service(one.service)}, {one.phase.value}"
    return "Files of PAM"


def details(report: PamReport, key: str) -> tuple[Line, ...]:
    """What was found at a row, what it means, what to do, and the lines that decide."""
    for one in report.checks:
        if one.key == key:
            return tuple(_check_lines(one))
    for at, finding in enumerate(report.findings):
        if _key(at) == key:
            return tuple(_finding_lines(finding))
    return ()


def _check_lines(check: PamCheck) -> Iterator[Line]:
    for finding in check.findings:
        yield from _finding_lines(finding)
    if not check.findings:
        yield Line(f"{check.text}.".capitalize(), "", check.word)
    if check.lines:
        yield Line("Decided by these lines:")
    for one in check.lines:
        path = one.place.path.removeprefix("/etc/pam.d/")
        yield Line(_code(one), one.place._replace(path=path).text)


def _code(one: Deciding) -> str:
    return f"{one.code}  -> {one.why}" if one.why else one.code


def _finding_lines(finding: PamFinding) -> Iterator[Line]:
    yield Line(f"{finding.text}.", "", finding.word)
    if finding.meaning:
        yield Line(finding.meaning, "Means")
    if finding.fix:
        yield Line(finding.fix, "Fix")
    for at, place in enumerate(finding.places):
        yield Line(place.text, "Where" if at == 0 else "")


# --- text and JSON -------------------------------------------------------------------------------


def remarks(report: PamReport) -> Iterator[tuple[str, str]]:
    """What is wrong, once each: a word or a blank, and a raw sentence."""
    for one in report.everything:
        yield one.word, f"{one.text}."
        yield from (("", text) for text in (one.meaning, one.fix) if text)
        lines = next((check.lines for check in report.checks if one in check.findings), ())
        yield from (("", f"{line.place.text}  {_code(line)}") for line in lines)
    yield report.root.word, f"{report.root.text}."
    yield report.after.word, f"With the modules of a join: {report.after.text}."


def as_json(report: PamReport) -> dict[str, Any]:
    """The keys are stable: docs/command-line.md."""
    return {
        "worst": report.worst,
        "root": {"word": report.root.word, "text": report.root.text},
        "after_join": {"word": report.after.word, "text": report.after.text},
        "checks": [
            {
                "service": one.service,
                "phase": one.phase.value,
                "word": one.word,
                "text": one.text,
                "lines": [
                    {"path": line.place.path, "line": line.place.line, "text": line.code,
                     "result": line.why}
                    for line in one.lines
                ],
                "causes": [finding.cause for finding in one.findings],
            }
            for one in report.checks
        ],
        "findings": [
            {
                "cause": one.cause,
                "word": one.word,
                "text": one.text,
                "meaning": one.meaning,
                "fix": one.fix,
                "places": [{"path": place.path, "line": place.line} for place in one.places],
            }
            for one in report.everything
        ],
    }  # fmt: skip
