"""The simulated operating system: what one command leaves, the next one finds."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pve_auth_tui.core.errors import CommandFailed, Missing, Refused, ToolMissing, Unwritable
from pve_auth_tui.core.join.access import deny_everybody
from pve_auth_tui.core.join.model import SNIPPET
from tests.simnode.hosts import DOMAIN, TYPED, DemoHost

ANNA = f"anna.admin@{DOMAIN}"
OLGA = f"olga@{DOMAIN}"
BACKUP = "/var/lib/backup"


@pytest.fixture
def fresh():
    """As Proxmox's installer leaves it."""
    return DemoHost()


@pytest.fixture
def node(fresh):
    fresh.install()
    return fresh


@pytest.fixture
def member(node):
    node.join()
    node.now += 100
    return node


def policy(node):
    return next(line for line in node.run("realm", "list").out if "login-policy" in line).split()[1]


def may_log_in(node, name):
    said = node.run("sssctl", "user-checks", name, "-a", "acct", "-s", "login")
    assert said.code == 0
    return "pam_acct_mgmt: Success" in said.err


def write(node, path, content, mode=0o600):
    before = node.disk.read(path.strip("/"))
    expected = hashlib.sha256(before).hexdigest() if before is not None else ""
    node.host.write(path, content, mode, expected)


# --- a fresh node ------------------------------------------------------------------------


@pytest.mark.parametrize("tool", ["realm", "adcli", "sssctl", "klist", "no-such-tool"])
def test_a_fresh_node_has_no_tool_of_a_join(fresh, tool):
    with pytest.raises(ToolMissing):
        fresh.run(tool, "list")
    assert fresh.host.look(f"/usr/sbin/{tool}") is None


def test_a_command_without_a_path_is_not_started(fresh):
    for path in ("realm", "./realm", "/opt/realm", "/usr/bin/../sbin/realm"):
        with pytest.raises(CommandFailed):
            fresh.host.ask((path, "list"))


def test_packages_bring_tools_a_unit_and_pam(fresh):
    assert fresh.host.look("/etc/pam.d/common-auth")
    assert "pam_sss.so" not in fresh.text("etc/pam.d/common-auth")
    assert "sss\n" not in fresh.text("etc/nsswitch.conf")
    before = dict(fresh.disk.files)
    fresh.install()
    assert fresh.host.look("/usr/sbin/realm").kind == "file"
    assert fresh.run("systemctl", "is-active", "sssd").out == ("inactive",)
    assert "[success=2 default=ignore]\tpam_unix.so" in fresh.text("etc/pam.d/common-auth")
    assert fresh.text("etc/nsswitch.conf").count("sss\n") == 6  # grep -c sss in the recordings
    purged = fresh.run("apt-get", "-y", "purge", "libpam-sss", "libnss-sss", "sssd-common")
    assert purged.code == 0
    for path in ("etc/nsswitch.conf", "etc/pam.d/common-auth", "etc/pam.d/common-session"):
        assert fresh.disk.read(path) == before[path]


def test_what_apt_announces_it_does(fresh):
    said = fresh.run("apt-get", "-s", "--no-install-recommends", "install", "realmd", "sssd")
    announced = {line.split()[1] for line in said.out if line.startswith("Inst ")}
    assert "sssd-ad" in announced
    before = set(fresh.host.machine.dpkg.entries)
    fresh.run("apt-get", "-y", "--no-install-recommends", "install", "realmd", "sssd")
    assert set(fresh.host.machine.dpkg.entries) - before == announced


def test_a_full_disk_takes_no_packages(fresh):
    fresh.faults.disk_full = True
    assert fresh.install().code == 100
    assert not fresh.host.machine.dpkg.has("realmd")


# --- join, deny, permit, leave ------------------------------------------------------------


def test_from_the_join_to_what_it_leaves_behind(node):
    assert node.run("realm", "list").out == ()
    assert node.join().code == 0
    assert policy(node) == "allow-realm-logins"
    assert may_log_in(node, ANNA)  # a fresh join lets everybody in
    assert may_log_in(node, OLGA)
    node.run("realm", "deny", "--all")
    assert policy(node) == "deny-any-login"
    assert not may_log_in(node, ANNA)
    node.run("realm", "permit", "-g", f"ProxmoxAdmins@{DOMAIN}")
    assert policy(node) == "allow-permitted-logins"
    assert may_log_in(node, ANNA)
    assert not may_log_in(node, OLGA)
    node.run("realm", "leave", DOMAIN)
    assert node.run("realm", "list").out == ()
    assert node.run("id", ANNA).code == 1
    left = [path for path in ("etc/krb5.conf", "etc/sssd/sssd.conf") if node.disk.read(path)]
    assert len(left) == 2
    assert node.run("systemctl", "is-active", "sssd").out == ("inactive",)
    assert node.run("systemctl", "start", "sssd").code == 1  # no domain is left in sssd.conf


