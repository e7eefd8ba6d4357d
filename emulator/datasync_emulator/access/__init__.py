"""Whether DataSync may do with a bucket what a location needs."""
