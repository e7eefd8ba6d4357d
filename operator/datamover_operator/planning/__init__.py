"""Decides: what a mover, a run or an account needs next. Pure: no I/O, no clock, no framework."""
