"""What an account needs next, and what it grants. Pure: no I/O, no clock, no framework."""
