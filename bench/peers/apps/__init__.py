"""The applications around the peers' libraries, as their documents show them."""
