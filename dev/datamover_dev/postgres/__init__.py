"""PostgreSQL servers from Debian's packages, for tests, the demo and the local stack."""
