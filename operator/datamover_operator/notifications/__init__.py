"""Notifications: webhooks that are called when something has happened; any kind with status.notifications has them."""
