"""What people are told about how the node is reached."""

from pve_auth_tui.core.errors import Unreachable
from pve_auth_tui.core.finding import Target
from pve_auth_tui.core.node import Node, Tried
from pve_auth_tui.core.ways import way_findings, way_lines

MISSING = Tried("direct", "PVE's own modules are not installed here.", "Is it a node?", "Can't")


def test_a_node_that_answers_has_nothing_to_look_at():
    assert way_findings(Node("direct", "root@pam", seconds=0.2)) == []


def test_files_alone_are_a_finding_that_opens_the_ways():
    (finding,) = way_findings(Node("files", tried=(MISSING,)))
    assert finding.text == "PVE's API does not answer: PVE's own modules are not installed here"
    assert finding.target == Target("ways")


def test_nothing_is_said_while_the_ways_are_still_being_tried():
    assert way_findings(Node("files", tried=(MISSING,), waiting=True)) == []


def test_another_systems_files_lack_no_api():
    assert way_findings(Node("files")) == []


def test_a_slow_api_is_a_finding_once_it_has_answered():
    slow = Node("direct", "root@pam", seconds=12.3)
    assert way_findings(slow)[0].text == "PVE's API is slow: asking it took 12 s"
    assert way_findings(Node("direct", "root@pam", seconds=12.3, waiting=True)) == []


def test_the_ways_tell_reason_next_step_and_original():
    lines = way_lines(Node("files", tried=(MISSING,)))
    assert [line.heading for line in lines] == ["In use", "Not used", "Why", "Next", "Original"]
    assert lines[0].text == "files, READ-ONLY: the files in /etc/pve"


def test_a_reason_that_names_the_api_is_not_said_twice():
    tried = Tried("direct", "PVE's API does not start: /etc/pve is not there.")
    (finding,) = way_findings(Node("config.db", tried=(tried,)))
    assert finding.text == "PVE's API does not start: /etc/pve is not there"


def test_a_way_that_answered_before_and_does_not_now_says_so():
    node = Node("https", "root@pam")
    lines = way_lines(node, Unreachable("Nobody listens on pve1:8006.", "Look at pveproxy."))
    assert [line.heading for line in lines] == ["In use", "Now", "Why", "Next"]
    assert "8006" not in lines[0].text  # the port may be another one
    assert lines[2].text == "Nobody listens on pve1:8006."
