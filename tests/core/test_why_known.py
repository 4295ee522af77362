"""What one can ask about, and the words for it."""

from __future__ import annotations

from pve_auth_tui.core.why.known import (
    about_subject,
    act_words,
    counted_subjects,
    known_acts,
    known_subjects,
    permission_lines,
)
from tests.core.pictures import picture

CFG = """
user:root@pam:1:0:::::
user:ann@pve:1:0:Ann:Berg:a@x:operations::
token:ann@pve!ci:0:1:builds::
token:ann@pve!own:0:0:::
user:a!b@pve:1:0:::::
"""


def test_a_user_is_followed_by_its_tokens_and_each_has_a_few_words():
    known = [tuple(one) for one in known_subjects(picture(CFG))]
    assert ("ann@pve", "Ann Berg, operations") in known
    at = known.index(("ann@pve", "Ann Berg, operations"))
    assert known[at + 1 : at + 3] == [
        ("ann@pve!ci", "API token, builds"),
        ("ann@pve!own", "API token, without privilege separation"),
    ]
    assert about_subject(picture(CFG), "ann@pve!ci") == "API token, builds"
    assert about_subject(picture(CFG), "nobody@pve") == ""


def test_no_two_acts_have_the_same_words():
    for path in ("/", "/vms/100", "/storage/local", "/nodes/pve1", "/pool/lab", "/nonsense"):
        acts = known_acts(picture(CFG), path)
        assert len({act.text for act in acts}) == len(acts)
        assert {act.privilege for act in acts if act.text == act.privilege} >= {"VM.Audit"}


def test_words_that_mean_several_privileges_name_theirs():
    texts = {act.text: act.privilege for act in known_acts(picture(CFG), "/")}
    assert texts["see it (Datastore.Audit)"] == "Datastore.Audit"
    assert "see it" not in texts
    guests = {act.text: act.privilege for act in known_acts(picture(CFG), "/vms/100")}
    assert guests["see it"] == "VM.Audit"
    assert act_words("VM.PowerMgmt", "/vms/100") == "start and stop it"
    assert act_words("VM.PowerMgmt", "/storage/local") == ""


def test_users_and_tokens_are_counted_apart_and_a_user_may_have_an_exclamation_mark():
    assert counted_subjects(["a!b@pve", "ann@pve", "ann@pve!ci"]) == "2 users and 1 token"
    assert counted_subjects([]) == "nobody"


def test_lines_for_a_shell_take_names_literally():
    assert permission_lines("ann@pve", "/vms/100")[0] == (
        "pveum user permissions ann@pve --path /vms/100"
    )
    assert permission_lines("-x@pve", "/")[0] == "pveum user permissions --path / -- -x@pve"
    assert permission_lines("a;b@pve", "/")[1] == (
        "pvesh get /access/permissions --userid='a;b@pve' --path /"
    )
