"""The study: what the slope does, over a grid of networks."""
