"""DataMoverAccounts: the connections into AWS, opened only when AWS has confirmed who we are."""
