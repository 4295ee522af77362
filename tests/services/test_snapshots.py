"""The whole picture: every part has a source and a time, or says why it is not there."""

import gc
import shutil
import threading
import time
from pathlib import Path

import pytest

from pve_auth_tui.adapters.clock import FixedClock, SystemClock
from pve_auth_tui.adapters.database import DatabaseTree
from pve_auth_tui.adapters.rootfs import RootTree
from pve_auth_tui.adapters.source import open_tree
from pve_auth_tui.core import versions
from pve_auth_tui.core.concerns.settings import unreadable
from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.snapshot import ClusterNode, Guest
from pve_auth_tui.services import reading, surroundings
from pve_auth_tui.services.snapshots import SnapshotService
from pve_auth_tui.simnode.demo import DEMO_NOW, demo_tree
from pve_auth_tui.simnode.memory import MemoryTree

NOW = 1_760_000_000.0
PARTS = (
    *("access", "realms", "tfa", "datacenter", "jobs"),
    *("passwords", "token_secrets", "cluster", "inventory"),
)
DATABASE = Path(__file__).parents[1] / "adapters/data/config.db"
COROSYNC = b"nodelist {\n node {\n  name: pve1\n }\n node {\n  name: pve2\n }\n}\ntotem {\n" + (
    b" cluster_name: rack\n}\n"
)


def loaded(files=None, tree=None, **options):
    """The picture of some files below the root of a system."""
    encoded = {path: text.encode() for path, text in (files or {}).items()}
    return SnapshotService(tree or MemoryTree(encoded), FixedClock(NOW), **options).load()


def problems(snapshot):
    found = {name: getattr(snapshot, name) for name in PARTS}
    return {name: part.problem for name, part in found.items() if part.problem}


# --- what is there ---------------------------------------------------------------------


def test_the_demo_cluster_is_read_whole():
    snapshot = SnapshotService(demo_tree(), FixedClock(DEMO_NOW), demo=True).load()
    assert all(getattr(snapshot, name).value is not None for name in PARTS)
    assert {getattr(snapshot, name).source for name in PARTS} == {"demo"}
    assert {getattr(snapshot, name).read_at for name in PARTS} == {DEMO_NOW}
    assert (snapshot.taken_at, snapshot.source, snapshot.demo) == (DEMO_NOW, "demo", True)
    assert snapshot.cluster.value.name == "rack"
    assert snapshot.cluster.value.quorate is True
    assert snapshot.cluster.value.pve_release == "9.2"
    assert snapshot.inventory.value.guests[100] == Guest(100, "web-01", "pve2", "qemu")


def test_the_demo_cluster_below_a_root_is_the_same_but_for_its_source(tmp_path):
    demo_tree().written_to(tmp_path / "demo")
    clock = FixedClock(DEMO_NOW)
    below = SnapshotService(open_tree(tmp_path / "demo"), clock).load()
    memory = SnapshotService(demo_tree(), clock).load()
    assert below.source == "files"
    for name in PARTS:
        assert getattr(below, name).value == getattr(memory, name).value


def test_a_real_database_is_read(tmp_path):
    (tmp_path / "var/lib/pve-cluster").mkdir(parents=True)
    shutil.copyfile(DATABASE, tmp_path / "var/lib/pve-cluster/config.db")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/hostname").write_text("pve1\n")
    snapshot = loaded(tree=open_tree(tmp_path))
    assert snapshot.source == "config.db"
    assert "alice@pve" in snapshot.access.value.users
    assert snapshot.realms.value.realms.keys() > {"pam", "pve"}
    assert "root@pam" in snapshot.tfa.value.users
    cluster = snapshot.cluster.value
    assert (cluster.node, cluster.name, cluster.quorate) == ("pve1", "lab", None)
    assert cluster.nodes == (ClusterNode("pve1"), ClusterNode("pve2"))
    assert "holds nothing, as on a disk whose PVE does not run" in snapshot.cluster.problem
    assert "cluster" in problems(snapshot)


def test_a_cluster_where_nothing_is_configured_has_root_alone():
    snapshot = loaded()
    assert problems(snapshot) == {}
    assert list(snapshot.access.value.users) == ["root@pam"]
    assert sorted(snapshot.realms.value.realms) == ["pam", "pve"]
    assert snapshot.tfa.value.users == {}
    assert snapshot.jobs.value.sync == {}
    assert snapshot.passwords.value.users == frozenset()
    assert snapshot.token_secrets.value.tokens == frozenset()
    assert snapshot.datacenter.value.options == {}
    assert snapshot.inventory.value.storages == ("local",)


