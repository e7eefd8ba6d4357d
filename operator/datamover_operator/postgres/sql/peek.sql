-- What comes first in a slot. Parameters: slot, and the publications as a list of identifiers.
SELECT coalesce(json_agg(encode(substring(m.data FOR 300), 'hex')), '[]')::text
FROM (SELECT data FROM pg_logical_slot_peek_binary_changes(%(slot)s, NULL, 10000,
  'proto_version', '1', 'publication_names', %(publications)s) LIMIT 20000) m
