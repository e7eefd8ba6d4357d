"""The chart, and helm, which installs and packages it."""
