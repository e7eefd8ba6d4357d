"""Label Studio's S3 import storages: its words and shapes, on movers and runs.

What is here is pure: members as clients send them, and storages as they read them. Routes are still to come.

Sources: Label Studio's storage API as its SDK speaks it, and how a server was seen to answer.
"""
