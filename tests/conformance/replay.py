"""The replay family: recorded calls that start from an empty configuration.

Every entry counts: calls, and commands by whether they succeeded. Files that a topic leaves
and that are not as recorded make its last entry unequal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from pve_auth_tui.simnode.faults import Faults
from tests.conformance.family import Family
from tests.conformance.recording import Topic, topics
from tests.conformance.replaying import Scene, line, replayed
from tests.conformance.start import Stage

NAME = "replay"

OnStage = Callable[[Topic], Scene]


def run(folder: Path, host: Mapping[str, bytes]) -> Family:
    """All topics of a folder of recordings; `host`: files of the node beside /etc/pve's."""
    return compared(topics(folder, NAME), on_stage(host))


def on_stage(host: Mapping[str, bytes]) -> OnStage:
    """How a topic's node is set up."""
    return lambda topic: Stage(topic.start, host, Faults())


def compared(recorded: Iterable[Topic], set_up: OnStage, *, exact_files: bool = True) -> Family:
    """Topics against the nodes that `set_up` makes for them."""
    total, differences = 0, []
    for topic in recorded:
        result = replayed(topic, set_up(topic), exact_files=exact_files)
        wrong = {index: text for index, text in result.differences.items() if text}
        if result.files:
            last = topic.entries[-1].index
            wrong[last] = "; ".join(filter(None, (wrong.get(last), *result.files)))
        total += len(topic.entries)
        missing = {entry.index for entry in topic.entries} - result.differences.keys()
        wrong |= dict.fromkeys(missing, "not replayed")
        differences += [line(NAME, topic, index, text) for index, text in sorted(wrong.items())]
    return Family(NAME, total, total - len(differences), tuple(differences))
