"""What needs python-fido2. Imported inside functions only: without the library everything else of
this program works.
"""
