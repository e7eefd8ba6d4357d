"""The Kubernetes API as the operator alone uses it: compare-and-swap writes, Events, the Lease, kopf's watches."""
