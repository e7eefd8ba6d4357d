SELECT s.seqrelid AS oid FROM pg_sequence s WHERE (
  EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = s.seqrelid AND d.deptype IN ('a', 'i')
    AND d.refclassid = 'pg_class'::regclass AND d.refobjid = c.oid AND d.refobjsubid = a.attnum)
  OR EXISTS (SELECT FROM pg_attrdef e JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = e.oid
    WHERE e.adrelid = c.oid AND e.adnum = a.attnum AND d.refclassid = 'pg_class'::regclass AND d.refobjid = s.seqrelid))
