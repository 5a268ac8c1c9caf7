"""A single network, trained."""

from typing import Any

from pipeline.network.recipe import Recipe
from pipeline.network.train import Trained, train_networks


def train_network(inputs: Any, targets: Any, recipe: Recipe, *others: Any, **named: Any) -> Trained:
    """Train every start of a recipe, and choose the one with the lowest loss; arguments as in ``train_networks``."""
    (trained,) = train_networks(inputs, targets, [recipe], *others, **named)
    return trained
