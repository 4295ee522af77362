"""The other nodes of the cluster, asked over every address of theirs that is known here.

First https, pinned to the certificate that /etc/pve has of that node, then ssh, pinned to its host
key; nothing is asked of anybody who could not show one of them. What an answer proves is decided
in `core.recover.neighbour`.
"""

from pve_auth_tui.adapters.neighbours.asking import Means, ask_neighbours

__all__ = ["Means", "ask_neighbours"]
