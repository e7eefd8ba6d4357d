"""`make demo`: the whole way from an applied manifest to moved and compared files."""