def test_a_group_in_a_group_counts(member):
    member.run("realm", "deny", "--all")
    member.run("realm", "permit", "-g", f"ProxmoxUsers@{DOMAIN}")
    assert may_log_in(member, ANNA)  # through admins


def test_who_is_denied_is_in_no_list_any_more(member):
    member.run("realm", "permit", ANNA)
    member.run("realm", "deny", "--all")
    member.run("realm", "permit", OLGA)
    assert not may_log_in(member, ANNA)
    assert may_log_in(member, OLGA)


def test_whoever_loses_the_last_permit_leaves_nobody(member):
    member.run("realm", "permit", ANNA)
    member.run("realm", "permit", "--withdraw", ANNA)
    assert policy(member) == "allow-permitted-logins"
    assert not may_log_in(member, ANNA)
    assert not may_log_in(member, OLGA)


def test_a_disabled_account_stays_out_of_a_fresh_join_alone(member):
    assert not may_log_in(member, f"carol@{DOMAIN}")
    member.run("realm", "permit", f"carol@{DOMAIN}")
    assert may_log_in(member, f"carol@{DOMAIN}")  # sssd-simple(5) looks at lists only


def test_the_snippet_keeps_everybody_out_whatever_realmd_says(node):
    write(node, SNIPPET, deny_everybody(DOMAIN))
    node.join()
    assert policy(node) == "allow-realm-logins"
    assert not may_log_in(node, ANNA)
    node.run("realm", "permit", ANNA)
    assert not may_log_in(node, ANNA)
    write(node, SNIPPET, None)
    assert not may_log_in(node, ANNA)  # sssd reads its files when it starts
    node.run("systemctl", "restart", "sssd")
    assert may_log_in(node, ANNA)


def test_a_snippet_that_others_may_read_does_not_count(node):
    write(node, SNIPPET, deny_everybody(DOMAIN), 0o644)
    node.join()
    assert may_log_in(node, ANNA)


def test_without_sssd_nobody_of_the_domain_is_known(member):
    assert member.run("id", ANNA).code == 0
    member.run("systemctl", "stop", "sssd")
    assert member.run("id", ANNA).code == 1
    assert not may_log_in(member, ANNA)
    assert may_log_in(member, "root")


# --- the computer's account ---------------------------------------------------------------


def test_a_join_takes_another_hosts_account_and_that_host_loses_its_trust(member):
    kept = {path: member.disk.read(path) for path in ("etc/krb5.keytab", "etc/sssd/sssd.conf")}
    member.run("realm", "leave", DOMAIN)
    said = member.join()  # as another host of the same name would
    assert said.code == 0
    assert any("Found computer account for PVE1$" in line for line in said.err)
    member.disk.write("etc/krb5.keytab", kept["etc/krb5.keytab"])
    said = member.run("adcli", "testjoin", f"--domain={DOMAIN}")
    assert said.code == 3
    assert "Preauthentication failed" in said.err[-1]


def test_a_closed_port_464_is_found_out_late(node):
    node.fault("port 464 closed")
    said = node.join()
    assert said.code == 1
    assert any("Couldn't set password for computer account" in line for line in said.err)
    assert node.disk.read("etc/krb5.keytab") is None
    assert node.run("realm", "list").out == ()


def test_five_wrong_passwords_lock_the_account(node):
    for _ in range(5):
        said = node.run("realm", "-v", "join", "--user=frank", DOMAIN, typed="wrong\n")
        assert "Preauthentication failed" in said.text
    said = node.run("realm", "-v", "join", "--user=frank", DOMAIN, typed=TYPED)
    assert "Client's credentials have been revoked" in said.text


# --- what can be broken --------------------------------------------------------------------


def test_a_dead_sssd_does_not_stop_realmd_from_saying_success(node):
    node.faults.host.add("sssd dies")
    assert node.join().code == 0
    assert node.run("systemctl", "is-active", "sssd").out == ("failed",)
    assert node.run("realm", "list").out
    node.faults.host.clear()
    assert node.run("systemctl", "restart", "sssd").code == 0


