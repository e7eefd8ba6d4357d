"""What is to be told to whom, and when it is tried again. Pure."""
