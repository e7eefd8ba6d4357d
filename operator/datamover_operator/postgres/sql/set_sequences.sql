-- Sets the sequences of columns. Parameters: schemas, tables, columns and values, arrays of the same length.
SELECT count(setval(q.oid, w.value))::text
FROM unnest(%(schemas)s::text[], %(tables)s::text[], %(columns)s::text[], %(values)s::int8[]) w(schema, name, col, value)
JOIN pg_namespace n ON n.nspname = w.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = w.col AND NOT a.attisdropped
JOIN LATERAL (/*column_sequences*/) q ON true
