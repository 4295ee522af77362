"""What the simulated tools say, beside what the real ones said on Debian 13.

Names of the recorded domain are put into the demo's; temporary names, ids and times do not count.
"""

import re

import pytest

from tests.core.replay import transcript
from tests.simnode.hosts import TYPED, DemoHost

HOSTS = ("PVE1", "pve1.ad.lab.test")
LATER = 100.0  # seconds: sssd's starts of before count no more


def in_demo(text):
    """A line of the recorded domain as the demo would say it."""
    for old, new in (
        ("dc1.ad.lab.test", "dc01.example.com"),
        ("DC=ad,DC=lab,DC=test", "DC=example,DC=com"),
        ("AD.LAB.TEST", "EXAMPLE.COM"),
        ("no-such.lab.test", "no-such.example.org"),
        ("ad.lab.test", "example.com"),
        ("ADLAB", "EXAMPLE"),
        ("OU=Servers,", "OU=Service Accounts,"),
        ("alice", "anna.admin"),
        ("bob@", "frank@"),
        ("=bob", "=frank"),
        ("disabled1", "carol"),
        ("disabled@", "carol@"),
        ("=disabled", "=carol"),
        ("expired1", "temp.contractor"),
        ("mustchange", "omar"),
        ("nopriv", "frank"),
    ):
        text = text.replace(old, new)
    return text


def blurred(lines):
    """Without what differs each time."""
    text = "\n".join(lines)
    text = re.sub(r"adcli-krb5-\w{6}/krb5\.d/adcli-krb5-conf-\w{6}", "SNIPPET", text)
    text = re.sub(r"S-1-5-21-[\d-]+", "SID", text)
    text = re.sub(r"\b\d{10}\b", "ID", text)
    text = re.sub(r"\d\d/\d\d/\d\d \d\d:\d\d:\d\d", "TIME", text)
    text = re.sub(r"gecos: .*", "gecos", text)
    text = re.sub(r"\b\d{18}\b", "FILETIME", text)
    return text.rstrip("\n").split("\n")


def assert_same(said, name, suite="trixie", *, out=True):
    recorded = transcript(name, suite).said
    assert said.code == recorded.code
    assert blurred(said.err) == blurred([in_demo(line) for line in recorded.err])
    if out:
        assert blurred(said.out) == blurred([in_demo(line) for line in recorded.out])


def as_recorded(node, name, suite="trixie", typed=None):
    """The recorded call on the simulated node."""
    argv = [in_demo(word) for word in transcript(name, suite).argv]
    return node.run(argv[0].rpartition("/")[2], *argv[1:], typed=typed)


@pytest.fixture
def node():
    """Packages are there, nothing is joined."""
    made = DemoHost()
    made.install()
    return made


@pytest.fixture
def member(node):
    node.join()
    node.now += LATER
    return node


# --- discover and list -------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        *("discover-ok", "discover-quiet", "discover-name-only", "discover-upper"),
        *("discover-dc-ip", "discover-dc-name", "discover-nodomain", "discover-noarg"),
        "list-unjoined",
    ],
)
def test_a_domain_is_looked_for(node, name):
    assert_same(as_recorded(node, name), name)


@pytest.mark.parametrize("name", ["discover-joined", "list-joined", "list-name-only"])
def test_a_member_is_listed(member, name):
    assert_same(as_recorded(member, name), name)


@pytest.mark.parametrize(
    ("server", "name"), [("127.0.0.53", "discover-dns-nosrv"), ("192.0.2.53", "discover-dns-wrong")]
)
def test_a_name_server_that_knows_no_domain(node, server, name):
    node.names_servers(server)
    assert_same(as_recorded(node, name), name)


def test_without_ldap_the_answer_is_half_and_the_code_0(node):
    node.fault("refused")
    assert_same(as_recorded(node, "discover-reject-ldap"), "discover-reject-ldap")


# --- join --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["join-ok", "join-upn", "join-computer-name", "join-unattended", "join-no-newline"],
)
def test_a_join(node, name):
    typed = TYPED.rstrip("\n") if name == "join-no-newline" else TYPED
    assert_same(as_recorded(node, name, typed=typed), name)