def test_what_pve_ignores_is_counted():
    snapshot = loaded(
        {
            "etc/pve/user.cfg": "user:ann@pve:1:0::::::\nnonsense\nmore nonsense\n",
            "etc/pve/priv/shadow.cfg": "ann:$5$x$y:\nbob\n",
        }
    )
    assert problems(snapshot) == {
        "access": "PVE ignores 2 things in user.cfg and drops them at the next change there.",
        "passwords": (
            "PVE ignores 1 thing in priv/shadow.cfg and drops it at the next change there."
        ),
    }
    assert "ann@pve" in snapshot.access.value.users


def test_passwords_are_known_but_not_kept():
    snapshot = loaded({"etc/pve/priv/shadow.cfg": "ann:$5$salt$hash:\nbob:*:\ncarl:!$5$a$b:\n"})
    assert snapshot.passwords.value.users == {"ann"}
    assert "hash" not in repr(snapshot.passwords)


def test_linux_passwords_are_known_but_not_kept():
    line = "root:$y$j9T$salt$hash:19000:0:99999:7:::\n"
    snapshot = loaded({"etc/shadow": f"{line}bin:*:19000:0:99999:7:::\n"})
    assert snapshot.unix.value.users == {"root"}
    assert "hash" not in repr(snapshot.unix)


def test_a_linux_account_that_expires_is_looked_at_as_of_now():
    line = f"root:$y$j9T$salt$hash:19000:0:99999:7::{int(NOW) // 86400}:\n"
    assert loaded({"etc/shadow": line}).unix.value.users == frozenset()


@pytest.mark.parametrize("broken", [set(), {"etc/shadow"}])
def test_without_etc_shadow_nothing_is_known_of_linux_users_and_nothing_is_to_be_looked_at(broken):
    snapshot = loaded(tree=Broken({}, broken))
    assert snapshot.unix.value is None
    assert snapshot.unix.problem.startswith("/etc/shadow ")
    assert not list(unreadable(snapshot))


def test_token_secrets_are_known_but_not_kept():
    secret = "5636547c-050b-43af-aa3f-b9ee641434ba"
    snapshot = loaded({"etc/pve/priv/token.cfg": f"ann@pve!backup {secret}\n"})
    assert snapshot.token_secrets.value.tokens == {"ann@pve!backup"}
    assert secret not in repr(snapshot.parts)


def test_a_picture_is_named_in_a_line_however_much_is_in_it():
    """Whoever starts a worker with one has it named, on the event loop."""
    assert len(repr(SnapshotService(demo_tree(), FixedClock(DEMO_NOW)).load())) < 100


def test_a_sync_job_knows_its_last_run():
    snapshot = loaded(
        {
            "etc/pve/jobs.cfg": (
                "realm-sync: nightly\n\tenabled 1\n\trealm corp\n\tschedule daily\n\tscope both\n\n"
                "realm-sync: weekly\n\trealm corp\n\tschedule daily\n\tscope both\n"
            ),
            "etc/pve/priv/jobs/realm-sync-nightly.json": (
                '{"node":"pve1","time":1759999000,"error":"no such realm"}'
            ),
        }
    )
    jobs = snapshot.jobs.value.sync
    assert (jobs["nightly"].last_run, jobs["nightly"].last_result) == (1759999000, "no such realm")
    assert (jobs["weekly"].last_run, jobs["weekly"].last_result) == (None, "")


# --- tfa.cfg that PVE refuses ----------------------------------------------------------


@pytest.mark.parametrize(
    "data", ['{"users":{"root@pam":{"totp":[', "{}}", '{"users":[]}', "garbage\n"]
)
def test_a_tfa_cfg_that_pve_refuses_means_that_nobody_can_log_in(data):
    snapshot = loaded({"etc/pve/priv/tfa.cfg": data})
    assert snapshot.tfa.value is None
    assert snapshot.tfa.problem.startswith("Nobody can log in")
    assert "priv/tfa.cfg" in snapshot.tfa.problem
    assert snapshot.tfa.hint
    assert list(problems(snapshot)) == ["tfa"]


# --- the node and its cluster ----------------------------------------------------------


