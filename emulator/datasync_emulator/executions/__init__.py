"""Task executions: their states, their queue, the threads that copy, the schedules that start them."""
