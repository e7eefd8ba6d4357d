"""The REST API of the older service: its routes, words and shapes, on movers and runs.

Sources: the older service's README ("Usage"), and how the service was seen to answer.
"""
