-- The destination now. Parameters: name of the subscription, schemas and tables (arrays of the same length).
SELECT json_build_object(
  /*server*/,
  'can_subscribe', (SELECT bool_or(rolsuper OR rolname <> current_user) FROM pg_roles WHERE rolname = current_user
    OR rolname IN ('pg_create_subscription', 'rds_superuser', 'cloudsqlsuperuser', 'azure_pg_admin')
      AND pg_has_role(oid, 'USAGE')),
  'can_create', has_database_privilege(current_database(), 'CREATE'),
  'subscription', (SELECT json_build_object(
      'oid', s.oid::int8, 'comment', coalesce(obj_description(s.oid, 'pg_subscription'), ''),
      'enabled', s.subenabled, 'slot_name', coalesce(s.subslotname, ''), 'publications', s.subpublications,
--15  'disables_on_error', s.subdisableonerr, 'skip_position', s.subskiplsn::text,
--15  'apply_errors', (SELECT e.apply_error_count FROM pg_stat_get_subscription_stats(s.oid) e),
--15  'copy_errors', (SELECT e.sync_error_count FROM pg_stat_get_subscription_stats(s.oid) e),
      'tables', (SELECT coalesce(json_agg(json_build_array(n.nspname, c.relname, r.srsubstate)), '[]')
        FROM pg_subscription_rel r JOIN pg_class c ON c.oid = r.srrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE r.srsubid = s.oid),
      'copies', (SELECT coalesce(json_agg(json_build_array(
          n.nspname, c.relname, k.tuples_processed, k.bytes_processed)), '[]')
        FROM pg_stat_progress_copy k JOIN pg_subscription_rel r ON r.srrelid = k.relid AND r.srsubid = s.oid
        JOIN pg_class c ON c.oid = k.relid JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE k.datname = current_database() AND k.command = 'COPY FROM'),
      'is_working', EXISTS (SELECT FROM pg_stat_get_subscription(s.oid) w WHERE w.relid IS NULL AND w.pid IS NOT NULL))
    FROM pg_subscription s
    WHERE s.subname = %(name)s AND s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())),
  'sizes', (SELECT coalesce(json_agg(json_build_array(n.nspname, c.relname,
      (SELECT coalesce(sum(pg_stat_get_live_tuples(t.oid)), 0)
        FROM (SELECT c.oid UNION SELECT t.relid FROM pg_partition_tree(c.oid) t) t(oid)),
      (SELECT coalesce(sum(pg_table_size(t.oid)), 0)
        FROM (SELECT c.oid UNION SELECT t.relid FROM pg_partition_tree(c.oid) t) t(oid)))), '[]')
    FROM unnest(%(schemas)s::text[], %(tables)s::text[]) w(schema, name)
    JOIN pg_namespace n ON n.nspname = w.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name)
)::text
