"""What the store reads and writes, as statements that both engines understand; one file a noun."""
