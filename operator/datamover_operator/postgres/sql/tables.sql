-- What the catalogue says of tables. Parameters: schemas and tables, arrays of the same length. Tables that do not exist
-- are left out.
SELECT coalesce(json_agg(json_build_object(
  'schema', n.nspname, 'table', c.relname, 'kind', c.relkind, 'persistence', c.relpersistence,
  'columns', (SELECT coalesce(json_agg(json_build_object(
      'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'required', a.attnotnull,
      'default', pg_get_expr(d.adbin, d.adrelid), 'generated', a.attgenerated <> '', 'identity', a.attidentity,
      'collation', (SELECT json_build_array(n.nspname, l.collname) FROM pg_collation l
        JOIN pg_namespace n ON n.oid = l.collnamespace JOIN pg_type y ON y.oid = a.atttypid
        WHERE l.oid = a.attcollation AND l.oid <> y.typcollation),
      'sequence', (SELECT json_build_array(n.nspname, q.relname)
        FROM pg_depend o JOIN pg_class q ON q.oid = o.objid AND q.relkind = 'S'
        JOIN pg_namespace n ON n.oid = q.relnamespace
        WHERE o.classid = 'pg_class'::regclass AND o.refclassid = 'pg_class'::regclass AND o.refobjid = c.oid
          AND o.refobjsubid = a.attnum AND o.deptype IN ('a', 'i') LIMIT 1)) ORDER BY a.attnum), '[]')
    FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
  'keys', (SELECT coalesce(json_agg(json_build_object(
      'name', k.conname, 'kind', k.contype, 'deferrable', k.condeferrable,
      'columns', (SELECT json_agg(a.attname ORDER BY u.place) FROM unnest(k.conkey) WITH ORDINALITY u(attnum, place)
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.attnum)) ORDER BY k.contype, k.conname), '[]')
    FROM pg_constraint k WHERE k.conrelid = c.oid AND k.contype IN ('p', 'u')),
  'identity', (SELECT json_agg(a.attname ORDER BY u.place)
    FROM pg_index i CROSS JOIN unnest(i.indkey) WITH ORDINALITY u(attnum, place)
    JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = u.attnum
    WHERE i.indrelid = c.oid AND i.indisvalid AND i.indimmediate
      AND (c.relreplident = 'd' AND i.indisprimary OR c.relreplident = 'i' AND i.indisreplident)),
  'identity_is_full', c.relreplident = 'f',
  'lacking', (SELECT coalesce(json_agg(t.relid::text), '[]') FROM pg_partition_tree(c.oid) t
    JOIN pg_class l ON l.oid = t.relid
    WHERE c.relkind = 'p' AND t.isleaf AND t.relid <> c.oid AND l.relreplident <> 'f' AND NOT EXISTS (
      SELECT FROM pg_index i WHERE i.indrelid = t.relid AND i.indisvalid AND i.indimmediate
        AND (l.relreplident = 'd' AND i.indisprimary OR l.relreplident = 'i' AND i.indisreplident))),
  'owner', pg_get_userbyid(c.relowner),
  'is_owned', pg_has_role(c.relowner, 'USAGE'),
  'can_read', has_table_privilege(c.oid, 'SELECT'),
  'can_write', has_table_privilege(c.oid, 'INSERT') AND has_table_privilege(c.oid, 'UPDATE')
    AND has_table_privilege(c.oid, 'DELETE') AND has_table_privilege(c.oid, 'TRUNCATE'),
  'row_security', row_security_active(c.oid),
  'size', (SELECT json_build_object('rows', coalesce(sum(greatest(l.reltuples, pg_stat_get_live_tuples(l.oid), 0)), 0)::int8,
      'bytes', coalesce(sum(pg_table_size(l.oid)), 0)::int8)
    FROM (SELECT c.oid UNION SELECT t.relid FROM pg_partition_tree(c.oid) t) t(oid)
    JOIN pg_class l ON l.oid = t.oid WHERE l.relkind <> 'p')
)), '[]')::text
FROM unnest(%(schemas)s::text[], %(tables)s::text[]) w(schema, name)
JOIN pg_namespace n ON n.nspname = w.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
