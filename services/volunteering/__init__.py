"""A volunteer's life above the ledger: needs taken, sessions served, minutes confirmed."""
