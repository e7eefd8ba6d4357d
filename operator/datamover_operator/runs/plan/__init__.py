"""What a run needs next. Pure: no I/O, no clock, no framework."""
