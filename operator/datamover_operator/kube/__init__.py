"""The Kubernetes API as the operator uses it: reads, compare-and-swap writes, Events, a cache. Knows no kopf."""