def test_a_node_of_its_own_is_always_quorate():
    cluster = loaded({"etc/pve/.members": '{"nodename": "pve1", "version": 0}'}).cluster.value
    assert (cluster.node, cluster.name, cluster.quorate) == ("pve1", None, True)
    assert cluster.nodes == (ClusterNode("pve1", True),)


def test_a_running_cluster_says_who_is_online():
    cluster = loaded(
        {
            "etc/pve/.members": (
                '{"nodename":"pve1","cluster":{"name":"rack","quorate":0},"nodelist":'
                '{"pve1":{"online":1,"ip":"192.0.2.1"},"pve2":{"online":0}}}'
            )
        }
    ).cluster.value
    assert (cluster.name, cluster.quorate, cluster.online) == ("rack", False, 1)
    assert cluster.nodes == (ClusterNode("pve1", True, "192.0.2.1"), ClusterNode("pve2", False))


@pytest.mark.parametrize(("mode", "quorate"), [(0o500, False), (0o700, True)])
def test_while_corosync_does_not_run_the_write_bit_tells_of_quorum(tmp_path, mode, quorate):
    """A cluster without corosync (recorded: 18-no-quorum), and pmxcfs in local mode."""
    pve = tmp_path / "etc/pve"
    (pve / "local").mkdir(parents=True)
    (pve / ".members").write_bytes(b'{\n"nodename": "pve1",\n"version": 0\n}\n')
    (pve / "corosync.conf").write_bytes(COROSYNC)
    (pve / "local").chmod(mode)
    for tree in (RootTree(tmp_path), open_tree(tmp_path)):
        cluster = loaded(tree=tree).cluster.value
        assert (cluster.name, cluster.quorate) == ("rack", quorate)
        assert cluster.nodes == (ClusterNode("pve1", True), ClusterNode("pve2", None))


def test_a_cluster_that_is_only_configured_says_nothing_of_quorum():
    files = {"etc/hostname": "pve2.example.com\n", "etc/pve/corosync.conf": COROSYNC.decode()}
    cluster = loaded(files).cluster.value
    assert (cluster.node, cluster.name, cluster.quorate) == ("pve2", "rack", None)
    assert cluster.nodes == (ClusterNode("pve1"), ClusterNode("pve2"))


def test_the_only_folder_of_a_node_names_it():
    cluster = loaded({"etc/pve/nodes/pve7/config": ""}).cluster.value
    assert (cluster.node, cluster.name, cluster.quorate) == ("pve7", None, None)
    two = loaded({"etc/pve/nodes/pve7/config": "", "etc/pve/nodes/pve8/config": ""}).cluster.value
    assert (two.node, [node.name for node in two.nodes]) == ("", ["pve7", "pve8"])


def test_members_that_make_no_sense_are_told_and_replaced():
    files = {"etc/pve/.members": "{", "etc/hostname": "pve1\n"}
    snapshot = loaded(files)
    assert snapshot.cluster.value.node == "pve1"
    assert snapshot.cluster.problem == "/etc/pve/.members is not what pmxcfs writes."


def dpkg(**packages):
    return "\n".join(
        f"Package: {name.replace('_', '-')}\nStatus: install ok installed\nVersion: {version}\n"
        for name, version in packages.items()
    )


@pytest.mark.parametrize(
    ("packages", "release", "access"),
    [
        ({"pve_manager": "9.2.11", "libpve_access_control": "9.1.1"}, "9.2", "9.1.1"),
        ({"libpve_access_control": "8.2.2"}, "8.4", "8.2.2"),
        ({"bash": "5.2"}, "", ""),
        ({}, "", ""),
    ],
)
def test_versions_are_those_of_the_installed_packages(packages, release, access):
    cluster = loaded({"var/lib/dpkg/status": dpkg(**packages)}).cluster.value
    assert (cluster.pve_release, cluster.access_control) == (release, access)


def test_user_cfg_is_read_as_the_installed_release_reads_it():
    text = "role:Watch:VM.Audit,VM.Monitor:\n"
    old = loaded(
        {"etc/pve/user.cfg": text, "var/lib/dpkg/status": dpkg(libpve_access_control="8.2.2")}
    )
    new = loaded({"etc/pve/user.cfg": text})
    assert "VM.Monitor" in old.access.value.roles["Watch"].privs
    assert "VM.Monitor" not in new.access.value.roles["Watch"].privs
    assert "VM.Monitor" not in versions.privileges()


# --- guests and storages ---------------------------------------------------------------


