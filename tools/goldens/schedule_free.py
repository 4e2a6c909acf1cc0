"""Eight steps of schedule-free AdamW on the parameters and gradients of `optimizers.py`, with a warmup of three steps.

`y.` are the parameters after the steps, `z.` those of the base optimiser, `x.` the weights that `eval()` gives.
"""
import argparse
import json
from importlib.metadata import version
from pathlib import Path

import torch
from safetensors.torch import save_file
from schedulefree import AdamWScheduleFree

SHAPES = {"matrix": (6, 5), "window": (4, 3, 3, 3), "vector": (7,)}
STEPS = 8
RATE, BETAS, EPS, DECAY, WARMUP, SEED = 1e-2, (0.9, 0.999), 1e-8, 0.1, 3, 81


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, type=Path, help="folder of test resources")
    args = parser.parse_args()
    torch.set_num_threads(1)
    generator = torch.Generator("cpu").manual_seed(SEED)
    start = {name: torch.randn(shape, generator=generator) for name, shape in SHAPES.items()}
    gradients = {name: torch.randn((STEPS, *shape), generator=generator) for name, shape in SHAPES.items()}
    leaves = {name: value.clone().requires_grad_(True) for name, value in start.items()}
    optimizer = AdamWScheduleFree(
        list(leaves.values()), lr=RATE, betas=BETAS, eps=EPS, weight_decay=DECAY, warmup_steps=WARMUP
    )
    optimizer.train()
    for step in range(STEPS):
        for name, leaf in leaves.items():
            leaf.grad = gradients[name][step].clone()
        optimizer.step()
    tensors = {f"y.{name}": leaf.detach().clone() for name, leaf in leaves.items()}
    tensors |= {f"z.{name}": optimizer.state[leaf]["z"].clone() for name, leaf in leaves.items()}
    optimizer.eval()
    tensors |= {f"x.{name}": leaf.detach().clone() for name, leaf in leaves.items()}
    args.out.mkdir(parents=True, exist_ok=True)
    save_file(tensors, args.out / "reference.safetensors")
    record = {
        "rate": RATE, "betas": BETAS, "eps": EPS, "decay": DECAY, "warmup": WARMUP, "seed": SEED,
        "versions": {name: version(name) for name in ("torch", "schedulefree")},
    }
    (args.out / "reference.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
