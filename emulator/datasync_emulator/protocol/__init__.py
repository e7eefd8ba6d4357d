"""AWS JSON 1.1: reading, checking against the service model, answering."""
