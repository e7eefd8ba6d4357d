"""The services that moto serves in this process, behind the same port: S3, IAM, STS, SQS, EventBridge."""
