"""Do you need this? What stands on the first screen."""

from pve_auth_tui.core.domains import Realm
from pve_auth_tui.core.finding import Target
from pve_auth_tui.core.join.needs import needs, realms_of
from pve_auth_tui.core.snapshot import Cluster, ClusterNode
from tests.core.pictures import CORP, PAM, PVE, picture

AD = "ad.example.com"
RACK = Cluster(
    "pve1", "rack", True, (ClusterNode("pve1"), ClusterNode("pve2"), ClusterNode("pve3"))
)


def of_domain(name, domain):
    return Realm(name, "ad", {"server1": "dc01", "domain": domain})


def text_of(findings):
    return "\n".join(f"{one.text} {one.fix}" for one in findings)


def test_a_realm_that_lets_them_in_already():
    shot = picture(
        "user:ann@corp:1:0:::::", realms=(PAM, PVE, of_domain("corp", "AD.Example.com."))
    )
    first = needs(shot, AD)[0]
    assert first.word == "ok"
    assert first.text == (
        "Realm corp lets people of ad.example.com log in to PVE already, without a join."
    )
    assert first.fix == "1 user of it in PVE."
    assert first.target == Target("realms", "corp")


def test_without_a_realm_one_is_enough():
    shot = picture(realms=(PAM, PVE, CORP, Realm("dir", "ldap", {"server1": "ad.example.com"})))
    first = needs(shot, AD)[0]
    assert first.word == "LOOK"
    assert "a realm is enough" in first.text
    assert "needs no join" in first.fix


def test_before_a_domain_is_named_every_ad_realm_counts():
    shot = picture(realms=(PAM, PVE, of_domain("a", "a.example"), of_domain("b", "b.example")))
    assert realms_of(shot, "") == ("a", "b")
    assert realms_of(shot, "b.example") == ("b",)
    assert "Realm a and b let people of a domain" in needs(shot, "")[0].text


def test_what_it_risks():
    text = text_of(needs(picture(), AD))
    assert "Whoever controls a permitted group in AD gets a shell here." in text
    assert "need a domain controller" in text
    assert "root@pam is not touched" in text
    assert "Every node" not in text  # it stands alone


def test_every_node_is_joined_by_itself():
    assert "pve2 and pve3 as well" in text_of(needs(picture(cluster=RACK), AD))


def test_what_could_not_be_read_is_told():
    assert needs(None, AD)[0].text.startswith("PVE's realms could not be read")
    assert needs(picture(realms=(), cluster=None), AD)
