"""Getting back in: what is wrong with a node and with somebody's login, and the ways back.

`condition` is how the machine does; `diagnosis` tells what is wrong; `have` asks what somebody
still has; `ways` are the ways back, the one that does least first. Pure, as all of core.
"""
