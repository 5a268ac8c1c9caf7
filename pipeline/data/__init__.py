"""From a CSV file to inputs."""
