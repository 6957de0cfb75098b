"""The HTTP edge: it translates between HTTP and the domain, and nothing more."""
