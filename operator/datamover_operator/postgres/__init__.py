"""PostgreSQL as the operator uses it: short statements on few connections. The only psycopg is in here."""
