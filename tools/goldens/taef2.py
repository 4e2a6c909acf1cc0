"""A tiny random autoencoder of the form and names of madebyollin/taesd's taef2, with what it decodes and encodes.

    python taef2.py --out ../../diffusion-core/src/test/resources/golden/taef2

The deepest blocks add a branch of a 1x1 convolution, a group norm of four groups, a ReLU and a 1x1 convolution to
their input (`use_midblock_gn` of comfy/taesd/taesd.py). Latents are normalised as the denoising network takes them: 2x2
patches of 32 channels as 128. `reference.safetensors` has the images of latents `randn` of seed 1, and the latents of
an image `randn` of seed 2, limited to -1..1.
"""
import argparse
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

WIDTH, CHANNELS, SEED = 4, 32, 99
ROWS, COLUMNS = 1, 2


def conv(given, width, **options):
    return nn.Conv2d(given, width, 3, padding=1, **options)


class Block(nn.Module):
    def __init__(self, width, deepest):
        super().__init__()
        self.conv = nn.Sequential(conv(width, width), nn.ReLU(), conv(width, width), nn.ReLU(), conv(width, width))
        self.pool = None
        if deepest:
            self.pool = nn.Sequential(
                nn.Conv2d(width, 4 * width, 1, bias=False), nn.GroupNorm(4, 4 * width), nn.ReLU(),
                nn.Conv2d(4 * width, width, 1, bias=False))

    def forward(self, x):
        if self.pool is not None:
            x = x + self.pool(x)
        return torch.relu(self.conv(x) + x)


def blocks(count, deepest=False):
    return [Block(WIDTH, deepest) for _ in range(count)]


def halved():
    return conv(WIDTH, WIDTH, stride=2, bias=False)


def doubled():
    return [nn.Upsample(scale_factor=2), conv(WIDTH, WIDTH, bias=False)]


class Tiny(nn.Module):
    """The names of the published file: `encoder.layers` and `decoder.layers`, without the decoder's first clamp."""

    def __init__(self):
        super().__init__()
        self.encoder, self.decoder = nn.Module(), nn.Module()
        self.encoder.layers = nn.Sequential(
            conv(3, WIDTH), *blocks(1), halved(), *blocks(3), halved(), *blocks(3), halved(), *blocks(3, deepest=True),
            conv(WIDTH, CHANNELS))
        self.decoder.layers = nn.Sequential(
            conv(CHANNELS, WIDTH), nn.ReLU(), *blocks(3, deepest=True), *doubled(), *blocks(3), *doubled(), *blocks(3),
            *doubled(), *blocks(1), conv(WIDTH, 3))

    def decode(self, latents):
        x = torch.pixel_shuffle(latents, 2)
        return self.decoder.layers(torch.tanh(x / 3) * 3) * 2 - 1

    def encode(self, image):
        return torch.pixel_unshuffle(self.encoder.layers(image / 2 + 0.5), 2)


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    torch.manual_seed(SEED)
    tiny = Tiny()
    for module in tiny.modules():
        if isinstance(module, nn.GroupNorm):
            module.weight.uniform_(0.5, 1.5)
            module.bias.normal_(0, 0.2)
    latents = torch.randn(1, 4 * CHANNELS, ROWS, COLUMNS, generator=torch.Generator().manual_seed(1))
    image = torch.randn(1, 3, 16 * ROWS, 16 * COLUMNS, generator=torch.Generator().manual_seed(2)).clamp(-1, 1)
    args.out.mkdir(parents=True, exist_ok=True)
    save_file(tiny.state_dict(), args.out / "taef2.safetensors")
    save_file({"decoded": tiny.decode(latents), "encoded": tiny.encode(image)}, args.out / "reference.safetensors",
              metadata={"torch": torch.__version__, "seed": str(SEED)})


if __name__ == "__main__":
    main()
