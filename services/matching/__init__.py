"""Who can really serve an order, and the offers made to them in turn (派单, 接单)."""
