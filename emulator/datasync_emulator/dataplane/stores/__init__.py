"""Where entries are kept: the port, and its implementations for folders and for the S3 in this process."""
