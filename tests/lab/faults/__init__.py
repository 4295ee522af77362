"""What can be wrong with a realm, as rows of data: how it is seeded at a real server, and by which
name the program has to recognise it. Tests and the table in docs/realm-faults.md are made of them.
"""