def test_a_realmd_that_hangs_takes_all_the_time_there_is(node):
    node.faults.host.add("realmd hangs")
    argv = ("realm", "-v", "join", "--user=Administrator", DOMAIN)
    said = node.run(*argv, typed=TYPED, seconds=90.0)
    assert said.code is None
    assert node.slept == 90.0
    assert node.run("realm", "list").out == ()


def test_a_permit_that_meets_the_start_limit(member):
    member.faults.host.add("permit fails")
    said = member.run("realm", "-v", "permit", ANNA)
    assert said.code == 0
    assert any("attempted too often" in line for line in said.err)
    assert member.run("systemctl", "is-active", "sssd").out == ("failed",)


def test_starts_are_counted_for_50_seconds(member):
    for _ in range(5):
        assert member.run("systemctl", "restart", "sssd").code == 0
    assert member.run("systemctl", "restart", "sssd").code == 1
    assert member.run("systemctl", "start", "sssd").code == 1
    member.now += 51
    assert member.run("systemctl", "start", "sssd").code == 0


def test_a_masked_packagekit_stops_a_join(node):
    assert node.run("systemctl", "mask", "--now", "packagekit.service").code == 0
    shown = node.run("systemctl", "show", "--property=LoadState,ActiveState", "packagekit.service")
    assert shown.out == ("LoadState=masked", "ActiveState=inactive")
    assert node.join().code == 1
    node.run("systemctl", "unmask", "packagekit.service")
    assert node.join().code == 0


# --- files ----------------------------------------------------------------------------------


def test_a_backup_is_one_and_leads_back(member):
    paths = ["/etc/krb5.conf", "/etc/krb5.keytab", "/etc/sssd", "/etc/pam.d/common-auth"]
    before = {path: data for path, data in member.disk.files.items() if path.startswith("etc/")}
    member.run("install", "-d", "-m", "0700", "--", BACKUP)
    assert member.host.look(BACKUP).mode == 0o700
    argv = ("cp", "--archive", "--parents", f"--target-directory={BACKUP}", "--", *paths)
    assert member.run(*argv).code == 0
    member.run("realm", "leave", DOMAIN)
    member.run("rm", "--force", "--", "/etc/krb5.conf")
    for path in ("/etc/krb5.conf", "/etc/krb5.keytab", "/etc/sssd/sssd.conf"):
        source = f"{BACKUP}{path}"
        copied = member.run("cp", "--archive", "--no-target-directory", "--", source, path)
        assert copied.code == 0
    after = {path: data for path, data in member.disk.files.items() if path.startswith("etc/")}
    assert after == before
    assert member.host.look("/etc/krb5.keytab").mode == 0o600
    assert member.run("adcli", "testjoin", f"--domain={DOMAIN}").code == 0


def test_a_copy_of_what_is_not_there_fails(fresh):
    fresh.run("install", "-d", BACKUP)
    argv = ("cp", "--archive", "--parents", f"--target-directory={BACKUP}", "--", "/etc/nothing")
    said = fresh.run(*argv)
    assert said.code == 1
    assert said.err == ("cp: cannot stat '/etc/nothing': No such file or directory",)


def test_a_file_is_written_when_it_is_what_was_looked_at(fresh):
    with pytest.raises(Refused):
        fresh.host.write("/etc/resolv.conf", "other\n", 0o644, "")
    write(fresh, "/etc/new", "new\n", 0o640)
    assert fresh.host.files.read("etc/new") == b"new\n"
    assert fresh.host.look("/etc/new") == ("file", 0o640, 0, 4)
    write(fresh, "/etc/new", None)
    with pytest.raises(Missing):
        fresh.host.files.read("etc/new")
    fresh.faults.disk_full = True
    with pytest.raises(Unwritable):
        write(fresh, "/etc/new", "new\n")


# --- certificates ---------------------------------------------------------------------------

CA = "/usr/local/share/ca-certificates/demo-ca.crt"


def verified(node, *where):
    return node.run("openssl", "verify", *where, CA).code == 0


HASHED = ("-no-CAfile", "-no-CAstore", "-CApath", "/etc/ssl/certs")


def test_the_written_hash_of_the_demos_ca_is_its_own(fresh):
    from pve_auth_tui.simnode.host.certstore import subject_hash
    from pve_auth_tui.simnode.host.fresh import CA_HASHED
    from pve_auth_tui.simnode.rack_certificates import CA as PEM

    assert f"etc/ssl/certs/{subject_hash(PEM.encode())}.0" == CA_HASHED
    assert verified(fresh, *HASHED)


