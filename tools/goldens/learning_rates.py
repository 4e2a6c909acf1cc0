"""Learning rates of each step, by every schedule of diffusers' get_scheduler that trainings offer."""
import argparse
import json
from pathlib import Path

import torch
from diffusers.optimization import get_scheduler

PEAK = 1e-3
CASES = [
    # name in diffusers, steps, warmup steps, cycles
    ("constant", 10, 0, 1),
    ("constant_with_warmup", 10, 4, 1),
    ("constant_with_warmup", 3, 10, 1),
    ("linear", 10, 0, 1),
    ("linear", 20, 5, 1),
    ("linear", 4, 6, 1),
    ("cosine", 10, 0, 1),
    ("cosine", 20, 5, 1),
    ("cosine", 3, 3, 1),
    ("cosine_with_restarts", 12, 0, 1),
    ("cosine_with_restarts", 20, 4, 3),
    ("cosine_with_restarts", 17, 2, 4),
]


def rates(name, steps, warmup, cycles):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=PEAK)
    schedule = get_scheduler(
        name, optimizer, num_warmup_steps=warmup, num_training_steps=steps, num_cycles=cycles
    )
    values = []
    for _ in range(steps):
        values.append(schedule.get_last_lr()[0])
        optimizer.step()
        schedule.step()
    return values


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, type=Path, help="file of test resources")
    args = parser.parse_args()
    cases = [
        {"name": name, "steps": steps, "warmup": warmup, "cycles": cycles, "rates": rates(name, steps, warmup, cycles)}
        for name, steps, warmup, cycles in CASES
    ]
    args.out.write_text(json.dumps({"peak": PEAK, "cases": cases}) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
