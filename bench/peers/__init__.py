"""The peers: other SCIM servers that are installed from a package index and started by the benchmark."""
