"""The api family: calls that were recorded on a node that had already been worked with.

Each topic starts from the files that START.json has for it, or from those that follow from what
the topic itself left (`_STARTS`). What is not counted stands in `leftout`, with the reason; nor
are commands, which are no calls of the API: those that change something are carried out.
Files that a topic leaves and that are not as recorded make its last call unequal.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from pve_auth_tui.simnode.faults import Faults
from tests.conformance.family import Family, not_counted
from tests.conformance.leftout import left_out
from tests.conformance.recording import Files, Topic, topics
from tests.conformance.replaying import Scene, line, replayed
from tests.conformance.start import Stage, earlier_tasks

NAME = "api"
OK = 200


COMMANDS = "commands and notes, which are no calls of the API"


# --- start ---


def _own_end(topic: Topic, others: Mapping[str, Topic]) -> Files:
    """It left nothing of what it made, or could write nothing."""
    return topic.after


def _after_passwords(topic: Topic, others: Mapping[str, Topic]) -> Files:
    before = others.get("08-password", topic)
    return before.after if before is not topic else topic.start


def _but_from_its_end(*names: str) -> Callable[[Topic, Mapping[str, Topic]], Files]:
    """The recorder had changed these files since the topic before; no call of this one does."""
    return lambda topic, others: {**topic.start, **{name: topic.after[name] for name in names}}


def _but_with_lines_of_its_end(*starts: str) -> Callable[[Topic, Mapping[str, Topic]], Files]:
    """The same for single lines of user.cfg."""

    def start(topic: Topic, others: Mapping[str, Topic]) -> Files:
        then, end = ((files["user.cfg"] or "").splitlines() for files in (topic.start, topic.after))
        newer = {one: line for line in end for one in starts if line.startswith(one)}
        lines = [next((newer[one] for one in newer if line.startswith(one)), line) for line in then]
        return {**topic.start, "user.cfg": "".join(f"{line}\n" for line in lines)}

    return start


def _before_its_users(topic: Topic, others: Mapping[str, Topic]) -> Files:
    """What it left, without the users that it made and the options that it set."""
    made = {
        call.params["userid"]
        for call in topic.calls
        if (call.method, call.path, call.answer.status) == ("POST", "/access/users", OK)
    }
    options = {
        name for call in topic.calls if call.path == "/cluster/options" for name in call.params
    }
    after = {name: text or "" for name, text in topic.after.items()}
    second_factors = json.loads(after["priv/tfa.cfg"] or "{}").get("users", {})
    kept = {user: entry for user, entry in second_factors.items() if user not in made}
    return {
        **topic.after,
        "user.cfg": _without(after["user.cfg"], {f"user:{user}" for user in made}),
        "priv/shadow.cfg": _without(
            after["priv/shadow.cfg"], {user.partition("@")[0] for user in made}
        ),
        "priv/tfa.cfg": json.dumps({"users": kept} if kept else {}),
        "datacenter.cfg": _without(after["datacenter.cfg"], options),
    }


def _without(text: str, starts: Iterable[str]) -> str:
    lines = text.splitlines(keepends=True)
    return "".join(one for one in lines if not one.startswith(tuple(f"{s}:" for s in starts)))


def _as_recorded(topic: Topic, others: Mapping[str, Topic]) -> Files:
    return topic.start


# Topics for which START.json names no files, though there were some; or not quite the right ones.
_STARTS: Mapping[str, Callable[[Topic, Mapping[str, Topic]], Files]] = {
    "09-domains": _after_passwords,
    "10-domain-sync": _but_from_its_end("priv/shadow.cfg"),
    "11-sync-jobs": _own_end,
    "12-cluster-options": _before_its_users,
    "13-tfa": _before_its_users,
    "14-tfa-lockout": _but_with_lines_of_its_end("user:root@pam:", "acl:1:/:"),
    "15-root-tfa": _but_from_its_end("domains.cfg"),
    "18-ipc-refused": _own_end,
    "19-no-quorum-tfa-login": _own_end,
}


# --- faults ---


def _lock_held(topic: Topic, index: int, faults: Faults) -> None:
    """Until the last entry, which was made after the lock was gone."""
    faults.held_locks = {"file-user_cfg"} if index < topic.entries[-1].index else set()


def _no_quorum(topic: Topic, index: int, faults: Faults) -> None:
    faults.quorate = False


def _no_ipc(topic: Topic, index: int, faults: Faults) -> None:
    faults.dead = {"pmxcfs"}


_FAULTS: Mapping[str, Callable[[Topic, int, Faults], None]] = {
    "-locks": _lock_held,
    "-no-quorum": _no_quorum,
    "-ipc-refused": _no_ipc,
}


def breaking(topic: Topic, faults: Faults) -> Callable[[int], None]:
    """What is broken before each entry of a topic; its name tells."""
    found = [fault for name, fault in _FAULTS.items() if name in topic.name]

    def before(index: int) -> None:
        for fault in found:
            fault(topic, index, faults)

    return before


# --- the family ---

OnStage = Callable[[Topic, Files, Faults], Scene]


def run(folder: Path, host: Mapping[str, bytes]) -> Family:
    """All topics of a folder of recordings; `host`: files of the node beside /etc/pve's."""
    return compared(topics(folder, NAME), on_stage(host))


def on_stage(host: Mapping[str, bytes]) -> OnStage:
    """How a topic's node is set up."""
    return lambda topic, start, faults: Stage(start, {**host, **earlier_tasks(topic)}, faults)


def compared(recorded: Iterable[Topic], set_up: OnStage, *, exact_files: bool = True) -> Family:
    """Topics against the nodes that `set_up` makes for them."""
    total, differences, artefacts = 0, [], set()
    reasons: dict[str, list[str]] = {}
    by_name = {topic.name: topic for topic in recorded}
    for topic in by_name.values():
        skipped = left_out(topic)
        for index, reason in skipped.items():
            reasons.setdefault(reason, []).append(f"{topic.name} {index}")
        counted = [call.index for call in topic.calls if call.index not in skipped]
        commands = len(topic.entries) - len(topic.calls)
        if commands:
            reasons.setdefault(COMMANDS, []).append(f"{topic.name} ({commands})")
        if not counted:
            continue
        faults = Faults()
        start = _STARTS.get(topic.name, _as_recorded)(topic, by_name)
        result = replayed(
            topic,
            set_up(topic, start, faults),
            left_out=skipped,
            before=breaking(topic, faults),
            exact_files=exact_files,
        )
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
