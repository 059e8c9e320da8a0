"""What elders, families, providers and officers do: one room per part of their day, each below the next."""
