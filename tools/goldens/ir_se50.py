"""A narrow IR-SE-50 of facexlib, InfiniteYou's face embedder, and the embeddings that PyTorch computes.

    python ir_se50.py --facexlib CHECKOUT --out FOLDER

The published class fixes its widths, so layers of 64 channels or more are built with an eighth of them.
`reference.json` has the seed and the shapes of the weights, and the unit embeddings of `randn` images of the seeds 1
and 2, limited to -1..1.
"""
import argparse
from pathlib import Path

import torch
from torch import nn

from clip_vocabulary import write_json
from published import COMMITS, module
from sd1_reference import versions
from seeded import fill

SIDE, SEED, IMAGES, NARROW = 112, 6500, [1, 2], 8


def narrow(count):
    return count // NARROW if count >= 64 else count


class Conv2d(nn.Conv2d):
    def __init__(self, given, out, kernel=None, stride=1, padding=0, kernel_size=None, bias=True):
        super().__init__(narrow(given), narrow(out), kernel_size or kernel, stride, padding, bias=bias)


class Linear(nn.Linear):
    def __init__(self, given, out):
        super().__init__(narrow(given), narrow(out))


def of_channels(kind):
    return type(kind.__name__, (kind,), {"__init__": lambda self, count: kind.__init__(self, narrow(count))})


def network(checkout):
    arch = module(checkout, "facexlib.recognition.arcface_arch")
    arch.Conv2d, arch.Linear = Conv2d, Linear
    for kind in (nn.BatchNorm2d, nn.BatchNorm1d, nn.PReLU):
        setattr(arch, kind.__name__, of_channels(kind))
    return arch.Backbone(num_layers=50, drop_ratio=0.6, mode="ir_se")


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facexlib", required=True, help="a checkout of xinntao/facexlib")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = network(args.facexlib)
    shapes = fill(model, SEED)
    images = [torch.randn(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed)).clamp(-1, 1)
              for seed in IMAGES]
    embeddings = model(torch.cat(images))
    args.out.mkdir(parents=True, exist_ok=True)
    write_json(args.out / "reference.json", {
        "commit": COMMITS["facexlib"], "seed": SEED, "images": IMAGES, "tensors": shapes,
        "embeddings": [[float(n) for n in row] for row in embeddings], "versions": versions()})


if __name__ == "__main__":
    main()
