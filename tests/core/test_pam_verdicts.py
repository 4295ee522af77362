"""What PAM's files let in: root always, nobody with a wrong password, no lost policy."""

from __future__ import annotations

import pytest

from pve_auth_tui.core.host.ports import Look
from pve_auth_tui.core.pam.model import PamCheck, Phase, Place
from pve_auth_tui.core.pam.report import PVE
from tests.core.pamnode import FRESH, JOINED, PamNode, common

AUTH = "/etc/pam.d/common-auth"
ACCOUNT = "/etc/pam.d/common-account"
UNIX = "auth\t[success=1 default=ignore]\tpam_unix.so nullok\n"


def pve(node: PamNode, phase: Phase = Phase.AUTH) -> PamCheck:
    found = node.report().of(PVE, phase)
    assert found is not None
    return found


# --- as Debian has it ----------------------------------------------------------------------------


@pytest.mark.parametrize("files", [FRESH, JOINED], ids=["fresh", "joined"])
def test_what_debian_installs_is_well(files: dict[str, str]) -> None:
    report = PamNode(files).report()
    assert [one.word for one in report.checks] == ["ok"] * 8
    assert not report.everything
    assert report.root.text == "root logs in without AD"
    assert report.for_join.text == "root logs in without AD, before and after"


def test_pve_has_no_file_of_its_own_so_other_decides() -> None:
    node = PamNode(JOINED)
    lines = pve(node).lines
    assert [line.place for line in lines] == [Place(AUTH, 5), Place(AUTH, 10)]
    assert [line.why for line in lines] == ["success: jumps to common-auth:10", "success: yes"]
    node.put("other", "auth required pam_deny.so\naccount required pam_deny.so\n")
    assert pve(node).word == pve(node, Phase.ACCOUNT).word == "BAD"
    assert node.words()["login auth"] == "ok"


def test_a_file_of_pves_own_comes_first() -> None:
    node = PamNode()
    node.put(PVE, "auth required pam_unix.so\naccount required pam_permit.so\n")
    node.put("other", "auth required pam_deny.so\naccount required pam_deny.so\n")
    assert pve(node).word == "ok"
    assert pve(node).lines[0].place == Place(f"/etc/pam.d/{PVE}", 1)


def test_sshd_is_looked_at_where_there_is_one() -> None:
    files = {name: text for name, text in FRESH.items() if name != "sshd"}
    node = PamNode(files)
    assert {one.word for one in node.report().checks if one.service == "sshd"} == {"-"}
    node.looks["/usr/sbin/sshd"] = Look("file", 0o755, 0, 1)
    assert node.words()["sshd auth"] == "ok"


# --- a wrong password ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        "auth sufficient pam_permit.so",
        "auth [success=done default=ignore] pam_permit.so",
        "auth sufficient pam_rootok.so",
        "auth sufficient pam_succeed_if.so user ingroup admins",
        "auth optional pam_faildelay.so\nauth sufficient pam_localuser.so",
        "auth sufficient pam_faillock.so preauth",
    ],
)
def test_a_yes_before_the_password_lets_anybody_in(line: str) -> None:
    node = PamNode(JOINED)
    node.top("common-auth", line)
    check = pve(node)
    assert (check.word, check.findings[0].cause) == ("BAD", "anyone-gets-in")
    finding = check.findings[0]
    assert finding.places == (Place(AUTH, line.count("\n") + 1),)
    assert "outside of its own lines" in finding.fix
    assert check.lines[-1].why == "success: yes, and done"
    assert node.report().root.word == "BAD"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("requisite\t\t\tpam_deny.so", "optional\t\t\tpam_deny.so"),
        ("auth\trequisite\t\t\tpam_deny.so\n", ""),
        ("[success=1 default=ignore]\tpam_unix", "[success=1 default=1]\tpam_unix"),
        (
            "[success=1 default=ignore]\tpam_unix",
            "optional\tpam_permit.so\nauth optional\tpam_unix",
        ),
    ],
)
def test_without_a_no_behind_the_password_anybody_gets_in(old: str, new: str) -> None:
    node = PamNode()
    node.change("common-auth", old, new)
    if "pam_unix" in old and "permit" in new:
        node.change("common-auth", "requisite\t\t\tpam_deny.so", "optional pam_deny.so")
    assert "anyone-gets-in" in {one.cause for one in pve(node).findings}


def test_another_factor_that_is_enough_alone_is_told_apart_from_a_hole() -> None:
    node = PamNode()
    node.modules.add("pam_u2f.so")
    node.top("common-auth", "auth sufficient pam_u2f.so cue")
    check = pve(node)
    assert (check.word, check.findings[0].cause) == ("LOOK", "another-factor-is-enough")


def test_a_second_factor_behind_the_password_may_keep_root_out() -> None:
    node = PamNode()
    node.modules.add("pam_u2f.so")
    node.change("common-auth", UNIX, UNIX.replace("success=1", "success=ok"))
    node.put("common-auth", common("auth", UNIX, "auth\trequired\tpam_u2f.so\n"))
    check = pve(node)
    assert [one.cause for one in check.findings] == ["root-depends"]
    assert check.findings[0].places == (Place(AUTH, 9 + 2),)


