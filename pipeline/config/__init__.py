"""The YAML file: its schema, its text, and what it means."""
