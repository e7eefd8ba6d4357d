-- The tables of a publication; no row where there is none.
SELECT coalesce((SELECT json_agg(json_build_array(n.nspname, c.relname))
  FROM pg_publication_rel r JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE r.prpubid = p.oid), '[]')::text FROM pg_publication p WHERE p.pubname = %(name)s
