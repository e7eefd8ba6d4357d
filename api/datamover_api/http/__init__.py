"""HTTP, whichever facade is served: connections, tokens, bodies, health, metrics."""
