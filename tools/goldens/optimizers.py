"""Eight steps of other optimisers on a matrix, a window and a vector, with given gradients."""
import argparse
from pathlib import Path

import torch
from lion_pytorch import Lion
from prodigyopt import Prodigy
from safetensors.torch import save_file

SHAPES = {"matrix": (6, 5), "window": (4, 3, 3, 3), "vector": (7,)}
STEPS = 8


class Muon:
    """torch.optim.Muon for weights of two and more dimensions, flattened, and AdamW for the rest."""

    def __init__(self, leaves):
        self.views = [(leaf, leaf.detach().flatten(1)) for leaf in leaves if leaf.dim() > 1]
        self.matrices = torch.optim.Muon(
            [view for _, view in self.views], lr=1e-2, weight_decay=0.1, momentum=0.95, adjust_lr_fn="match_rms_adamw"
        )
        vectors = [leaf for leaf in leaves if leaf.dim() < 2]
        self.vectors = torch.optim.AdamW(vectors, lr=1e-2, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1)

    def step(self):
        for leaf, view in self.views:
            view.grad = leaf.grad.flatten(1)
        self.matrices.step()
        self.vectors.step()


OPTIMIZERS = {
    "lion": lambda leaves: Lion(leaves, lr=1e-2, betas=(0.9, 0.99), weight_decay=0.1),
    "adafactor": lambda leaves: torch.optim.Adafactor(leaves, lr=1e-2, weight_decay=0.1),
    "prodigy": lambda leaves: Prodigy(leaves, lr=1.0, betas=(0.9, 0.99), eps=1e-8, weight_decay=0.1),
    "muon": Muon,
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
