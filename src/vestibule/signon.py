"""How a connection signs people in: its settings as frozen values, read from and written to JSON."""
