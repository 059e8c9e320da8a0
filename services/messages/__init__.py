"""What people are told, and the proof that it reached them."""
