"""The mail domains of an enterprise: claimed, proven by DNS, re-checked."""
