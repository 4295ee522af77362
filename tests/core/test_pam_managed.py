"""What pam-auth-update wrote, what it would write, and what a join would make of it."""

from __future__ import annotations

import pytest

from pve_auth_tui.core.pam.managed import Managed
from pve_auth_tui.core.pam.model import Phase, Place
from pve_auth_tui.core.pam.profiles import (
    MKHOMEDIR,
    SSS,
    UNIX,
    block,
    chosen,
    expected,
    in_short,
    profile,
    rewritten,
)
from pve_auth_tui.core.pam.report import PVE
from tests.core.pamnode import FRESH, JOINED, PamNode
from tests.core.replay import transcript

PROFILES = [profile("unix", UNIX), profile("sss", SSS), profile("mkhomedir", MKHOMEDIR)]
AUTH = "/etc/pam.d/common-auth"


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_the_profiles_give_what_pam_auth_update_wrote_there(suite: str) -> None:
    text = transcript("pam-before-mkhomedir", suite).said.text
    found = block(text.partition("# /etc/pam.d/common-session")[0])
    assert found is not None
    wanted = expected("auth", PROFILES, "Primary")
    assert [in_short(line) for _, line in found.primary] == [in_short(line) for line in wanted]
    assert [line.split("\t")[1] for line in wanted] == [
        "[success=2 default=ignore]",
        "[success=1 default=ignore]",
    ]


@pytest.mark.parametrize("suite", ["bookworm", "trixie"])
def test_the_session_lines_come_in_its_order(suite: str) -> None:
    text = transcript("pam-after-mkhomedir", suite).said.text
    found = block(text)
    assert found is not None
    systemd = profile(
        "systemd", "Priority: 0\nSession-Type: Additional\nSession:\n optional x.so\n"
    )
    wanted = expected("session", [*PROFILES, systemd], "Additional")
    modules = [in_short(line).module for _, line in found.additional]
    assert modules == ["pam_unix.so", "pam_sss.so", "pam_systemd.so", "pam_mkhomedir.so"]
    assert [in_short(line).module for line in wanted] == [
        "pam_unix.so",
        "pam_sss.so",
        "x.so",
        "pam_mkhomedir.so",
    ]


def test_a_profile_of_interactive_sessions_alone_stays_out_of_the_others() -> None:
    lines = expected("session-noninteractive", PROFILES, "Additional")
    assert [in_short(line).module for line in lines] == ["pam_unix.so"]


def test_without_a_primary_profile_there_is_a_line_that_jumps() -> None:
    assert expected("session", PROFILES, "Primary") == ("session\t[default=1]\t\t\tpam_permit.so",)


def test_final_is_another_name_for_the_lines() -> None:
    one = profile("cap", "Auth-Type: Additional\nAuth-Final:\n\toptional pam_cap.so\n")
    assert expected("auth", [one], "Additional") == ("auth\toptional pam_cap.so",)


def test_what_is_chosen_stands_in_what_it_has_saved() -> None:
    assert chosen("Module: unix\n[success=end] pam_unix.so\nModule: sss\nx\n") == ("unix", "sss")


def test_a_file_is_written_anew_between_its_marks_alone() -> None:
    text = "auth sufficient own.so\n" + FRESH["common-auth"]
    made = rewritten(text, "auth", PROFILES)
    assert made is not None
    assert made.startswith("auth sufficient own.so\n")
    assert made.count("pam_sss.so") == 1
    assert rewritten("auth required pam_unix.so\n", "auth", PROFILES) is None


# --- on a node -----------------------------------------------------------------------------------


def node(files: dict[str, str] = JOINED) -> PamNode:
    made = PamNode(files)
    made.chosen("unix", "sss", "mkhomedir", "systemd")
    return made


def test_blocks_as_the_profiles_give_them_are_well() -> None:
    assert not node().report().everything


def test_an_edited_jump_is_told_with_the_line_that_force_overwrites() -> None:
    made = node()
    made.change("common-auth", "success=2", "success=1")
    found = {one.cause: one for one in made.report().everything}
    assert set(found) == {"wrong-jump", "block-edited"}
    assert found["block-edited"].places == (Place(AUTH, 5),)
    for one in found.values():
        assert one.fix.startswith("pam-auth-update --force ")
        assert f"It overwrites line 5 of {AUTH}." in one.fix


