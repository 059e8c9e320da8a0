"""Providers, their sites and their carers: what an elder can find near home."""
