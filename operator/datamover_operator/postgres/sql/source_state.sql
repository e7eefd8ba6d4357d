-- The source now. Parameters: name, which those of publications and slots begin with, and sync_slots, a LIKE pattern.
SELECT json_build_object(
  /*server*/,
  'position', CASE WHEN pg_is_in_recovery() THEN '0/0' ELSE pg_current_wal_lsn()::text END,
  'wal_level', current_setting('wal_level'),
  'free_slots', current_setting('max_replication_slots')::int - (SELECT count(*) FROM pg_replication_slots),
  'free_senders', current_setting('max_wal_senders')::int - (SELECT count(*) FROM pg_stat_get_wal_senders()),
  'can_replicate', (SELECT bool_or(rolsuper OR rolreplication OR rolname = 'rds_replication') FROM pg_roles
    WHERE rolname = current_user OR (rolname = 'rds_replication' AND pg_has_role(oid, 'USAGE'))),
  'can_create', has_database_privilege(current_database(), 'CREATE'),
  'publications', (SELECT coalesce(json_object_agg(p.pubname, json_build_object(
      'name', p.pubname, 'comment', coalesce(obj_description(p.oid, 'pg_publication'), ''), 'digest', 
        /*publication_digest*/)), '{}') FROM pg_publication p WHERE starts_with(p.pubname, %(name)s)),
  'slots', (SELECT coalesce(json_object_agg(s.slot_name, json_build_object(
      'active', s.active,
      'lost', s.wal_status IS NOT DISTINCT FROM 'lost',
      'confirmed', coalesce(s.confirmed_flush_lsn, '0/0')::text,
      'lag', greatest(0, coalesce(pg_current_wal_lsn() - s.confirmed_flush_lsn, 0))::int8,
      'retained', greatest(0, coalesce(pg_current_wal_lsn() - s.restart_lsn, 0))::int8,
      'replay_lag', (SELECT extract(epoch FROM w.replay_lag)::float8 FROM pg_stat_get_wal_senders() w
        WHERE w.pid = s.active_pid))), '{}')
    FROM pg_replication_slots s WHERE starts_with(s.slot_name, %(name)s) AND s.database = current_database()
      AND NOT pg_is_in_recovery()),
  'oldest_transaction', (SELECT extract(epoch FROM max(now() - t.xact_start))::float8 FROM pg_stat_activity t
    WHERE t.backend_xid IS NOT NULL AND t.pid <> pg_backend_pid()),
  'sync_slots', (SELECT coalesce(json_agg(s.slot_name), '[]') FROM pg_replication_slots s
    WHERE s.slot_name LIKE %(sync_slots)s AND s.database = current_database())
)::text
