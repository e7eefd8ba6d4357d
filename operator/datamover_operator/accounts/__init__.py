"""DataMoverAccounts: connections to AWS, opened only after AWS has confirmed the operator's identity."""