# --- root ----------------------------------------------------------------------------------------


def test_a_result_that_is_ignored_and_done_is_no_yes() -> None:
    node = PamNode()
    node.top("common-auth", "auth [default=done] pam_faildelay.so")
    assert pve(node).findings[0].cause == "root-locked-out"


@pytest.mark.parametrize("count", [2, 3, 9])
def test_a_jump_that_lands_wrong_keeps_root_out(count: int) -> None:
    node = PamNode()
    node.change("common-auth", "success=1", f"success={count}")
    finding = pve(node).findings[0]
    assert (finding.word, finding.cause) == ("BAD", "wrong-jump")
    assert finding.places == (Place(AUTH, 5),)


def test_a_line_put_between_makes_a_jump_land_on_pam_deny() -> None:
    node = PamNode(JOINED)
    node.change(
        "common-auth",
        "auth\t[success=1 default=ignore]\tpam_sss",
        "auth optional pam_faildelay.so\nauth\t[success=1 default=ignore]\tpam_sss",
    )
    finding = pve(node).findings[0]
    assert finding.cause == "wrong-jump"
    assert f"jumps over 2 lines: on {AUTH}:9 (pam_deny)" in finding.meaning


def test_a_directory_before_pam_unix_is_waited_for() -> None:
    node = PamNode()
    node.put(
        "common-auth",
        "auth [success=2 default=ignore] pam_sss.so\n"
        "auth [success=1 default=ignore] pam_unix.so try_first_pass\n"
        "auth requisite pam_deny.so\nauth required pam_permit.so\n",
    )
    report = node.report()
    assert [one.cause for one in pve(node).findings] == ["directory-first"]
    assert report.root.word == "LOOK"


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("auth required pam_sss.so", "root-locked-out"),
        ("auth requisite pam_sss.so ignore_unknown_user", "root-needs-directory"),
        (
            "auth requisite pam_sss.so ignore_unknown_user ignore_authinfo_unavail",
            "directory-first",
        ),
        ("auth [success=ok user_unknown=ignore default=die] pam_sss.so", "root-needs-directory"),
    ],
)
def test_root_must_not_need_a_directory(line: str, cause: str) -> None:
    node = PamNode()
    node.top("common-auth", line)
    assert pve(node).findings[0].cause == cause


def test_without_pam_localuser_a_dead_sssd_keeps_root_out_of_the_account_phase() -> None:
    node = PamNode(JOINED)
    node.change("common-account", "account\tsufficient\t\t\tpam_localuser.so \n", "")
    finding = pve(node, Phase.ACCOUNT).findings[0]
    assert (finding.word, finding.cause) == ("BAD", "root-needs-directory")
    assert finding.places == (Place(ACCOUNT, 11),)


def test_a_missing_module_is_a_no_where_its_line_counts() -> None:
    node = PamNode()
    node.modules.discard("pam_unix.so")
    assert pve(node).findings[0].cause == "root-locked-out"
    assert "module-missing" in node.causes()


def test_a_missing_module_that_may_be_missing_is_not_told() -> None:
    node = PamNode()
    node.modules -= {"pam_selinux.so"}
    assert "module-missing" not in node.causes()
    node.top("common-session", "-session optional pam_gone.so", "session optional pam_lost.so")
    missing = [one for one in node.report().everything if one.cause == "module-missing"]
    assert [one.places for one in missing] == [(Place("/etc/pam.d/common-session", 2),)]
    assert node.words()["login session"] == "ok"


def test_a_session_that_needs_the_directory_ends_a_console_login() -> None:
    node = PamNode(JOINED)
    node.change("common-session", "optional\t\t\tpam_sss.so", "required\t\t\tpam_sss.so")
    assert node.words()["login session"] == "BAD"


# --- everybody else ------------------------------------------------------------------------------


def test_users_of_the_directory_whose_jump_is_wrong_are_told() -> None:
    node = PamNode(JOINED)
    node.change(
        "common-auth", "[success=1 default=ignore]\tpam_sss", "[success=2 default=ignore]\tpam_sss"
    )
    check = pve(node)
    assert [one.cause for one in check.findings] == ["directory-users-refused"]
    assert check.word == "LOOK"
    assert "at the end of the stack, with no yes on the way" in check.findings[0].meaning


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("account\t[default=bad success=ok user_unknown=ignore]\tpam_sss.so \n", ""),
        ("[default=bad success=ok user_unknown=ignore]\tpam_sss", "optional pam_sss"),
    ],
)
def test_a_login_policy_that_nobody_asks_is_bad(old: str, new: str) -> None:
    node = PamNode(JOINED)
    node.change("common-account", old, new)
    assert pve(node, Phase.ACCOUNT).findings[0].cause == "policy-not-heard"


