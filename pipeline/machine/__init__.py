"""What the machine gives: files that appear whole, workers, a clock."""
