"""datamover-api: movers over HTTP. It creates, patches, reads and deletes custom resources, and never calls AWS."""
