"""Writes the options and defaults of every scheduler class of diffusers, one `class option value` to a line.

Usage: python tools/goldens/schedulers_defaults.py >
schedulers/src/main/resources/dev/likeness/schedulers/diffusers/defaults.txt Made with diffusers 0.42.1. """

import inspect
import json
import warnings

import diffusers
from diffusers import schedulers

warnings.simplefilter("ignore")


def spelled(value):
    if isinstance(value, float) and value in (float("inf"), -float("inf")):
        return "-Infinity" if value < 0 else "Infinity"
    if isinstance(value, (list, tuple)):
        return "[]"
    return json.dumps(value)


print(f"# Options of the scheduler classes of diffusers {diffusers.__version__};"
      " written by tools/goldens/schedulers_defaults.py")
names = sorted({n for n in dir(schedulers) if (n.endswith("Scheduler") or n.endswith("SchedulerFlax"))}
               - {"SchedulerMixin"})
for name in names:
    cls = getattr(schedulers, name)
    if not inspect.isclass(cls) or not hasattr(cls, "from_config"):
        continue
    for option, parameter in inspect.signature(cls.__init__).parameters.items():
        if option in ("self", "args", "kwargs"):
            continue
        default = None if parameter.default is inspect.Parameter.empty else parameter.default
        print(name, option, spelled(default))
