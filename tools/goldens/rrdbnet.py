"""Narrow networks of Real-ESRGAN (RRDBNet), and the images that spandrel computes with them.

    python rrdbnet.py --spandrel FOLDER --out FOLDER

FOLDER of spandrel is where its wheel was unpacked. Its class has the names of the first ESRGAN and converts
Real-ESRGAN's names to them. `reference.json` has for each network the seed and shapes of the weights, the bytes of an
image, and the values of its enlargement.
"""
import argparse
from pathlib import Path

import torch

from clip_vocabulary import write_json
from published import module
from sd1_reference import versions
from seeded import seeded_tensors

SEED, WIDTH, GROWTH, BLOCKS, SIDE = 6600, 8, 32, 2, 6
NETWORKS = {"four-times": 3, "twice": 12}


def shapes(channels):
    layers = {"conv_first": (channels, WIDTH), "conv_last": (WIDTH, 3)}
    layers |= {name: (WIDTH, WIDTH) for name in ("conv_body", "conv_up1", "conv_up2", "conv_hr")}
    for block in range(BLOCKS):
        for dense in (1, 2, 3):
            for layer in range(5):
                out = WIDTH if layer == 4 else GROWTH
                layers[f"body.{block}.rdb{dense}.conv{layer + 1}"] = (WIDTH + layer * GROWTH, out)
    found = {}
    for name, (given, out) in layers.items():
        found[name + ".weight"], found[name + ".bias"] = [out, given, 3, 3], [out]
    return found


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--spandrel", required=True, help="the folder of spandrel's unpacked wheel")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    arch = module(args.spandrel, "spandrel.architectures.ESRGAN.__init__")
    image = torch.randint(0, 256, (SIDE, SIDE, 3), generator=torch.Generator().manual_seed(SEED))
    unit = (image.float() / 255).permute(2, 0, 1)[None]
    networks = {}
    for name, channels in NETWORKS.items():
        loaded = arch.ESRGANArch().load(seeded_tensors(shapes(channels), SEED))
        values = loaded.model.eval()(unit)[0]
        networks[name] = {"tensors": shapes(channels), "factor": values.shape[1] // SIDE,
                          "values": [round(float(value), 7) for value in values.flatten()]}
    args.out.mkdir(parents=True, exist_ok=True)
    write_json(args.out / "reference.json", {
        "seed": SEED, "image": image.flatten().tolist(), "networks": networks, "versions": versions()})


if __name__ == "__main__":
    main()
