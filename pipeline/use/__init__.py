"""What a saved run is used for."""
