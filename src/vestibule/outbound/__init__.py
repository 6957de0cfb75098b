"""What Vestibule asks of the world outside: guarded HTTP, mail, names. Each does I/O and decides nothing."""