def guest_files(count):
    ids = ",".join(f'"{vmid}":{{"node":"n","type":"qemu"}}' for vmid in range(100, 100 + count))
    configs = {
        f"etc/pve/nodes/n/qemu-server/{vmid}.conf": f"name: vm-{vmid}\n"
        for vmid in range(100, 100 + count)
    }
    return {"etc/pve/.vmlist": f'{{"ids":{{{ids}}}}}', **configs}


def names(snapshot):
    return {vmid: guest.name for vmid, guest in snapshot.inventory.value.guests.items()}


def test_guests_have_the_names_of_their_configurations():
    files = guest_files(2)
    del files["etc/pve/nodes/n/qemu-server/101.conf"]
    assert names(loaded(files)) == {100: "vm-100", 101: ""}


def test_without_the_list_of_guests_their_files_are_looked_for():
    files = guest_files(1) | {"etc/pve/nodes/n/lxc/105.conf": "hostname: db\n"}
    del files["etc/pve/.vmlist"]
    assert names(loaded(files)) == {100: "vm-100", 105: "db"}


def test_of_very_many_guests_those_that_access_is_about_are_named(monkeypatch):
    monkeypatch.setattr(surroundings, "GUESTS_WITH_NAME", 3)
    files = guest_files(9) | {
        "etc/pve/user.cfg": (
            "user:ann@pve:1:0::::::\npool:lab::107:\nacl:1:/vms/105:ann@pve:PVEAuditor:\n"
        )
    }
    named = {vmid: name for vmid, name in names(loaded(files)).items() if name}
    assert named == {100: "vm-100", 105: "vm-105", 107: "vm-107"}


def test_storages_are_read_where_they_are_configured():
    assert loaded(
        {"etc/pve/storage.cfg": "nfs: backup\n\tserver x\n"}
    ).inventory.value.storages == (
        "backup",
        "local",
    )


# --- what cannot be read ---------------------------------------------------------------


class Broken(MemoryTree):
    """Some paths cannot be read."""

    def __init__(self, files, broken):
        super().__init__(files)
        self._broken = broken

    def read(self, path):
        if path in self._broken:
            raise Unreadable(f"/{path} cannot be read: broken.", "Mend it.")
        return super().read(path)


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("etc/pve/user.cfg", "access"),
        ("etc/pve/domains.cfg", "realms"),
        ("etc/pve/priv/tfa.cfg", "tfa"),
        ("etc/pve/datacenter.cfg", "datacenter"),
        ("etc/pve/jobs.cfg", "jobs"),
        ("etc/pve/priv/shadow.cfg", "passwords"),
        ("etc/pve/priv/token.cfg", "token_secrets"),
        ("etc/pve/corosync.conf", "cluster"),
        ("etc/pve/storage.cfg", "inventory"),
    ],
)
def test_one_file_that_cannot_be_read_takes_away_one_part(path, part):
    snapshot = loaded(tree=Broken({}, {path}))
    assert problems(snapshot) == {part: f"/{path} cannot be read: broken."}
    assert getattr(snapshot, part).value is None
    assert getattr(snapshot, part).hint == "Mend it."


@pytest.mark.parametrize("path", ["etc/pve/.vmlist", "var/lib/dpkg/status"])
def test_what_only_adds_something_may_be_unreadable(path):
    assert problems(loaded(tree=Broken({}, {path}))) == {}


def test_the_live_part_may_be_unreadable_and_is_told():
    tree = Broken({"etc/hostname": b"pve1"}, {"etc/pve/.members"})
    snapshot = loaded(tree=tree)
    assert snapshot.cluster.value.node == "pve1"
    assert snapshot.cluster.value.quorate is None
    assert (snapshot.cluster.problem, snapshot.cluster.hint) == (
        "/etc/pve/.members cannot be read: broken.",
        "Mend it.",
    )


class Dead:
    """A tree that gave up: everything fails at once with one sentence."""

    source = "files"

    def read(self, path):
        raise Unreadable("/etc/pve did not answer within 5 seconds.", "See systemctl.")

    names = read_many = owner_may_write = read


def test_of_a_dead_tree_every_part_says_so():
    snapshot = loaded(tree=Dead())
    assert set(problems(snapshot)) == set(PARTS)
    assert set(problems(snapshot).values()) == {"/etc/pve did not answer within 5 seconds."}
    assert all(getattr(snapshot, name).value is None for name in PARTS)


class Slow(MemoryTree):
    def read(self, path):
        time.sleep(0.05)
        return super().read(path)


