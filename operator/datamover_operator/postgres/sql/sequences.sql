-- The last values of the sequences that columns of these tables take theirs from. Parameters: schemas and tables.
SELECT coalesce(json_agg(json_build_array(w.schema, w.name, a.attname, pg_sequence_last_value(q.oid))), '[]')::text
FROM unnest(%(schemas)s::text[], %(tables)s::text[]) w(schema, name)
JOIN pg_namespace n ON n.nspname = w.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN LATERAL (/*column_sequences*/) q ON pg_sequence_last_value(q.oid) IS NOT NULL
