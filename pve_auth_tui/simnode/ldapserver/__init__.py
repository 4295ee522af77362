"""An LDAPv3 server in software for the demo and for tests: RFC 4511 over any stream socket.

It shares no code with the program's own client (adapters/directory) and opens no port.
"""
