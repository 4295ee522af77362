"""An explanation as JSON and as text for the terminal."""

import json

from pve_auth_tui.core.permissions import Permissions
from pve_auth_tui.core.why.asjson import explanation_json
from pve_auth_tui.core.why.astext import explanation_lines, privileges_text, step_rows
from pve_auth_tui.core.why.explain import explain
from tests.core.pictures import NOW, picture

LINES = (
    "user:ann@pve:1:0:::::",
    "user:ann@corp:1:0:::::",
    "token:ann@pve!ci:0:1::",
    "group:ops:ann@pve::",
    "acl:1:/vms:@ops:PVEVMUser:",
    "acl:0:/vms/100:ann@pve:PVEAuditor:",
    "acl:1:/vms:ann@pve!ci:PVEVMUser:",
)


def told(who="ann@pve", privilege="VM.PowerMgmt", path="/vms/100", lines=LINES):
    snapshot = picture(*lines, guests=((100, "web-01"),))
    return explain(snapshot, who, path, privilege, now=NOW)


def test_with_a_privilege_allowed_is_true_or_false():
    value = explanation_json(told())
    assert value["allowed"] is False
    assert (value["subject"], value["path"], value["privilege"]) == (
        *("ann@pve", "/vms/100"),
        "VM.PowerMgmt",
    )
    assert (value["usable"], value["reason"], value["propagates"]) == (True, "", False)
    assert value["steps"][0] == {
        "kind": "group",
        "path": "/vms",
        "entry": "@ops",
        "role": "PVEVMUser",
        "counts": False,
        "why": "replaced further down",
        "result": True,
    }
    assert explanation_json(told(privilege="VM.Audit"))["allowed"] is True


def test_without_a_privilege_allowed_is_exactly_what_pve_answers():
    value = explanation_json(told(privilege=""))
    snapshot = picture(*LINES)
    answer = Permissions(snapshot.access.value).answer("ann@pve", "/vms/100")["/vms/100"]
    assert value["allowed"] == answer == value["steps"][-1]["result"]
    assert value["privilege"] is None
    assert set(answer.values()) == {0}


def test_fixes_come_with_the_commands_that_do_them():
    fix = explanation_json(told())["fixes"][0]
    assert fix == {
        "title": "remove PVEAuditor of ann@pve on /vms/100",
        "effect": "leaves PVEVMUser (10 privileges)",
        "commands": [
            "pveum acl delete /vms/100 --roles PVEAuditor --users ann@pve",
        ],
    }


def test_the_user_of_a_token_has_an_explanation_of_its_own():
    value = explanation_json(told("ann@pve!ci"))
    assert value["allowed"] is False
    assert value["owner"]["subject"] == "ann@pve"
    assert value["owner"]["allowed"] is False
    assert explanation_json(told())["owner"] is None


def test_whether_somebody_can_use_it_may_be_unknown():
    value = explanation_json(told("ann@corp"))
    assert value["usable"] is None
    assert value["reason"].startswith("ann@corp depends on the directory")


def test_it_is_json():
    for who in ("ann@pve", "ann@pve!ci", "root@pam", "gone@pve"):
        for privilege in ("", "VM.Audit"):
            value = explanation_json(told(who, privilege))
            assert json.loads(json.dumps(value)) == value


# --- text -----------------------------------------------------------------------------------


def text(found):
    return [f"{line.heading:<12}{line.text}".rstrip() for line in explanation_lines(found)]


def test_the_text_is_the_drawing():
    assert text(told()) == [
        "Who         ann@pve (also: ann@corp)",
        "Does        start and stop it (VM.PowerMgmt)",
        "Where       /vms/100",
        "",
        "            NO. ann@pve can see VM 100 (web-01) but not start or stop it.",
        "            PVEAuditor of ann@pve on /vms/100 decides: it replaces what is further up. "
        "PVEAuditor has no VM.PowerMgmt; PVEVMUser of @ops on /vms would give it.",
        "",
        "              Path      Entry               Role        Counts?",
        "              /vms      @ops                PVEVMUser   no, replaced further down",
        "              /vms/100  ann@pve             PVEAuditor  YES: this decides",
        "              /pool     none has guest 100  -           no, one would add roles",
        "",
        "Log in      yes",
        "To allow it 1 remove PVEAuditor of ann@pve on /vms/100: leaves PVEVMUser (10 privileges)",
        "            2 change PVEAuditor of ann@pve on /vms/100 to PVEVMUser: then PVEVMUser (10 "
        "privileges)",
        "            3 give PVEVMUser on /vms/100 to ann@pve: then PVEAuditor and PVEVMUser (15 "
        "privileges)",
        "Allowed     Datastore.Audit, Mapping.Audit, Pool.Audit, SDN.Audit, Sys.Audit, VM.Audit "
        "and 1 more, not propagated",
    ]


def test_the_text_about_a_token_has_the_steps_of_its_user_too():
    lines = text(told("ann@pve!ci"))
    assert "User        ann@pve, whose API token it is" in lines
    assert "API         yes" in lines
    assert sum(line.endswith("Counts?") for line in lines) == 2


def test_names_in_the_text_cannot_harm_the_terminal():
    lines = ("user:\x1b[31m@pve:1:0:::::", "acl:1:/vms:\x1b[31m@pve:PVEVMUser:")
    found = told("\x1b[31m@pve", lines=lines)
    shown = "\n".join(text(found))
    assert "\x1b" not in shown
    assert "\\x1b[31m@pve" in shown


def test_a_step_is_a_row():
    assert step_rows(told().steps)[1] == (
        *("/vms/100", "ann@pve", "PVEAuditor"),
        "YES: this decides",
    )


def test_what_begins_with_no_is_said_once():
    assert step_rows(told("ann@corp").steps)[0][3] == "no entry on the way"


def test_a_privilege_that_is_not_passed_on_is_marked_among_others():
    lines = (*LINES, "role:Own:VM.Console:", "acl:1:/vms/100:ann@pve:Own:")
    assert privileges_text(told(lines=lines)).startswith("Datastore.Audit (not propagated), ")
    assert privileges_text(told("root@pam")).endswith(" and 41 more")


def test_no_privileges_are_no_privileges():
    assert privileges_text(told("ann@corp")) == "no privileges"
