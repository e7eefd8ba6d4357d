"""The edge to AWS: the only package that knows botocore. It implements the ports of `aws.ports`."""
