  'server', json_build_object(
    'system', (SELECT system_identifier::text FROM pg_control_system()),
    'database', (SELECT oid::text FROM pg_database WHERE datname = current_database()),
    'started', extract(epoch FROM pg_postmaster_start_time())::text,
    'version', current_setting('server_version_num')::int,
    'in_recovery', pg_is_in_recovery(),
    'is_superuser', (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
    'user', current_user::text
  )
