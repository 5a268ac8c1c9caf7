"""What a run holds, and where."""
