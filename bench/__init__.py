"""How quick and how small the application is: `make bench`.

Every number that is compared with something else is measured beside it in the same run, in
turns, and is the median of several runs, so that a busy machine does not decide.
"""
