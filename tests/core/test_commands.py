"""Steps as lines for a shell: PVE's own commands, one line each, no secret in them."""

import shlex
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pve_auth_tui.core.commands import quoted, shown
from pve_auth_tui.core.host.goals import Installed
from pve_auth_tui.core.plain import plain
from pve_auth_tui.core.plan import ApiCall, FileSwap, HostCommand, HostFile, HostStep
from pve_auth_tui.core.predict.rules import RULES
from pve_auth_tui.core.secret import Secret
from tests.core.foretold import call

HARD = (
    "", "a b", "it's", "$(x)", "`x`", "a;b", "x # y", "!x", "a\nb", "tab\tx", "\x1b[2J", "-x",
    "\x7f", "\x9b", "\u202ex", "é ü", "日本", "a\\nb", "'\n'", "\\'\n", "~", "*",
    "\U000e0041", "a\r\nrm",
)  # fmt: skip


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (
            call("POST", "/access/users", userid="ann@pve", firstname="Ann", groups="g1,g2"),
            "pveum user add ann@pve --firstname Ann --groups g1,g2",
        ),
        (
            call("POST", "/access/users", {"password": "s3cret"}, userid="ann@pve"),
            "pveum user add ann@pve --password '***'",
        ),
        (
            call("PUT", "/access/users/ann@pve", enable=False, comment="a b", groups=""),
            "pveum user modify ann@pve --enable 0 --comment 'a b' --groups ''",
        ),
        (call("DELETE", "/access/users/ann@pve"), "pveum user delete ann@pve"),
        (
            call("PUT", "/access/password", {"password": "s3cret"}, userid="ann@pve"),
            "pveum passwd ann@pve",
        ),
        (
            call("POST", "/access/users/ann@pve/token/t1", privsep=True, expire=1798761600),
            "pveum user token add ann@pve t1 --privsep 1 --expire 1798761600",
        ),
        (
            call("PUT", "/access/users/ann@pve/token/t1", regenerate=True),
            "pveum user token modify ann@pve t1 --regenerate 1",
        ),
        (call("DELETE", "/access/users/ann@pve/token/t1"), "pveum user token remove ann@pve t1"),
        (call("POST", "/access/groups", groupid="g", comment="x"), "pveum group add g --comment x"),
        (call("PUT", "/access/groups/g", comment=""), "pveum group modify g --comment ''"),
        (call("DELETE", "/access/groups/g"), "pveum group delete g"),
        (
            call("POST", "/access/roles", roleid="R", privs="VM.Audit VM.Console"),
            "pveum role add R --privs 'VM.Audit VM.Console'",
        ),
        (
            call("PUT", "/access/roles/R", privs="X", append=1),
            "pveum role modify R --privs X --append 1",
        ),
        (call("DELETE", "/access/roles/R"), "pveum role delete R"),
        (
            call("PUT", "/access/acl", path="/vms/100", tokens="ann@pve!t1", roles="PVEVMUser"),
            "pveum acl modify /vms/100 --tokens 'ann@pve!t1' --roles PVEVMUser",
        ),
        (
            call(
                "PUT", "/access/acl", path="/", users="a@pve", roles="R", delete=True, propagate=1
            ),
            "pveum acl delete / --users a@pve --roles R",
        ),
        (
            call("PUT", "/access/acl", path="/", users="a@pve", roles="R", delete=0, propagate=0),
            "pveum acl modify / --users a@pve --roles R --propagate 0",
        ),
        (
            call("POST", "/access/domains", {"password": "s3cret"}, realm="corp", type="ad"),
            "pveum realm add corp --type ad --password '***'",
        ),
        (
            call("PUT", "/access/domains/pve", delete="tfa,default"),
            "pveum realm modify pve --delete tfa,default",
        ),
        (call("DELETE", "/access/domains/corp"), "pveum realm delete corp"),
        (
            call("POST", "/access/domains/corp/sync", remove_vanished="acl;entry"),
            "pveum realm sync corp --remove-vanished 'acl;entry'",
        ),
        (
            call("PUT", "/cluster/options", webauthn="rp=Rack,id=example.com"),
            "pvesh set /cluster/options --webauthn rp=Rack,id=example.com",
        ),
        (
            call(
                "POST", "/access/tfa/ann@pve", {"totp": "otpauth://x", "value": "123456"},
                type="totp", description="phone",
            ),
            "pvesh create /access/tfa/ann@pve --type totp --description phone --totp '***'"
            " --value '***'",
        ),
        (
            call("PUT", "/access/tfa/ann@pve/id-1", description="x", enable=0),
            "pvesh set /access/tfa/ann@pve/id-1 --description x --enable 0",
        ),
        (
            call("DELETE", "/access/tfa/ann@pve/id-1", {"password": "s3cret"}),
            "pveum user tfa delete ann@pve --id id-1",
        ),
        (call("DELETE", "/access/tfa/ann@pve/id-1"), "pveum user tfa delete ann@pve --id id-1"),
        (call("PUT", "/access/users/ann@pve/unlock-tfa"), "pveum user tfa unlock ann@pve"),
        (call("POST", "/pools", poolid="lab/ci"), "pveum pool add lab/ci"),
        (call("PUT", "/pools", poolid="lab", vms="100"), "pveum pool modify lab --vms 100"),
        (call("DELETE", "/pools/lab"), "pveum pool delete lab"),
        (
            ApiCall("DELETE", ("cluster", "jobs", "realm-sync", "nightly")),
            "pvesh delete /cluster/jobs/realm-sync/nightly",
        ),
    ],
)  # fmt: skip
def test_a_call_is_pve_s_own_command(step, line):
    assert shown(step) == line


