"""What real PVE answered, read back: the same answers can be made of it again."""

import json
import re
from pathlib import Path

import pytest

from pve_auth_tui.core import answers, fromapi, fromapimore
from pve_auth_tui.core.domains import Domains, Realm

GOLDEN = Path(__file__).parents[1] / "conformance" / "golden"


def access(users=(), groups=(), roles=(), acl=()):
    return fromapi.user_config(list(users), list(groups), list(roles), list(acl), {})


RECORDED = {
    "/access/users": lambda answer: answers.users(access(users=answer), full=True),
    "/access/groups": lambda answer: answers.groups(access(groups=answer)),
    "/access/roles": lambda answer: answers.roles(access(roles=answer)),
    "/access/acl": lambda answer: answers.acl(
        access(roles=[{"roleid": row["roleid"]} for row in answer], acl=answer)
    ),
    "/access/tfa": lambda answer: answers.tfa(fromapi.tfa_config(answer), 0),
    "/access/domains": lambda answer: answers.domains(Domains(fromapimore.realm_list(answer))),
    "/cluster/jobs/realm-sync": lambda answer: answers.realm_sync_jobs(fromapimore.jobs(answer)),
    "/cluster/options": lambda answer: answers.cluster_options(fromapimore.datacenter(answer)),
}
LATER = {"realm-type", "next-run", "totp-locked", "tfa-locked-until"}
"""What comes from elsewhere: the realms, the calendar, tfa.cfg."""


def recorded(path):
    """The answers to GET of a path, and of all right below it where it ends with a slash."""
    for folder in ("api", "replay"):
        for file in sorted((GOLDEN / folder).glob("[0-9]*.json")):
            for call in json.loads(file.read_text()).get("calls", ()):
                start, name = re.fullmatch("(.*?)([^/]*)", str(call.get("path"))).groups()
                asked = start if path.endswith("/") else start + name
                if (call.get("method"), asked, call.get("status")) == ("GET", path, 200):
                    yield name, call["data"]


def comparable(answer):
    """Without what the file behind this answer does not hold, and in an order of its own."""
    if isinstance(answer, dict):
        return {name: value for name, value in answer.items() if name not in LATER}
    return sorted(
        (comparable(row) for row in answer), key=lambda row: json.dumps(row, sort_keys=True)
    )


@pytest.mark.parametrize("path", RECORDED)
def test_recorded_answers_give_the_same_answers_again(path):
    count = 0
    for _, answer in recorded(path):
        if path == "/cluster/options" and fromapimore.is_for_everybody(answer):
            continue
        again = RECORDED[path](answer)
        if path == "/access/users":  # without `full` there are no groups and tokens
            wanted = [{"groups": "", "tokens": None, **row} for row in answer]
        else:
            wanted = answer
        assert comparable(again) == comparable(wanted)
        count += 1
    assert count


def test_recorded_realms_give_the_same_answers_again():
    count = 0
    for name, answer in recorded("/access/domains/"):
        again = fromapimore.domains({name: Realm(name, None)}, {name: answer})
        assert answers.domain(again, name) == answer
        count += 1
    assert count