def test_arguments_of_somebodys_own_are_kept_and_not_told() -> None:
    made = node()
    made.change("common-auth", "pam_unix.so nullok", "pam_unix.so nullok nodelay")
    assert not made.report().everything


def test_a_line_taken_out_of_a_block_is_told() -> None:
    made = node()
    made.change("common-account", "account\tsufficient\t\t\tpam_localuser.so \n", "")
    assert "block-edited" in made.causes()


def test_what_force_keeps_is_not_said_to_be_mended_by_it() -> None:
    made = node()
    made.change("common-auth", "auth\trequisite", "auth optional pam_faildelay.so\nauth\trequisite")
    found = {one.cause: one for one in made.report().everything}
    assert set(found) == {"wrong-jump", "directory-users-refused", "fallback-edited"}
    for one in found.values():
        assert one.fix.startswith("Put Debian's two lines back")


def test_a_profile_that_is_gone_since_leaves_nothing_to_compare_with() -> None:
    made = node()
    made.files["/var/lib/pam/auth"] += "Module: gone\nx\n"
    made.change("common-auth", "success=2", "success=1")
    assert "block-edited" not in made.causes()


def test_a_name_of_a_profile_leads_nowhere_else() -> None:
    made = node()
    made.files["/var/lib/pam/auth"] = "Module: ../../../etc/shadow\nx\n"
    made.files["/usr/share/pam-configs/../../../etc/shadow"] = "secret"
    assert not made.report().everything


# --- a join --------------------------------------------------------------------------------------


def test_after_a_join_the_files_are_those_that_debian_writes() -> None:
    made = PamNode()
    made.chosen("unix", "systemd")
    changed = Managed(made.files.get).after_join()
    assert changed is not None
    for kind in ("auth", "account", "session"):
        text = changed[f"/etc/pam.d/common-{kind}"]
        want, have = block(JOINED[f"common-{kind}"]), block(text)
        assert want is not None
        assert have is not None
        for wanted, there in ((want.primary, have.primary), (want.additional, have.additional)):
            assert [in_short(line) for _, line in there] == [in_short(line) for _, line in wanted]


def test_what_is_wrong_now_and_what_a_join_mends_are_told_apart() -> None:
    made = PamNode()
    made.change("common-auth", "success=1", "success=2")
    report = made.report()
    assert (report.root.word, report.after.word) == ("BAD", "ok")
    assert report.for_join == report.root


def test_a_line_that_would_stand_in_the_way_only_after_a_join_is_told_before() -> None:
    made = PamNode()
    made.change(
        "common-account",
        "account\trequired\t\t\tpam_permit.so\n",
        "account\trequired\t\t\tpam_permit.so\naccount requisite pam_localuser.so\n",
    )
    assert made.report().for_join.word == "ok"
    made.files["/usr/share/pam-configs/sss"] = SSS.replace(
        "sufficient\t\t\tpam_localuser.so", "required\tpam_sss.so"
    )
    report = made.report()
    assert (report.root.word, report.after.word) == ("ok", "BAD")
    assert report.for_join.text.startswith("after a join: root does not get in")


def test_files_that_pam_auth_update_does_not_manage_stay_as_they_are() -> None:
    made = PamNode()
    made.put("common-auth", "auth required pam_unix.so\n")
    report = made.report()
    assert (report.root.word, report.after.word) == ("ok", "LOOK")
    assert "does not manage common-auth" in report.for_join.text


# --- recorded ------------------------------------------------------------------------------------


def recorded(name: str) -> str:
    lines = transcript(name, "host").said.out
    return "".join(f"{line}\n" for line in lines if line.startswith("auth"))


def test_the_recorded_stack_is_well() -> None:
    made = PamNode(JOINED)
    made.put("common-auth", recorded("pam-verify"))
    found = made.report().of(PVE, Phase.AUTH)
    assert found is not None
    assert found.word == "ok"


def test_the_recorded_edit_that_pam_auth_update_keeps_is_found() -> None:
    said = transcript("pam-edited", "host").said
    assert said.code == 0
    assert "rc=0" in said.text
    made = PamNode(JOINED)
    made.put("common-auth", recorded("pam-edited"))
    found = made.report().of(PVE, Phase.AUTH)
    assert found is not None
    assert found.text == f"a wrong password gets in by {AUTH}:1 (pam_permit)"
