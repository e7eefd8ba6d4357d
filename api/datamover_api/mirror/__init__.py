"""What readers are answered from: accounts, and the movers and runs of the namespaces that they keep for REST."""
