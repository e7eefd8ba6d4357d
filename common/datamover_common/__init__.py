"""What the operator, the REST service and the command share: Kubernetes, logs, settings, command line, tasks."""
