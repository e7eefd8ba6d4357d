"""An emulator of AWS DataSync that really copies, with S3, IAM, STS, SQS and EventBridge beside it on one port."""
