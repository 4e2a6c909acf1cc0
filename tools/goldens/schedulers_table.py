"""Prints the table of diffusers' scheduler classes for docs/reference/schedulers.md: which are supported here, and why
the others are not.

Usage: python tools/goldens/schedulers_table.py
Made with diffusers 0.42.1. Fails when diffusers exports a class that neither the registry nor REASONS knows.
"""

import inspect
import pathlib
import re
import warnings

import diffusers
from diffusers import schedulers

warnings.simplefilter("ignore")
ROOT = pathlib.Path(__file__).parents[2]
REGISTRY = ROOT / "schedulers/src/main/java/dev/likeness/schedulers/internal/diffusers/DiffusersSchedulers.java"
TOKENS = "tokens: it unmasks or resamples discrete codes, which no linear row can express"
REASONS = {
    "AmusedScheduler": TOKENS,
    "BlockRefinementScheduler": TOKENS,
    "DiscreteDDIMScheduler": TOKENS,
    "EntropyBoundScheduler": TOKENS,
    "VQDiffusionScheduler": TOKENS,
    "ScoreSdeVeScheduler": "data-dependent: its corrector's step is a ratio of norms of the sample's score and noise",
    "RePaintScheduler": "data-dependent: every step mixes in a known image through a mask; "
                        "inpainting does that in the sampler",
    "PiflowScheduler": "video, and data-dependent: its network answers a whole policy, a grid "
                       "of predictions, in place of one",
    "RFD4ProteinaScheduler": "protein coordinates, and data-dependent: a mask of tokens in every step",
    "HeliosScheduler": "video, and data-dependent: the sample grows between stages, each "
                       "begun from the last one's result",
    "HeliosDMDScheduler": "video, and data-dependent: its pipeline gives every step its noise and its levels",
    "ScoreSdeVpScheduler": "deprecated in diffusers, not among its exports, and stepped by a "
                           "method of its own (`step_pred`)",
}


def main():
    planned = set(re.findall(r'classes\.put\("(\w+)"', REGISTRY.read_text()))
    names = sorted(n for n in dir(schedulers)
                   if n.endswith("Scheduler") and inspect.isclass(getattr(schedulers, n))
                   and hasattr(getattr(schedulers, n), "from_config"))
    unknown = [n for n in names if n not in planned and n not in REASONS]
    assert not unknown, unknown
    print(f"| class of diffusers {diffusers.__version__} | here |\n|---|---|")
    for name in names:
        print(f"| `{name}` | {'yes' if name in planned else 'no: ' + REASONS[name]} |")
    own = [n for n in names if not hasattr(diffusers, n)]
    print(f"\n{len(names)} classes: the {len(names) - len(own)} that `diffusers` exports and two that only"
          " `diffusers.schedulers` does"
          f" (`{'`, `'.join(own)}`). {len(planned & set(names))} are supported here.")


if __name__ == "__main__":
    main()
