"""The machine's own limit: an empty HTTP answer, and the same statements by the plain driver."""
