"""The replay family: recorded calls that start from an empty configuration.

Every entry counts: calls, and commands by whether they succeeded. Files that a topic leaves
and that are not as recorded make its last entry unequal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from pve_auth_tui.simnode.faults import Faults
from tests.conformance.family import Family, not_counted
from tests.conformance.leftout import left_out
from tests.conformance.recording import Topic, topics
from tests.conformance.replaying import Scene, line, replayed
from tests.conformance.start import Stage, earlier_tasks

NAME = "replay"

OnStage = Callable[[Topic], Scene]


def run(folder: Path, host: Mapping[str, bytes]) -> Family:
    """All topics of a folder of recordings; `host`: files of the node beside /etc/pve's."""
    return compared(topics(folder, NAME), on_stage(host))


def on_stage(host: Mapping[str, bytes]) -> OnStage:
    """How a topic's node is set up."""
    return lambda topic: Stage(topic.start, {**host, **earlier_tasks(topic)}, Faults())


def compared(recorded: Iterable[Topic], set_up: OnStage, *, exact_files: bool = True) -> Family:
    """Topics against the nodes that `set_up` makes for them."""
    total, differences, artefacts = 0, [], set()
    reasons: dict[str, list[str]] = {}
    for topic in recorded:
        skipped = left_out(topic)
        for index, reason in skipped.items():
            reasons.setdefault(reason, []).append(f"{topic.name} {index}")
        counted = [entry.index for entry in topic.entries if entry.index not in skipped]
        result = replayed(topic, set_up(topic), left_out=skipped, exact_files=exact_files)
        wrong = result.wrong(counted)
        total += len(counted)
        artefacts |= result.used
        differences += [line(NAME, topic, index, text) for index, text in wrong.items()]
    return Family(
        NAME,
        total,
        total - len(differences),
        tuple(differences),
        not_counted(reasons),
        frozenset(artefacts),
    )
