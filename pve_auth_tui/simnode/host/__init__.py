"""The simulated node's operating system: its files below /etc, its packages, units and tools.

Nothing of the machine that the demo runs on is read, run or changed.
"""
