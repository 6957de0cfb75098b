"""Sign-in: who an identity is, and whether it may come in."""
