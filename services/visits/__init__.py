"""What happened at the door: care visits, welfare visits (探访) and unanswered doors."""