def test_a_join_into_an_organizational_unit(node):
    assert_same(as_recorded(node, "join-ou", typed=TYPED), "join-ou")


def test_a_long_host_name_is_cut(node):
    node.rename("proxmox-node-frankfurt-07.example.com")
    assert_same(as_recorded(node, "join-long-hostname", typed=TYPED), "join-long-hostname")


def test_a_host_name_without_a_domain_joins_all_the_same(node):
    node.rename("pve1")
    assert_same(as_recorded(node, "join-short-hostname", typed=TYPED), "join-short-hostname")


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("join-wrong-password", "wrong\n"),
        ("join-crlf", TYPED.replace("\n", "\r\n")),
        ("join-empty-stdin", ""),
        ("join-unknown-user", TYPED),
        ("join-disabled", TYPED),
        ("join-expired", TYPED),
        ("join-nopriv", TYPED),
        ("join-bad-ou", TYPED),
        ("join-netbios-user", TYPED),
        ("join-upn-lower", TYPED),
        ("join-no-such-domain", TYPED),
    ],
)
def test_a_join_that_fails_leaves_nothing(node, name, typed):
    assert_same(as_recorded(node, name, typed=typed), name)
    for path in ("etc/krb5.keytab", "etc/krb5.conf", "etc/sssd/sssd.conf"):
        assert node.disk.read(path) is None
    assert node.host.machine.domain.computer("PVE1") is None


@pytest.mark.parametrize(
    ("fault", "name"), [("refused", "join-reject-ldap"), ("port 88 closed", "join-drop-kerberos")]
)
def test_a_closed_port_stops_a_join(node, fault, name):
    node.fault(fault)
    assert_same(as_recorded(node, name, typed=TYPED), name)


def test_a_second_join_is_refused(member):
    assert_same(as_recorded(member, "join-again", typed=TYPED), "join-again")


@pytest.mark.parametrize("name", ["join-no-packagekit", "join-all-but-packagekit"])
def test_without_packagekit_realmd_says_that_all_is_missing(node, name):
    node.run("apt-get", "-y", "purge", "packagekit")
    assert_same(as_recorded(node, name, typed=TYPED), name)


def test_a_missing_package_is_named(node):
    node.run("apt-get", "-y", "purge", "adcli")
    assert_same(as_recorded(node, "join-no-adcli", typed=TYPED), "join-no-adcli")


def test_sssd_dead_after_a_join_that_succeeded(node):
    node.disk.write("etc/sssd/sssd.conf", b"not an ini")
    assert_same(as_recorded(node, "join-sssd-conf-broken", typed=TYPED), "join-sssd-conf-broken")
    assert node.run("systemctl", "is-active", "sssd").out == ("failed",)
    assert len(node.text("etc/sssd/sssd.conf")) > 300


def test_sssd_that_was_started_too_often(node):
    node.join()
    node.run("realm", "leave", "example.com")
    for _ in range(5):
        node.run("systemctl", "restart", "sssd")  # each counts, whether it runs or not
    assert_same(as_recorded(node, "join-account-exists", typed=TYPED), "join-account-exists")


# --- afterwards --------------------------------------------------------------------------


def test_what_a_join_writes(member):
    wanted = [in_demo(line) for line in transcript("sssd-conf").said.out]
    assert member.text("etc/sssd/sssd.conf").splitlines() == [
        line if not line.startswith("realmd_tags") else line.rstrip() + " " for line in wanted
    ]
    krb5 = transcript("krb5-conf").said.out[:4]
    assert member.text("etc/krb5.conf").splitlines() == [in_demo(line) for line in krb5]


def test_the_keytab(member):
    member.run("apt-get", "-y", "install", "krb5-user")
    assert_same(as_recorded(member, "keytab"), "keytab")


def test_a_keytab_is_as_long_as_the_real_one():
    from pve_auth_tui.simnode.host.keytab import keytab

    services = [f"{kind}/{host}" for kind in ("host", "RestrictedKrbHost") for host in HOSTS]
    principals = [f"{name}@AD.LAB.TEST" for name in ("PVE1$", *services)]
    assert len(keytab(principals, 2, 0)) == 1177  # `ls -l` of join-ou.left


