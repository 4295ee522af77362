"""Nodes that join the lab's domain: Debian with systemd, realmd and sssd, of both suites.

What a test may do to them (what is done lies in memory, and is gone with the node):

- names and ways: `node.resolver(names.NOBODY)` a silent DNS server, `with EmptyDns(lab.switch)` and
  `node.resolver(names.GATE)` one that knows nothing, `node.rename("pve1")` no full name,
  `node.alias(names.DC_ADDRESS, "other.lab.test")` another name of the DC,
  `with node.place.without("tcp dport 88 drop", "udp dport 88 drop")` (or `reject with tcp reset`)
- the domain: `with lab.dc.gone()`, `with lab.dc.ahead(600)` seconds (its own processes alone are
  told so), `lab.dc.add_computer("PVE1", "other.ad.lab.test")`, `lab.dc.remove_computers()`;
  people: `disabled`, `expired`, `mustchange`, `alice` (who may add no computer), all with
  `names.AD_USER_PASSWORD`; folders: Servers, Staff and more
- the node itself: `JoinNode(..., bare=True)` without packages, `name=`, `trial.sssd_fails(node)`,
  `node.put(path, text, mode)`, `node.run(...)`
"""
