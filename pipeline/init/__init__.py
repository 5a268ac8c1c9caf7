"""A config for a file that nobody here has seen: what each column is, what may be the target, and why."""
