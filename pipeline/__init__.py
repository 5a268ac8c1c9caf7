"""Train and judge a small Leaky ReLU network from one YAML file."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.network.classifier import LeakyReLUClassifier

__version__ = "0.1.0"
__all__ = ["LeakyReLUClassifier", "__version__"]


def __getattr__(name: str) -> Any:
    """Import the estimator, and with it scikit-learn, only when it is asked for."""
    if name == "LeakyReLUClassifier":
        from pipeline.network.classifier import LeakyReLUClassifier

        return LeakyReLUClassifier
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
