"""Diagnostic criteria for diabetes.

Source: American Diabetes Association, Standards of Care in Diabetes, section 2, "Diagnosis and Classification":
fasting plasma glucose >= 7.0 mmol/L (126 mg/dL), 2-hour plasma glucose >= 11.1 mmol/L (200 mg/dL), random plasma
glucose >= 11.1 mmol/L (200 mg/dL) with symptoms, HbA1c >= 48 mmol/mol (6.5 %).
"""

from collections.abc import Mapping

from pipeline.config.data_section import DataSection

THRESHOLDS: Mapping[tuple[str, str], float] = {
    ("fasting", "mmol/L"): 7.0,
    ("fasting", "mg/dL"): 126.0,
    ("two_hour", "mmol/L"): 11.1,
    ("two_hour", "mg/dL"): 200.0,
    ("random", "mmol/L"): 11.1,
    ("random", "mg/dL"): 200.0,
    ("hba1c", "mmol/mol"): 48.0,
    ("hba1c", "%"): 6.5,
}
"""(criterion, unit) -> the lowest value that meets the criterion."""


def criteria_of(data: DataSection) -> dict[str, float]:
    """Return the lowest value that meets the criterion of each column that declares one."""
    return {
        name: THRESHOLDS[feature.criterion, feature.unit or ""] for name, feature in data.features.items() if feature.criterion
    }
