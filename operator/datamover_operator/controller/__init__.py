"""The machine that every kind runs on: what events are news, one work queue, its workers, resync, periodic jobs."""
