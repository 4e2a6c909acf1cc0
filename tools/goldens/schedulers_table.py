"""Prints the table of diffusers' scheduler classes for docs/schedulers.md: which are planned here, and why the others are not.

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
REGISTRY = ROOT / "schedulers/src/main/java/dev/likeness/schedulers/diffusers/DiffusersSchedulers.java"
TOKENS = "tokens: it unmasks or resamples discrete codes, which no linear row can express"
REASONS = {
    "AmusedScheduler": TOKENS,
    "BlockRefinementScheduler": TOKENS,
    "DiscreteDDIMScheduler": TOKENS,
    "EntropyBoundScheduler": TOKENS,
    "VQDiffusionScheduler": TOKENS,
    "ScoreSdeVeScheduler": "data-dependent: its corrector's step is a ratio of norms of the sample's score and noise",
    "RePaintScheduler": "data-dependent: every step mixes in a known image through a mask; inpainting does that in the sampler",
    "PiflowScheduler": "its network answers a policy over a grid of levels, not one prediction",
    "RFD4ProteinaScheduler": "protein coordinates, with a mask in every step",
    "HeliosScheduler": "video pyramid: the sample changes its size between stages",
    "HeliosDMDScheduler": "video pyramid: every step is given noise and level tensors by its pipeline",
    "KarrasVeScheduler": "deprecated in diffusers, without a step of its own; Heun with churn is the same algorithm",
    "ScoreSdeVpScheduler": "deprecated in diffusers, without a step of its own",
}


def main():
    planned = set(re.findall(r'classes\.put\("(\w+)"', REGISTRY.read_text()))
    names = sorted(n for n in dir(schedulers)
                   if n.endswith("Scheduler") and inspect.isclass(getattr(schedulers, n)) and hasattr(getattr(schedulers, n), "from_config"))
    unknown = [n for n in names if n not in planned and n not in REASONS]
    assert not unknown, unknown
    print(f"| class of diffusers {diffusers.__version__} | here |\n|---|---|")
    for name in names:
        print(f"| `{name}` | {'yes' if name in planned else 'no: ' + REASONS[name]} |")
    print(f"\n{len(names)} classes, two of them deprecated; {len(planned & set(names))} are planned here.")


if __name__ == "__main__":
    main()
