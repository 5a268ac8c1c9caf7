"""A file, scored with a saved run."""
