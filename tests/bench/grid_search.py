"""How long scikit-learn's grid search over slopes takes, and how often it compiles.

9 slopes x 5 folds and the last fit on all of the 807 training rows of the default config, 100 epochs, 64 starts each. The
imports are not counted; compiling is.

    python tests/bench/grid_search.py
"""

import json
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV

from pipeline import LeakyReLUClassifier
from pipeline.network import xla
from pipeline.network.backend import tensorflow
from tests.bench.task import arrays, clock

ALPHAS = (0, 0.01, 0.05, 0.09, 0.1, 0.2, 0.3, 0.5, 1)


def measure() -> dict[str, Any]:
    """Return seconds, fits, compilations and what was found.

    The seconds are those of the first search, which compiles, of a second one, and of one in two processes.
    """
    inputs, codes = arrays()
    labels = np.array(["Type2", "Normal", "Type1"])[codes.ravel().astype(int) + 1]
    model = LeakyReLUClassifier(codes={"Normal": 0, "Type1": 1, "Type2": -1}, epochs=100, random_state=0)
    search = GridSearchCV(model, {"alpha": ALPHAS}, cv=5)
    tensorflow()
    first, second = (clock(lambda: search.fit(inputs, labels)) for _ in range(2))
    apart = clock(lambda: clone(search).set_params(n_jobs=2).fit(inputs, labels))
    program = xla.program(xla.ProgramKind((6, 3, 1), False, "ordinal", "adam", True))
    return {
        "seconds": first,
        "seconds_compiled_before": second,
        "seconds_two_processes": apart,
        "fits": len(ALPHAS) * 5 + 1,
        "compilations": program.function.experimental_get_tracing_count(),
        **search.best_params_,
        "accuracy": float(search.best_score_),
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
