"""What Vestibule asks of the world outside: guarded HTTP, mail, names. Each does I/O and decides nothing."""


class Unusable(Exception):
    """A setting for the world outside that cannot be used; the message names it and says how to mend it."""
