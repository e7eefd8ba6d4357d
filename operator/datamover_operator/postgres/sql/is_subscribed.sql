-- Whether any of these tables is subscribed already. Parameters: name of the subscription, schemas and tables.
SELECT EXISTS (SELECT FROM unnest(%(schemas)s::text[], %(tables)s::text[]) w(schema, name)
  JOIN pg_namespace n ON n.nspname = w.schema JOIN pg_class c ON c.relnamespace = n.oid AND c.relname = w.name
  JOIN pg_subscription_rel r ON r.srrelid = c.oid JOIN pg_subscription s ON s.oid = r.srsubid
  WHERE s.subname = %(name)s)::text
