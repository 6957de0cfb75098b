"""What an identity provider says of a person, mapped to a profile."""
