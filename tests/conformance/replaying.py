"""One recorded topic against a node: which of its entries are not answered as recorded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from tests.conformance import leftfiles
from tests.conformance.clock import times
from tests.conformance.comparison import Comparison
from tests.conformance.http import Client, Door, Login, NoCredentials
from tests.conformance.recording import Answer, Command, Entry, Topic


class Scene(Protocol):
    """The node that is asked, and what is known of the moment of each call."""

    @property
    def door(self) -> Door:
        """What takes the requests."""

    def expect(self, when: float, recorded: Answer | None) -> None:
        """Be ready for what happens at a time (seconds since 1970)."""

    def login(self, user: str) -> Login:
        """A login that the recording does not show."""

    def run(self, words: Sequence[str]) -> bool | None:
        """Run a command; whether it succeeded, None for one that is not carried out."""

    def left(self) -> Mapping[str, bytes]:
        """The files below /etc/pve now."""


@dataclass
class Result:
    """`differences`: entry -> what was not equal, "" for what was; `files` that were not."""

    differences: dict[int, str] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    used: set[str] = field(default_factory=set)  # names of artefacts

    def wrong(self, counted: Sequence[int]) -> dict[int, str]:
        """Entry -> difference, in order; files that are not equal make the last one unequal."""
        found = {index: self.differences.get(index, "not replayed") for index in counted}
        if self.files:
            found[counted[-1]] = "; ".join(filter(None, (found[counted[-1]], *self.files)))
        return {index: text for index, text in found.items() if text}


def replayed(
    topic: Topic,
    scene: Scene,
    *,
    left_out: Collection[int] = (),
    before: Callable[[int], None] = lambda index: None,
    exact_files: bool = True,
) -> Result:
    """Make all calls of a topic but those left out; `before` each entry breaks or mends the node.

    A command that changes nothing stands in no result.
    """
    result, comparison = Result(), Comparison()
    client = Client(comparison, scene.login)
    for entry, when in zip(topic.entries, times(topic), strict=True):
        if entry.index in left_out:
            continue
        before(entry.index)
        if isinstance(entry, Command):
            scene.expect(when, None)
            wrong = _not_done(entry, scene)
            if wrong is not None:
                result.differences[entry.index] = wrong
            continue
        scene.expect(when, entry.answer)
        result.differences[entry.index] = _difference(entry, when, client, scene.door)
    result.files += leftfiles.differences(topic.after, scene.left(), comparison, exact=exact_files)
    result.used |= comparison.used
    return result


def _not_done(entry: Command, scene: Scene) -> str | None:
    try:
        succeeded = scene.run(entry.words)
    except Exception as error:  # noqa: BLE001 (as below)
        return f"broke: {error!r}"
    if succeeded is None:
        return None
    return "" if succeeded == entry.succeeded else f"succeeded: {succeeded}"


def _difference(entry: Entry, when: float, client: Client, door: Door) -> str:
    try:
        reply = door.answer(client.request(entry, when))
        return client.difference(entry, reply)
    except NoCredentials as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 (whatever breaks is an answer that is not equal)
        return f"broke: {error!r}"


def line(family: str, topic: Topic, index: int, difference: str) -> str:
    """A difference as the report has it: family, topic, number, call, what was not equal."""
    entry = topic.entries[index]
    call = f"{entry.method} {entry.path}" if isinstance(entry, Entry) else " ".join(entry.words)
    return f"{family} {topic.name} {index} {call}: {difference}"
