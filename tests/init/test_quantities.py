"""Columns of a laboratory by their names, and their units by their values."""

import numpy as np
import pytest

from pipeline.config.criteria import THRESHOLDS
from pipeline.init.vocabulary import data_of, quantity_of


@pytest.mark.parametrize(
    ("name", "values", "quantity", "unit", "criterion"),
    [
        ("BS Fast", [5.2, 6.7, 0, 7.1], "fasting glucose", "mmol/L", "fasting"),
        ("Fasting Blood Sugar (mg/dL)", [99, 126, 84], "fasting glucose", "mg/dL", "fasting"),
        ("Nüchtern-Glukose [mmol/l]", [5.5, 7.9], "fasting glucose", "mmol/L", "fasting"),
        ("glycémie à jeun", [5.1, 5.4, 6.0], "fasting glucose", "mmol/L", "fasting"),
        ("Glucosa en ayunas", [92, 140], "fasting glucose", "mg/dL", "fasting"),
        ("Plasma R", [7.9, 13.1], "random glucose", "mmol/L", "random"),
        ("ogtt_2h", [150, 199, 210], "glucose two hours after a load", "mg/dL", "two_hour"),
        ("BS pp", [5.6, 7.7], "glucose after a meal", "mmol/L", None),
        ("Glucose", [148, 85, 0, 183], "glucose", "mg/dL", None),
        ("HbA1c", [5.6, 6.1, 9.4], "HbA1c", "%", "hba1c"),
        ("HbA1c", [38, 49, 62], "HbA1c", "mmol/mol", "hba1c"),
        ("HbA1c (%)", [5.6, 6.1], "HbA1c", "%", "hba1c"),
        ("hemoglobina glicosilada", [6.5], "HbA1c", "%", "hba1c"),
        ("Kreatinin", [0.8, 1.1], "creatinine", "mg/dL", None),
        ("Creatinine (µmol/L)", [71, 97], "creatinine", "umol/L", None),
        ("Serum Albumin", [41, 38], "albumin", "g/L", None),
        ("LDL-Cholesterin", [3.1, 2.2], "LDL cholesterol", "mmol/L", None),
        ("triglicéridos", [120, 180], "triglycerides", "mg/dL", None),
        ("Insulin", [94, 168, 0, 88], "insulin", None, None),
        ("BloodPressure", [72, 0, 66], "blood pressure", "mmHg", None),
        ("Blutdruck systolisch", [131, 120], "systolic blood pressure", "mmHg", None),
        ("BodyMassIndex", [33.6, 0, 26.6], "body mass index", "kg/m2", None),
        ("Weight (lbs)", [171, 140], "weight", "lb", None),
        ("Größe", [1.71, 1.64], "height", "m", None),
        ("taille", [171, 164], "height", "cm", None),
        ("Waist circumference", [38, 42, 36], "waist", "in", None),
        ("Age", [50, 31, 32], "age", "years", None),
    ],
)
def test_a_column_is_known_by_its_name_and_its_unit_by_its_values(
    name: str, values: list[float], quantity: str, unit: str | None, criterion: str | None
) -> None:
    known = quantity_of(name, np.array(values, dtype=float))
    assert known is not None
    assert (known.name, known.unit, known.criterion) == (quantity, unit, criterion)
    assert known.range[0] < min(value for value in values if value > 0)
    assert max(values) < known.range[1]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("age", [1, 4, 9, 13]),  # a code of age groups
        ("age in months", [14, 30]),
        ("weight loss", [3, 1]),
        ("Glucose (mg/dL)", [0.4, 0.6]),
        ("HbA1c", [450, 620]),
        ("height category", [1, 2, 3]),
        ("", [1.0]),
        ("血糖", [5.0]),
    ],
)
def test_a_column_whose_name_or_values_say_something_else_is_not(name: str, values: list[float]) -> None:
    assert quantity_of(name, np.array(values, dtype=float)) is None


def test_every_criterion_of_the_table_is_known_in_its_units_and_no_name_stands_twice() -> None:
    entries = data_of("laboratory.yaml")["quantities"].values()
    names = [name for entry in entries for name in entry["names"]]
    assert len(names) == len(set(names))
    for entry in entries:
        assert not entry.get("criterion") or {(entry["criterion"], unit) for unit in entry["units"]} <= set(THRESHOLDS)
        for low, high, lower, upper in entry["units"].values():
            assert low <= lower < upper <= high
