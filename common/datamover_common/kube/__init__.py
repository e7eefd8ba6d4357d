"""Kubernetes as every program uses it: requests, lists kept up to date by watches, and the store of what they tell."""
