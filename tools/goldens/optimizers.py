"""Eight steps of other optimisers on a matrix, a window and a vector, with given gradients."""
import argparse
from pathlib import Path

import torch
from lion_pytorch import Lion
from prodigyopt import Prodigy
from safetensors.torch import save_file

SHAPES = {"matrix": (6, 5), "window": (4, 3, 3, 3), "vector": (7,)}
STEPS = 8
OPTIMIZERS = {
    "lion": lambda leaves: Lion(leaves, lr=1e-2, betas=(0.9, 0.99), weight_decay=0.1),
    "adafactor": lambda leaves: torch.optim.Adafactor(leaves, lr=1e-2, weight_decay=0.1),
    "prodigy": lambda leaves: Prodigy(leaves, lr=1.0, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, type=Path, help="folder of test resources")
    args = parser.parse_args()
    generator = torch.Generator("cpu").manual_seed(81)
    start = {name: torch.randn(shape, generator=generator) for name, shape in SHAPES.items()}
    gradients = {name: torch.randn((STEPS, *shape), generator=generator) for name, shape in SHAPES.items()}
    tensors = {f"start.{name}": value for name, value in start.items()}
    tensors |= {f"gradients.{name}": value for name, value in gradients.items()}
    for kind, make in OPTIMIZERS.items():
        leaves = {name: value.clone().requires_grad_(True) for name, value in start.items()}
        optimizer = make(list(leaves.values()))
        for step in range(STEPS):
            for name, leaf in leaves.items():
                leaf.grad = gradients[name][step].clone()
            optimizer.step()
        tensors |= {f"{kind}.{name}": leaf.detach().clone() for name, leaf in leaves.items()}
    save_file(tensors, args.out / "optimizers.safetensors")


if __name__ == "__main__":
    main()