@pytest.mark.parametrize(
    ("step", "line"),
    [
        (
            call("PUT", "/access/users/-ann@pve", comment="-x"),
            "pveum user modify --comment -x -- -ann@pve",
        ),
        (call("DELETE", "/access/groups/-g"), "pveum group delete -- -g"),
        (call("DELETE", "/access/users/-a!@pve"), "pveum user delete -- '-a!@pve'"),
        (
            call("DELETE", "/access/tfa/-a@pve/-id"),
            "pveum user tfa delete --id -id -- -a@pve",
        ),
    ],
)
def test_a_name_that_looks_like_an_option_stands_behind_two_dashes(step, line):
    assert shown(step) == line


def test_a_command_on_the_host_is_itself():
    step = HostCommand(("/usr/bin/passwd", "a b"))
    assert shown(step) == "/usr/bin/passwd 'a b'"
    secret = HostCommand(("/usr/sbin/chpasswd",), Secret("root:s3cret"))
    assert shown(secret) == "/usr/sbin/chpasswd  # with a secret on standard input"
    assert shlex.split(shown(secret), comments=True) == ["/usr/sbin/chpasswd"]


def test_a_step_on_the_node_says_what_debians_tools_need_to_ask_nobody():
    step = HostStep(("/usr/bin/apt-get", "-y", "install", "sssd"), goal=Installed(("sssd",)))
    assert shown(step) == "DEBIAN_FRONTEND=noninteractive /usr/bin/apt-get -y install sssd"
    join = HostStep(("/usr/sbin/realm", "-v", "join", "ad.example.com"), Secret("s3cret-word\n"))
    told = "/usr/sbin/realm -v join ad.example.com  # with a secret on standard input"
    assert shown(join) == told


@pytest.mark.parametrize(
    "content",
    ["", "one\n", "[domain/x]\naccess_provider = deny\n", "it's 100% \\ $HOME `id`\t\x07é"],
)
@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_the_line_of_a_file_does_the_same_on_a_shell(content, mode, tmp_path):
    path = tmp_path / "new folder" / "it's"
    put = HostFile(str(path), content, mode)
    assert "\n" not in shown(put)
    subprocess.run(["/bin/bash", "-c", shown(put)], check=True)
    assert path.read_bytes() == content.encode()
    assert path.stat().st_mode & 0o7777 == mode
    subprocess.run(["/bin/bash", "-c", shown(HostFile(str(path), None))], check=True)
    assert not path.exists()


def test_a_file_that_is_replaced_is_told_as_a_comment():
    swap = FileSwap("/etc/pve/priv/tfa.cfg", Secret("{}"), "ab12")
    assert shown(swap) == (
        "# replace /etc/pve/priv/tfa.cfg: 2 bytes in place of the file that has SHA-256 ab12"
    )
    new = FileSwap("/etc/pve/user.cfg\nrm -rf /", Secret(""))
    assert shown(new) == r"# replace /etc/pve/user.cfg\nrm -rf /: 0 bytes in place of no file"


@given(st.text(max_size=40))
def test_no_value_makes_a_second_line_or_shows_nothing(value):
    for step in (
        call("PUT", "/access/users/ann@pve", comment=value),
        ApiCall("DELETE", ("access", "groups", value)),
        HostCommand(("/bin/echo", value), Secret("x")),
        HostFile(f"/{value}", value),
        HostFile(f"/{value}", None),
        ApiCall("PUT", ("x", value), {value: value}),
    ):
        line = shown(step)
        assert plain(line) == line
        assert "\n" not in line


def test_a_shell_reads_every_value_back():
    line = " ".join(["printf", r"'%s\0'", *map(quoted, HARD)])
    found = subprocess.run(
        ["/bin/bash", "-c", line], capture_output=True, check=True, env={"LC_ALL": "C.UTF-8"}
    )
    assert found.stdout.decode().split("\0")[:-1] == list(HARD)


def test_what_no_shell_can_pass_on_is_a_question_mark():
    assert quoted("a\0b\ud800") == "$'a?b?'"


def test_secrets_of_any_call_are_masked():
    for template in RULES:
        method, _, path = template.partition(" ")
        secrets = dict.fromkeys(RULES[template], "s3cret")
        step = call(method, path.replace("{", "").replace("}", ""), secrets)
        assert "s3cret" not in shown(step)
        assert "s3cret" not in repr(step)


def test_a_factor_that_has_no_id_yet_is_named_so():
    step = ApiCall("DELETE", ("access", "tfa", "ann@pve", "?1"))
    assert shown(step) == "pveum user tfa delete ann@pve --id ID"
