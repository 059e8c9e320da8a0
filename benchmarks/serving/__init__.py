"""A server under load: who serves, who asks, and whom they ask about."""
