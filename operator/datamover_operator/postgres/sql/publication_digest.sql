md5(concat_ws(' ', p.pubinsert, p.pubupdate, p.pubdelete, p.pubtruncate, p.pubviaroot, p.puballtables,
    (SELECT string_agg(concat_ws(' ', r.prrelid::regclass
--15  , r.prattrs, pg_get_expr(r.prqual, r.prrelid)
    ), ',' ORDER BY r.prrelid) FROM pg_publication_rel r WHERE r.prpubid = p.oid)))
