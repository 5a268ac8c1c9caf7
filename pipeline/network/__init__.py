"""The network: its layers, its training, its answers."""
