"""The process itself: settings, command line, logs, metrics, health, signals, long-lived tasks."""
