"""When each recorded call was made: one-time codes and tickets are right at that time only.

A call's time stands in the ticket or the task's id that it returned; for the others it follows
from how long the calls in between took.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from tests.conformance.recording import Command, Entry, Topic

_TICKET = re.compile(r'"ticket": "PVE:[^"]*?:([0-9A-F]{8})::')
_TASK = re.compile(r"UPID:[^:]*:[0-9A-F]{8}:[0-9A-F]{8}:([0-9A-F]{8}):")
_SOME_DAY = 1795300000.0  # for a topic in which no time can be read


def times(topic: Topic) -> list[float]:
    """The end of each entry, in seconds since 1970; they never go back."""
    entries = topic.entries
    known = {entry.index: when for entry in entries for when in _said(entry)}
    if not known:
        known = {0: _SOME_DAY}
    first = min(known)
    found = [0.0] * len(entries)
    found[first] = known[first]
    for index in range(first, 0, -1):
        found[index - 1] = found[index] - entries[index].seconds
    for index in range(first + 1, len(entries)):
        elapsed = found[index - 1] + entries[index].seconds
        found[index] = max(known.get(index, elapsed), found[index - 1])
    return found


def _said(entry: Entry | Command) -> Iterator[float]:
    if isinstance(entry, Command):
        return
    text = json.dumps(entry.answer.data).replace('\\"', "'")
    if (found := _TICKET.search(text)) or (entry.method != "GET" and (found := _TASK.search(text))):
        yield int(found[1], 16)
