"""Node names from a hosts file and certificates, whatever stands in them."""

import pytest

from pve_auth_tui.core.errors import Unreadable
from pve_auth_tui.core.snapshot import Cluster, ClusterNode
from pve_auth_tui.core.webauthnsettings import propose
from pve_auth_tui.services.nodenames import NodeNames
from pve_auth_tui.simnode.memory import MemoryTree
from tests.core.pictures import picture

HOSTS = b"127.0.0.1 localhost\n192.0.2.21 pve1.example.com pve1\n"
RACK = Cluster(
    "pve2",
    "rack",
    True,
    (ClusterNode("pve1", True, "192.0.2.21"), ClusterNode("pve2"), ClusterNode("pve3")),
)


def names_in(pem: bytes) -> tuple[str, ...]:
    """Stands for the certificate's reader: names with a blank between."""
    if pem == b"broken":
        raise Unreadable("There is no certificate in it.")
    return tuple(pem.decode().split())


def read(files, cluster=RACK, host=""):
    texts = {f"etc/{path}": text for path, text in files.items()}
    service = NodeNames(lambda: MemoryTree(texts), names_in, lambda: host)
    snapshot = picture(cluster=cluster)
    return {one.node: one for one in service.read(snapshot)}, service.known(snapshot)


def test_this_node_comes_first_and_is_known_from_its_hosts_file():
    found, known = read({"hosts": b"192.0.2.22 pve2.example.com pve2\n"})
    assert list(found) == ["pve2", "pve1", "pve3"]
    assert found["pve2"][1:3] == ("pve2.example.com", "as /etc/hosts says")
    assert found["pve1"] == ("pve1", "pve1", "only its bare name is known", ("192.0.2.21",))
    assert known.names == {"pve2": "pve2.example.com", "pve1": "pve1", "pve3": "pve3"}
    assert known.host == "pve2.example.com:8006"


def test_the_other_nodes_are_known_from_their_certificates():
    found, known = read(
        {
            "hosts": HOSTS,
            "pve/nodes/pve1/pve-ssl.pem": b"127.0.0.1 ::1 localhost 192.0.2.21 pve1 "
            b"alias.example.com pve1.example.com",
            "pve/nodes/pve3/pve-ssl.pem": b"broken",
        },
        host="elsewhere.example.com:443",
    )
    assert found["pve1"] == (
        "pve1",
        "pve1.example.com",
        "as its pve-ssl.pem says",
        ("alias.example.com", "pve1", "192.0.2.21"),
    )
    assert found["pve3"].full == "pve3"
    assert known.others == ("pve2", "alias.example.com", "pve1", "192.0.2.21", "pve3")[1:-1]
    assert known.host == "elsewhere.example.com:443"


def test_the_certificate_that_browsers_trust_counts_before_the_hosts_file():
    found, _ = read(
        {
            "hosts": b"192.0.2.22 pve2.internal.example pve2\n",
            "pve/nodes/pve2/pveproxy-ssl.pem": b"pve2.example.org www.example.org",
            "pve/nodes/pve2/pve-ssl.pem": b"pve2 pve2.old.example",
        }
    )
    assert found["pve2"].full == "pve2.example.org"
    assert found["pve2"].why == "as its pveproxy-ssl.pem says"
    assert found["pve2"].others == (
        "www.example.org",
        "pve2.internal.example",
        "pve2.old.example",
        "pve2",
    )


def test_a_wildcard_stands_for_the_node_below_it():
    found, _ = read({"pve/nodes/pve3/pveproxy-ssl.pem": b"*.example.org"})
    assert found["pve3"].full == "pve3.example.org"


@pytest.mark.parametrize(
    "text",
    [
        b"a,b.example.com",
        b"https://pve3.example.com",
        b"pve3..example.com",
        b"-x.example.com",
        b"\xe2\x80\xaepve3.example.com",
        b"pve3.example.com\x1b[2J",
        b"x" * 64 + b".example.com",
        b"localhost.localdomain",
        b"*.*.example.com",
    ],
)
def test_what_cannot_be_a_host_is_left_out(text):
    found, known = read({"pve/nodes/pve3/pve-ssl.pem": text})
    assert found["pve3"].full == "pve3"
    assert found["pve3"].others == ()
    assert not any(name.startswith("a,") for name in known.others)


def test_thousands_of_names_are_cut():
    many = " ".join(f"n{number}.example.com" for number in range(1000)).encode()
    found, _ = read({"pve/nodes/pve3/pve-ssl.pem": many})
    assert len(found["pve3"].others) == 8


def test_nodes_that_only_have_a_folder_count_too():
    found, _ = read({"pve/nodes/pve9/pve-ssl.pem": b"pve9.example.com"}, Cluster("", None, None))
    assert found["pve9"].full == "pve9.example.com"


@pytest.mark.parametrize("files", [None, Unreadable("pmxcfs does not answer.")])
def test_without_files_a_node_is_known_as_it_was_opened(files):
    def no_files():
        if files:
            raise files

    def known(host):
        return NodeNames(no_files, names_in, lambda: host).known(picture(cluster=RACK))

    by_name = known("pve2.example.com:8006")
    assert by_name.names == {"pve2": "pve2.example.com", "pve1": "pve1", "pve3": "pve3"}
    assert by_name.host == "pve2.example.com:8006"
    assert propose(by_name.names).settings.id == "example.com"
    for host in ("192.0.2.22:8006", "[2001:db8::2]:8006", "pve2:8006"):
        assert known(host).names == {}
        assert propose(known(host).names).settings is None


def test_the_demos_nodes_all_have_names():
    from pve_auth_tui.adapters.certnames import certificate_names
    from pve_auth_tui.simnode.demo import demo_tree

    service = NodeNames(demo_tree, certificate_names, lambda: "")
    nodes = tuple(ClusterNode(name) for name in ("pve1", "pve2", "pve3"))
    known = service.known(picture(cluster=Cluster("pve1", "rack", True, nodes)))
    assert known.names == {name: f"{name}.example.com" for name in ("pve1", "pve2", "pve3")}
    assert propose(known.names).settings.id == "example.com"
