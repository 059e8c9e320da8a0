"""Opaque payables and the gateway that collects them."""
