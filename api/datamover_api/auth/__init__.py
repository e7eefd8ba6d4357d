"""Who may ask: a client proves that it has the pre-shared key by a bcrypt hash of it, which it makes itself."""
