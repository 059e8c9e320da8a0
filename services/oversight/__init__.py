"""What the district sees: coverage, beds and visit duties with the rows behind each number."""
