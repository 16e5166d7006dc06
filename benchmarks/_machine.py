"""What every benchmark writes beside its figures."""

import datetime
import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any


def describe_machine(*libraries: str, **more: Any) -> dict[str, Any]:
    """The processor, Python, and the versions of `libraries`; `more` is added as it is."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    return {
        "cpu": names[0] if names else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load average": round(os.getloadavg()[0], 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{library: version(library) for library in libraries},
        **more,
        "date": datetime.date.today().isoformat(),
    }
