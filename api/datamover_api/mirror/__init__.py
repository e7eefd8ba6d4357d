"""What reads are answered from: accounts, and the movers and runs in the namespaces that they have for REST."""
