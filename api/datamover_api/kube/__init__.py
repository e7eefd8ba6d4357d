"""The Kubernetes API as the service uses it: single requests, and lists kept up to date by watches."""
