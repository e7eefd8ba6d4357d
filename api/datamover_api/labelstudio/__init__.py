"""Label Studio's S3 import storages: its words and shapes, on movers and runs.

A storage is a mover labelled with its id and its project; a sync is a run. What is no part of a spec is an annotation.

Sources: Label Studio's storage API as its SDK speaks it, and how a server was seen to answer.
"""
