"""What a mover needs next. Pure: no I/O, no clock, no framework."""
