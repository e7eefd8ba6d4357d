"""A real Kubernetes control plane from source: find or build its programs, start and stop it."""