def test_an_expired_account_that_gets_through_is_told() -> None:
    node = PamNode()
    node.put("common-account", "account required pam_permit.so\n")
    check = pve(node, Phase.ACCOUNT)
    assert [one.cause for one in check.findings] == ["expired-gets-in"]


# --- files ---------------------------------------------------------------------------------------


def test_what_libpam_cannot_load_lets_nobody_in() -> None:
    node = PamNode()
    node.put("other", "@include common-gone\n")
    report = node.report()
    assert [one.word for one in report.checks] == ["BAD"] * 8
    assert {one.cause for one in report.everything} == {"not-loaded"}
    assert "includes common-gone, which is not there" in pve(node).text


def test_what_libpam_leaves_to_chance_is_bad_in_its_phase_alone() -> None:
    node = PamNode()
    node.put("login", "auth include mine\n@include common-account\n@include common-session\n")
    node.put("mine", "@include common-gone\nauth required pam_permit.so\n")
    words = node.words()
    assert (words["login auth"], words["login account"]) == ("BAD", "ok")
    assert node.causes() == {"left-to-chance"}
    node.put("other", "@include login\n")
    assert node.report().root.word == "BAD"


def test_an_include_of_itself_is_bad_everywhere() -> None:
    node = PamNode()
    node.put("login", "auth include login\n@include common-account\n")
    words = node.words()
    assert (words["login auth"], words["login account"]) == ("BAD", "BAD")
    assert node.causes() == {"left-to-chance"}


def test_a_service_without_a_line_for_a_phase_is_refused() -> None:
    node = PamNode()
    node.put("other", "auth required pam_unix.so\n")
    assert pve(node, Phase.ACCOUNT).findings[0].cause == "no-lines"


def test_line_ends_of_windows_are_told_as_such() -> None:
    node = PamNode()
    node.put("common-auth", node.files[AUTH].replace("\n", "\r\n"))
    assert pve(node).word == "BAD"
    assert "carriage-return" in node.causes()


def test_who_else_can_write_a_file_is_bad() -> None:
    node = PamNode()
    node.looks[AUTH] = Look("file", 0o664, 0, 1)
    node.looks["/etc/pam.d"] = Look("folder", 0o777, 33, 0)
    assert {one.text for one in node.report().everything} == {
        f"{AUTH} can be written by others (0664)",
        "/etc/pam.d can be written by others (0777)",
        "/etc/pam.d belongs to UID 33",
    }
    assert node.report().worst == "BAD"


def test_a_module_that_others_can_write_is_bad() -> None:
    node = PamNode()
    node.looks[f"{node.folder}/pam_unix.so"] = Look("file", 0o646, 0, 1)
    assert node.causes() == {"file-writable"}


@pytest.mark.parametrize(
    ("path", "text", "cause"),
    [
        ("/etc/pam.conf", "# only this\nlogin auth required pam_deny.so\n", "pam-conf"),
        ("/etc/nologin", "", "nologin"),
        ("/etc/pam.d/common-auth", f"# {'x' * 1030}\n{FRESH['common-auth']}", "line-too-long"),
        ("/etc/pam.d/common-auth", f"auht required x.so\n{FRESH['common-auth']}", "line-rejected"),
    ],
)
def test_what_else_is_wrong_with_files(path: str, text: str, cause: str) -> None:
    node = PamNode()
    node.files[path] = text
    assert cause in node.causes()


def test_nologin_does_not_keep_root_out() -> None:
    node = PamNode()
    node.files["/etc/nologin"] = ""
    assert set(node.words().values()) == {"ok"}


def test_where_no_module_can_be_found_none_is_called_missing() -> None:
    node = PamNode()
    node.folder = "/opt/security"
    assert node.causes() == {"modules-not-found"}


def test_rules_of_pam_access_are_not_guessed() -> None:
    node = PamNode()
    node.top("common-account", "account required pam_access.so")
    assert pve(node, Phase.ACCOUNT).findings[0].cause == "root-depends"
    node.files["/etc/security/access.conf"] = "# nothing but comments\n"
    assert pve(node, Phase.ACCOUNT).word == "ok"


@pytest.mark.parametrize(
    ("rule", "word"),
    [
        ("uid >= 1000", "BAD"),
        ("uid < 1000", "ok"),
        ("user = root", "ok"),
        ("user != root", "BAD"),
        ("quiet uid eq 0", "ok"),
        ("user ingroup wheel", "LOOK"),
    ],
)
def test_a_rule_of_roots_uid_or_name_is_plain(rule: str, word: str) -> None:
    node = PamNode()
    node.top("common-account", f"account requisite pam_succeed_if.so {rule}")
    assert pve(node, Phase.ACCOUNT).word == word


def test_worse_comes_first_and_each_finding_once() -> None:
    node = PamNode(JOINED)
    node.top("common-auth", "auth sufficient pam_permit.so", "auth nonsense pam_permit.so")
    found = node.report().everything
    assert [one.word for one in found] == sorted(one.word for one in found)
    assert len(found) == len(set(found))
