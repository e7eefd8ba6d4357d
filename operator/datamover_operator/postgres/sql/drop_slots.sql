-- An apply worker is back within milliseconds of its end: its slot is dropped before that, or the next time it ends.
DO $$
DECLARE
  given_up CONSTANT timestamptz := clock_timestamp() + interval '5 seconds';
  slot text;
BEGIN
  FOREACH slot IN ARRAY string_to_array(current_setting('datamover.slots'), ' ') LOOP
    LOOP
      PERFORM pg_terminate_backend(active_pid) FROM pg_replication_slots
        WHERE slot_name = slot AND active_pid IS NOT NULL;
      BEGIN
        PERFORM pg_drop_replication_slot(slot);
        EXIT;
      EXCEPTION
        WHEN undefined_object THEN
          EXIT;
        WHEN object_in_use THEN
          IF clock_timestamp() > given_up THEN
            RAISE;
          END IF;
          PERFORM pg_sleep(0.001);
      END;
    END LOOP;
  END LOOP;
END
$$
