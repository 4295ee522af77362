"""A realm's test in words: for the screen, the command line and the file."""

from pve_auth_tui.core.realmtest.advice import advice
from pve_auth_tui.core.realmtest.asjson import as_json, check_json
from pve_auth_tui.core.realmtest.astext import check_text, report_text
from pve_auth_tui.core.realmtest.titles import seconds_text, stage_title, summary

__all__ = [
    "advice",
    "as_json",
    "check_json",
    "check_text",
    "report_text",
    "seconds_text",
    "stage_title",
    "summary",
]
