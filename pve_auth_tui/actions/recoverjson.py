"""What `recover --json` says: one value, without any secret. The keys are stable: docs/recover.md.

```
{"user": "root@pam",
 "diagnosis": {"sentences": [...],                  the verdict, at most three
               "causes": ["LOCKED", ...],           core.recover.diagnosis.Cause, the gravest first
               "checks": [{"word": "BAD", "subject": ..., "text": ..., "more": [...]}, ...]},
 "have": [{"id": ..., "text": ..., "held": true}, ...],
 "ways": [{"number": 1, "id": "unlock", "title": ..., "note": ..., "kind": "plan",
           "lines": [{"word": null, "heading": null, "text": ...}, ...],
           "commands": [...], "why_not": null}, ...],
 "way": "unlock",                                   the one that was taken or shown, or null
 "plan": {...}, "result": {...}, "error": {...},    as every command that changes; or null
 "afterwards": [{...}, ...]}                        what to do next, lines as above
```

`number` is null for a REFUSED way. `commands` are what its plan would run now; `why_not` says why
none could be made.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from pve_auth_tui.core.commands import shown
from pve_auth_tui.core.errors import AuthTuiError
from pve_auth_tui.core.listing import Line
from pve_auth_tui.core.recover.astext import numbered
from pve_auth_tui.core.recover.diagnosis import Diagnosis
from pve_auth_tui.core.recover.have import Have
from pve_auth_tui.core.recover.ways import WayBack
from pve_auth_tui.core.snapshot import Snapshot


def found_json(
    diagnosis: Diagnosis,
    asked: Sequence[Have],
    held: Collection[str],
    ways: Sequence[WayBack],
    snapshot: Snapshot,
) -> dict[str, Any]:
    """What was found, and nothing that was done yet."""
    return {
        "user": diagnosis.userid,
        "diagnosis": {
            "sentences": list(diagnosis.sentences),
            "causes": [cause.name for cause in diagnosis.causes],
            "checks": [
                {
                    "word": check.word,
                    "subject": check.subject,
                    "text": check.text,
                    "more": list(check.more),
                }
                for check in diagnosis.checks
            ],
        },
        "have": [{"id": one.id, "text": one.text, "held": one.id in held} for one in asked],
        "ways": [_way(number, way, snapshot) for number, way in numbered(ways)],
        "way": None,
        "plan": None,
        "result": None,
        "error": None,
        "afterwards": [],
    }


def done_json(found: dict[str, Any], way: str, text: str, then: Iterable[Line]) -> dict[str, Any]:
    """The same with what came of a way; `text` is the value that running a plan gives."""
    return {**found, "way": way, **json.loads(text), "afterwards": lines_json(then)}


def lines_json(lines: Iterable[Line]) -> list[dict[str, str | None]]:
    """Lines of a pane."""
    return [
        {"word": line.word, "heading": line.heading or None, "text": line.text} for line in lines
    ]


def _way(number: str, way: WayBack, snapshot: Snapshot) -> dict[str, Any]:
    commands, why_not = _commands(way, snapshot)
    return {
        "number": int(number) if number.isdigit() else None,
        "id": way.id,
        "title": way.title,
        "note": way.note,
        "kind": way.kind.value,
        "lines": lines_json(way.lines),
        "commands": commands,
        "why_not": why_not,
    }


def _commands(way: WayBack, snapshot: Snapshot) -> tuple[list[str], str | None]:
    if way.intent is None:
        return [], None
    try:
        return [shown(step) for step in way.intent(snapshot).steps], None
    except AuthTuiError as error:
        return [], str(error)
