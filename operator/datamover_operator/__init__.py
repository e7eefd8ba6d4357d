"""A Kubernetes operator for AWS DataSync."""
