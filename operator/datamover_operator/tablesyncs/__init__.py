"""TableSyncs: tables kept in sync by PostgreSQL's own logical replication."""
