"""DataMoverRuns: claims, one start, and what is seen of the execution."""
