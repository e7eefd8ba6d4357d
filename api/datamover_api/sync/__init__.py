"""The DataSync API v2.1: syncs as movers and table syncs."""
