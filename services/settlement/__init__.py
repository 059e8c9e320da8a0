"""The month's accounts."""
