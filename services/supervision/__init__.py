"""Supervision of institutions: filings, grades, checks, random draws of inspectors, incidents, cases."""
