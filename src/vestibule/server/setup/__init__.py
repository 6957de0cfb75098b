"""What the invited administrator sees, and how tickets are made over the API."""
