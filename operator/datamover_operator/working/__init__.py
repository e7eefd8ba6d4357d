"""Carries the plans out: the queue, the reconcile loop, and the poller that active runs share."""
