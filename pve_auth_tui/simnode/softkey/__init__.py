"""A security key in software, for the demo and for tests: CTAP 2.1, CTAP 2.0 and U2F.

Written from the public texts (CTAP 2.1, FIDO U2F 1.2); it shares no code with the client that
talks to keys, so that a mistake of that one is not made here once more. Never a real key: the
private keys lie in plain memory.
"""

VENDOR, PRODUCT = 0x1209, 0xF1D0  # pid.codes: theirs for tests
