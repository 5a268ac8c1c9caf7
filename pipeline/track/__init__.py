"""A run logged to MLflow."""
