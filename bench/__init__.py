"""The benchmark: Vestibule, its peers and the machine's own limit, measured in one run. `make bench` runs it."""