def test_all_parts_share_one_time(monkeypatch):
    monkeypatch.setattr(reading, "SECONDS", 0.12)
    started = time.monotonic()
    snapshot = loaded(tree=Slow({}))
    assert time.monotonic() - started < 0.5
    assert "was not read: reading took longer than 0.12 seconds" in snapshot.inventory.problem
    assert snapshot.inventory.value is None


def test_all_parts_share_one_amount(monkeypatch):
    monkeypatch.setattr(reading, "BYTES", 1024 * 1024)
    big = {f"etc/pve/{name}": "# x\n" * 100_000 for name in ("user.cfg", "domains.cfg", "jobs.cfg")}
    snapshot = loaded(big)
    assert snapshot.access.value is not None
    assert "hold more than 1 MiB" in snapshot.jobs.problem


@pytest.mark.parametrize(
    "data",
    [bytes(range(256)) * 200, b"\0" * 50_000, b"{" * 50_000, b"\xff\xfe" * 1000, b":" * 9999],
)
def test_garbage_in_every_file_raises_nothing(data):
    files = {
        f"etc/pve/{name}": data
        for name in (
            *("user.cfg", "domains.cfg", "datacenter.cfg", "jobs.cfg", "corosync.conf"),
            *("storage.cfg", ".members", ".vmlist"),
            *("priv/tfa.cfg", "priv/shadow.cfg", "priv/token.cfg"),
        )
    }
    files |= {"etc/hostname": data, "var/lib/dpkg/status": data}
    snapshot = loaded(tree=MemoryTree(files))
    assert snapshot.access.value is not None
    assert snapshot.tfa.value is None


# --- how it is read --------------------------------------------------------------------


def test_several_threads_may_load_at_once():
    service = SnapshotService(demo_tree(), FixedClock(DEMO_NOW))
    expected, found = service.load(), []
    threads = [threading.Thread(target=lambda: found.append(service.load())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [expected] * 4
    assert gc.isenabled()


def test_every_load_reads_anew(tmp_path):
    (tmp_path / "etc/pve").mkdir(parents=True)
    (tmp_path / "etc/pve/user.cfg").write_text("user:ann@pve:1:0::::::\n")
    service = SnapshotService(open_tree(tmp_path), SystemClock())
    assert "bob@pve" not in service.load().access.value.users
    (tmp_path / "etc/pve/user.cfg").write_text("user:bob@pve:1:0::::::\n")
    assert "bob@pve" in service.load().access.value.users


def test_the_time_of_a_picture_is_the_clocks():
    before = time.time()
    snapshot = SnapshotService(MemoryTree({}), SystemClock()).load()
    assert before <= snapshot.taken_at <= snapshot.inventory.read_at <= time.time()


def test_a_database_that_is_exchanged_between_two_loads_is_seen(tmp_path):
    folder = tmp_path / "var/lib/pve-cluster"
    folder.mkdir(parents=True)
    shutil.copyfile(DATABASE, folder / "config.db")
    service = SnapshotService(DatabaseTree(tmp_path), SystemClock())
    assert service.load().access.value is not None
    (folder / "config.db").write_bytes(b"gone")
    assert "is not an SQLite database" in service.load().access.problem


def test_entries_that_pve_keeps_are_not_told_as_lost():
    lines = "user:a@pve:1:0:::::\nacl:1:/:gone@pve,@gone:PVEAuditor:\n"
    snapshot = loaded({"etc/pve/user.cfg": lines})
    assert len(snapshot.access.value.acl) == 2
    assert snapshot.access.problem == ""


def test_from_the_second_picture_on_the_tree_is_opened_again():
    first = MemoryTree({"etc/pve/user.cfg": b"user:before@pve:1:0:::::\n"})
    later = MemoryTree({"etc/pve/user.cfg": b"user:after@pve:1:0:::::\n"})
    service = SnapshotService(first, FixedClock(0.0), again=lambda: later)
    assert "before@pve" in service.load().access.value.users
    assert "after@pve" in service.load().access.value.users


def test_a_tree_that_cannot_be_opened_again_is_an_error_to_tell():
    def gone():
        raise Unreadable("/etc/pve is not mounted.", "Is pmxcfs running?")

    service = SnapshotService(MemoryTree({}), FixedClock(0.0), again=gone)
    service.load()
    with pytest.raises(Unreadable, match="not mounted"):
        service.load()