@pytest.mark.parametrize("name", ["testjoin", "adcli-info", "adcli-info-none"])
def test_adcli_asks_the_domain(member, name):
    assert_same(as_recorded(member, name), name)


def test_adcli_without_names(member):
    member.names_servers("192.0.2.53")
    assert_same(as_recorded(member, "testjoin-outage"), "testjoin-outage")


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("account-there", TYPED),
        ("account-any-user", TYPED),
        ("account-absent", TYPED),
        ("account-wrong-password", "wrong\n"),
        ("account-unknown-user", TYPED),
        ("account-disabled-user", TYPED),
        ("account-must-change", TYPED),
        ("account-delete", TYPED),
        ("account-delete-no-right", TYPED),
    ],
)
def test_adcli_about_an_account(member, name, typed):
    assert_same(as_recorded(member, name, "lab-trixie", typed), name, "lab-trixie")


def test_adcli_when_the_account_is_gone(member):
    as_recorded(member, "account-delete", "lab-trixie", TYPED)
    name = "account-delete-absent"
    assert_same(as_recorded(member, name, "lab-trixie", TYPED), name, "lab-trixie")
    name = "testjoin-account-gone"
    assert_same(as_recorded(member, name, "lab-trixie"), name, "lab-trixie")


@pytest.mark.parametrize("name", ["id-short", "id-unknown"])
def test_names_that_nobody_has(member, name):
    assert_same(as_recorded(member, name), name)


@pytest.mark.parametrize("name", ["id-ok", "id-netbios"])
def test_somebody_of_the_domain(member, name):
    said, recorded = as_recorded(member, name), transcript(name).said
    assert said.code == recorded.code == 0
    start = r"uid=\d{10}\(%s@%s\) gid=(\d{10}\(domain users@%s\)) groups=\1,\d{10}\("
    for line, who, domain in (
        (said.out[0], "anna.admin", "example.com"),
        (recorded.out[0], "alice", "ad.lab.test"),
    ):
        assert re.match(start % (who, domain, domain), line)
        assert f"(proxmoxadmins@{domain})" in line


def test_somebody_who_was_looked_up_is_known_without_a_dc_and_nobody_else(member):
    member.run("id", "anna.admin@example.com")
    member.fault("refused")
    assert member.run("id", "anna.admin@example.com").code == 0
    said = as_recorded(member, "id-uncached-outage")
    assert_same(said, "id-uncached-outage")


def test_a_login_that_is_let_in_and_one_that_is_not(member):
    member.run("realm", "permit", "-g", "ProxmoxAdmins@example.com")
    assert_same(as_recorded(member, "sssctl-user"), "sssctl-user")
    member.run("realm", "deny", "--all")
    argv = ("sssctl", "user-checks", "anna.admin@example.com", "-a", "acct", "-s", "login")
    denied = [
        line.replace("bob", "anna.admin") for line in transcript("sssctl-user-denied").said.err
    ]
    assert list(member.run(*argv).err) == [in_demo(line) for line in denied]


@pytest.mark.parametrize("name", ["sssctl-config-check", "sssctl-status"])
def test_what_sssctl_says_of_itself(member, name):
    assert_same(as_recorded(member, name), name)


# --- who may log in ----------------------------------------------------------------------


def test_denied_then_permitted(member):
    assert_same(as_recorded(member, "deny-all"), "deny-all")
    assert_same(as_recorded(member, "list-denied"), "list-denied")
    for name in ("permit-user", "permit-group", "list-permitted"):
        assert_same(as_recorded(member, name), name)
    wanted = [in_demo(line) for line in transcript("sssd-conf-permitted").said.out]
    assert member.text("etc/sssd/sssd.conf").splitlines() == wanted


def test_a_name_that_does_not_exist_is_permitted(member):
    assert_same(as_recorded(member, "permit-nosuch"), "permit-nosuch")


