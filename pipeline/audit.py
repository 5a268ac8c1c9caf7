"""Which facts each stage of findings reads."""

import numpy as np

from pipeline.config import Config
from pipeline.data.load import Table
from pipeline.data.split import Split
from pipeline.findings import Finding, find
from pipeline.findings.data_rules import DataFacts
from pipeline.findings.training_rules import TrainingFacts
from pipeline.judge.evaluate import Evaluation
from pipeline.judge.starts import agreement
from pipeline.model import Model
from pipeline.network.train import Trained


def audit(config: Config, table: Table, parts: Split) -> tuple[Finding, ...]:
    """Return the findings that need no training: about the config, the data and the split."""
    accept = config.findings.accept
    return find("C", config, accept) + find("D", DataFacts(table, parts, config), accept)


def audit_training(
    config: Config, table: Table, parts: Split, model: Model, trained: Trained, evaluation: Evaluation
) -> tuple[Finding, ...]:
    """Return the findings about a training and its figures."""
    rows = parts.train if len(parts.train) else parts.test
    agreeing = agreement(model, trained, model.preprocessor.transform(table.features.iloc[rows]))
    answers = evaluation.answers[np.concatenate([parts.train, parts.test])]
    facts = TrainingFacts(trained, answers, [layer.dead for layer in evaluation.advice.layers], agreeing, config)
    return find("T", facts, config.findings.accept) + find("E", evaluation, config.findings.accept)
