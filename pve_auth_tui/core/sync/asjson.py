"""A preview as JSON; the keys are stable: see docs/command-line.md."""

from __future__ import annotations

from typing import Any

from pve_auth_tui.core.sync.dryrun import Agreement
from pve_auth_tui.core.sync.options import vanished_text
from pve_auth_tui.core.sync.preview import Preview, Row, Side


def as_json(preview: Preview, agreement: Agreement | None = None) -> dict[str, Any]:
    """Names and values as they are; whoever shows them makes them plain."""
    found, options = preview.found, preview.options
    return {
        "realm": preview.realm,
        "server": found.server,
        "complete": found.complete,
        "sent": {"users": found.entries, "groups": found.group_entries},
        "options": {
            "scope": options.scope,
            "enable-new": options.enable_new,
            "remove-vanished": vanished_text(options),
        },
        "users": _side(preview.users),
        "groups": _side(preview.groups),
        "meaning": [
            {"word": one.word, "text": one.text, "fix": one.fix} for one in preview.meaning
        ],
        "remove_vanished": [
            {"name": one.name, "taken": one.taken, "usual": one.usual, "text": one.text}
            for one in preview.choices
        ],
        "refusal": preview.refusal or None,
        "confirm": preview.word or None,
        "pve": None
        if agreement is None
        else {
            "agrees": agreement.agrees,
            "text": agreement.text,
            "differences": list(agreement.differences),
        },
    }


def _side(side: Side) -> dict[str, Any]:
    return {
        "synced": side.synced,
        "known": side.known,
        "added": _rows(side.added),
        "changed": _rows(side.changed),
        "removed": _rows(side.removed),
        "skipped": _rows(side.skipped),
        "skipped_values": _rows(side.values),
        "gone_from_directory": list(side.vanished),
        "same": side.same,
    }


def _rows(rows: tuple[Row, ...]) -> list[dict[str, Any]]:
    return [
        {
            "name": row.name,
            "text": row.text,
            "changes": [
                {"field": one.field, "from": one.old, "to": one.new} for one in row.changes
            ],
        }
        for row in rows
    ]
