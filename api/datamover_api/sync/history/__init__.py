"""The history of runs beyond what Kubernetes keeps, in a PostgreSQL database of the service's own."""
