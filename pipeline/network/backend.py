"""The only door to TensorFlow, opened when something trains or saves."""

import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_IMPORTING = threading.Lock()
XLA_FLAGS = (
    "--xla_cpu_prefer_vector_width=512 --xla_backend_extra_options=xla_cpu_small_while_loop_byte_threshold=1000000000"
    " --xla_cpu_experimental_ynn_fusion_type= --xla_cpu_enable_fast_min_max=false"
)
"""The widest registers; minimum and maximum keep NaN; and every loop is a function of its own, where it would call some ten tiny
ones a step. Such a function cannot hold what a library computes, which is no faster here. It is every loop, for the order of a
long sum depends on it.
"""


def tensorflow() -> Any:
    """Return TensorFlow, imported without the lines that it logs on the way, and set to one thread an operation.

    It writes those lines before any level can be set, straight to the file descriptor; if the import fails, they are shown.
    Where somebody has imported TensorFlow already, it stays as it is.
    """
    with _IMPORTING:
        return sys.modules["tensorflow"] if "tensorflow" in sys.modules else _import_quietly()


def keras() -> Any:
    """Return the Keras module on the TensorFlow backend."""
    return tensorflow().keras


@contextmanager
def _without(module: str) -> Iterator[None]:
    """Have a module look as if it were not installed, unless somebody uses it already: Keras imports it to draw pictures.

    That is a seventh of the time that TensorFlow takes.
    """
    absent = module not in sys.modules
    if absent:
        sys.modules[module] = None  # type: ignore[assignment]  # which Python documents
    try:
        yield
    finally:
        if absent:
            del sys.modules[module]


def _import_quietly() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["XLA_FLAGS"] = f"{XLA_FLAGS} {os.environ.get('XLA_FLAGS', '')}"
    with tempfile.TemporaryFile() as log:
        stderr = os.dup(2)
        os.dup2(log.fileno(), 2)
        try:
            with _without("matplotlib"):
                import tensorflow as tf
        except Exception:
            log.seek(0)
            os.write(stderr, log.read())
            raise
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
    # a step of a small network is far too short to share between cores: the cores take different starts instead
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.get_logger().setLevel("ERROR")  # it warns of every new shape, and each is compiled on purpose
    return tf
