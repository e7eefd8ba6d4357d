"""The only kopf: it watches and dispatches. One `on.event` handler a kind; kopf itself writes nothing then."""
