"""The command line, the outbox relay, RQ jobs and the schedule."""
