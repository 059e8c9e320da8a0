"""What an elder is entitled to, and so who pays which part of an order."""
