"""Which carer goes to which door, and when."""