@pytest.mark.parametrize("name", ["permit-withdraw", "permit-all"])
def test_the_sixth_change_leaves_sssd_dead_and_says_success(member, name):
    for _ in range(5):
        member.run("realm", "permit", "anna.admin@example.com")
    assert_same(as_recorded(member, name), name)
    assert member.run("systemctl", "is-active", "sssd").out == ("failed",)


def test_reset_failed_before_each_change_keeps_sssd_up(member):
    names = ["alice", "bob", "carol.von", "dave-up", "nopriv", "joiner", "alice", "bob"]
    for name in names:
        member.run("systemctl", "reset-failed", "sssd")
        assert member.run("realm", "permit", f"{name}@example.com").code == 0
    recorded = transcript("permit-with-reset-failed").said.out
    found = (*member.run("systemctl", "is-active", "sssd").out, *member.run("realm", "list").out)
    lines = [line.replace("ad.lab.test", "example.com") for line in recorded]
    assert [found[0], *found[-3:]] == lines


# --- leave -------------------------------------------------------------------------------


def test_leaving_keeps_the_account_and_leaves_files_behind(member):
    assert_same(as_recorded(member, "leave"), "leave")
    assert member.disk.read("etc/krb5.keytab") is None
    assert len(member.text("etc/sssd/sssd.conf")) == 63  # `ls -l` of leave.left
    assert member.text("etc/krb5.conf")
    assert member.host.machine.domain.computer("PVE1")
    assert_same(as_recorded(member, "list-unjoined"), "list-unjoined")


def test_leaving_and_deleting_the_account(member):
    assert_same(as_recorded(member, "leave-remove", typed=TYPED), "leave-remove")
    assert member.host.machine.domain.computer("PVE1") is None


def test_leaving_without_a_dc(member):
    member.fault("refused")
    assert_same(as_recorded(member, "leave-outage"), "leave-outage")


def test_leaving_what_was_not_joined(node):
    assert_same(as_recorded(node, "leave-unjoined"), "leave-unjoined")


# --- packages, PAM, CAs, the host ---------------------------------------------------------


def test_packages_are_listed(node):
    said = as_recorded(node, "dpkg-query")
    assert_same(said, "dpkg-query")


def test_pam_of_debian_with_sssd(node):
    recorded = transcript("pam-before-mkhomedir").said.out
    found = node.text("etc/pam.d/common-auth") + node.text("etc/pam.d/common-session")
    assert found.splitlines() == list(recorded)


def test_pam_makes_homes(node):
    assert node.run("pam-auth-update", "--package", "--enable", "mkhomedir").code == 0
    recorded = transcript("pam-after-mkhomedir").said.out[:-2]
    assert node.text("etc/pam.d/common-session").splitlines() == list(recorded)


def test_what_somebody_put_on_top_of_pam_survives(node):
    path = "etc/pam.d/common-auth"
    node.disk.write(path, b"auth sufficient pam_permit.so\n" + (node.disk.read(path) or b""))
    assert node.run("pam-auth-update", "--package").code == 0
    shown = [line for line in node.text(path).splitlines() if not line.startswith("#")]
    assert shown == list(transcript("pam-edited", "host").said.out[1:])


def test_apt_that_is_locked(node):
    node.faults.host.add("apt locked")
    said = node.run("apt-get", "-y", "install", "adcli")
    recorded = transcript("apt-locked", "host").said.text
    assert said.code == 100
    assert f"returncode={said.code}" in recorded
    assert said.err[0] in recorded
    assert said.out[0].partition("process")[0] in recorded


def test_apt_that_knows_no_such_package(node):
    said, recorded = (
        node.run("apt-get", "-y", "install", "no-such-package"),
        transcript("apt-noninteractive", "host").said,
    )
    assert said.err == recorded.err
    assert (*said.out, f"rc={said.code}") == recorded.out


def test_apt_that_has_nothing_to_do(node):
    said = node.run("apt-get", "-s", "install", "realmd", "adcli")
    assert list(said.out[-3:]) == [*transcript("apt-sim", "host").said.out[2:5]]
