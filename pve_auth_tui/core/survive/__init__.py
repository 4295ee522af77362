"""Which ways in survive what: administrators and their factors against eight troubles."""
