"""Reading a call, checking it against the service model, answering it."""
