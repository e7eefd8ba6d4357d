"""Authentication: a client proves that it has a pre-shared key with a bcrypt hash of it, which it makes itself."""
