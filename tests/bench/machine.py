"""The machine and the versions that the figures belong to."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "jax", "jaxlib", "torch")


def describe() -> dict[str, object]:
    """Return processor, cores, memory, load, system, versions and date; a package that is missing has version None."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": processor(),
        "cores": cores,
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "load_before": round(os.getloadavg()[0], 2),
        "system": " ".join(filter(None, (platform.system(), *platform.release().split("-")[:1], *platform.libc_ver()))),
        "python": platform.python_version(),
        "packages": {name: installed(name) for name in PACKAGES},
        "date": datetime.now(UTC).date().isoformat(),
    }


def processor() -> str:
    """Return the model of the processor, as well as the system knows it."""
    told = Path("/proc/cpuinfo")
    lines = told.read_text(encoding="utf-8").splitlines() if told.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return f"{models[0]} ({platform.machine()})" if models else platform.processor() or platform.machine()


def installed(package: str) -> str | None:
    """Return the version of a package, None where it is missing."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
