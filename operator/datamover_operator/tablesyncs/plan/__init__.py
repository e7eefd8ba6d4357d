"""What a table sync needs next. Pure: no I/O, no clock, no framework."""
