"""What a run tells of itself beside its counters: task reports in S3, and logs in CloudWatch."""
