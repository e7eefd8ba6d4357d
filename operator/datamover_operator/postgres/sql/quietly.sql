-- Until the transaction's end, statements are not logged; only superusers may say so.
SELECT json_agg(set_config(name, value, true))::text FROM (VALUES
  ('log_statement', 'none'), ('log_min_error_statement', 'panic'), ('log_min_duration_statement', '-1'),
  ('log_min_duration_sample', '-1'), ('log_parameter_max_length_on_error', '0'),
  ('pg_stat_statements.track_utility', 'off')) v(name, value)
WHERE (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)