def test_two_certificates_in_one_file_are_trusted_by_the_bundle_alone(fresh):
    pem = fresh.host.files.read(CA.strip("/"))
    fresh.disk.write("root/ca.pem", pem)
    fresh.disk.write(CA.strip("/"), pem + pem)
    said = fresh.run("update-ca-certificates", "--fresh")
    assert said.code == 0
    assert any("demo-ca.pem, it does not contain exactly one" in line for line in said.err)
    assert fresh.run("openssl", "verify", *HASHED, "/root/ca.pem").code != 0
    assert pem in fresh.disk.read("etc/ssl/certs/ca-certificates.crt")


def test_what_is_no_certificate_is_taken_into_the_bundle_and_a_cer_is_not(fresh):
    folder = "usr/local/share/ca-certificates"
    fresh.disk.write(f"{folder}/x.crt", b"hello\n")
    fresh.disk.write(f"{folder}/y.cer", b"other\n")
    said = fresh.run("update-ca-certificates")
    assert (said.code, said.out[1]) == (0, "1 added, 0 removed; done.")
    bundle = fresh.text("etc/ssl/certs/ca-certificates.crt")
    assert bundle.endswith("hello\n")
    assert "other" not in bundle
    assert fresh.run("update-ca-certificates").out[1] == "0 added, 0 removed; done."
    fresh.run("rm", f"/{folder}/x.crt")
    fresh.run("update-ca-certificates", "--fresh")
    assert "hello" not in fresh.text("etc/ssl/certs/ca-certificates.crt")


# --- anything at all ------------------------------------------------------------------------

TOOLS = (
    *("realm", "adcli", "sssctl", "id", "getent", "systemctl", "apt-get", "dpkg-query"),
    *("pam-auth-update", "update-ca-certificates", "openssl", "cp", "install", "rm", "cat"),
    *("hostname", "chronyc", "klist", "bash"),
)
WORDS = some.sampled_from(
    (
        *("join", "list", "discover", "permit", "deny", "leave", "-v", "--all", "-g", "-x", DOMAIN),
        *(
            "--user=anna.admin",
            "--computer-ou=x",
            "--computer-name",
            "info",
            "testjoin",
            ANNA,
            "--",
        ),
        *(
            "show-computer",
            "delete-computer",
            "--stdin-password",
            "--domain=x",
            "user-checks",
            "-a",
        ),
        *("acct", "-s", "login", "passwd", "group", "start", "stop", "show", "-p", "sssd", "mask"),
        *(
            "unmask",
            "restart",
            "install",
            "purge",
            "-y",
            "sssd",
            "realmd",
            "dpkg",
            "-W",
            "-f",
            "${x",
        ),
        *("--package", "--enable", "mkhomedir", "--fresh", "verify", "-CApath", "/etc", "-d", "-m"),
        *(
            "0799",
            "--archive",
            "--parents",
            "-t",
            "/",
            "",
            "-r",
            "-f",
            "-c",
            "tracking",
            "-k",
            "\0",
        ),
        *("../../etc", "/etc/sssd", "is-active", "reset-failed", "\\", "@", "EXAMPLE\\anna.admin"),
    )
)


@given(
    calls=some.lists(
        some.tuples(
            some.sampled_from(TOOLS),
            some.lists(WORDS | some.text(max_size=5), max_size=5),
            some.none() | some.text(max_size=5),
        ),
        max_size=6,
    ),
    joined=some.booleans(),
)
def test_no_command_ends_in_anything_but_an_answer_or_a_failed_command(calls, joined):
    node = DemoHost()
    if joined:
        node.install()
        node.join()
    for tool, args, typed in calls:
        try:
            said = node.run(tool, *args, typed=typed)
        except CommandFailed:
            continue
        assert said.tool == tool
        assert all("\n" not in line for line in said.lines)


def test_what_it_says_is_heard_line_by_line_and_never_holds_a_secret(node):
    from pve_auth_tui.core.secret import Secret

    heard = []
    said = node.host.ask(
        ("/usr/sbin/realm", "-v", "join", "--user=Administrator", DOMAIN),
        stdin=Secret(TYPED),
        on_line=heard.append,
    )
    assert sorted(heard) == sorted(said.lines)
    assert TYPED.strip() not in said.text
    assert not any(
        TYPED.strip().encode() in data for p, data in node.disk.files.items() if p[:8] == "etc/sssd"
    )
