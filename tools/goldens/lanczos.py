"""Pictures as Pillow resizes them with its Lanczos filter: bytes in, bytes out."""
import argparse
import random

import PIL.Image
import torch
from safetensors.torch import save_file

SIZES = [(45, 31, 44, 30), (45, 31, 44, 28), (45, 31, 24, 40), (64, 57, 32, 24), (5, 7, 40, 8), (33, 20, 33, 16),
         (20, 33, 16, 33), (90, 61, 8, 8), (1, 1, 5, 4), (17, 13, 17, 13)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, help="the safetensors file to write")
    out = parser.parse_args().out
    source, tensors = random.Random(5), {}
    for i, (width, height, to_width, to_height) in enumerate(SIZES):
        picture = PIL.Image.frombytes("RGB", (width, height), source.randbytes(width * height * 3))
        resized = picture.resize((to_width, to_height), PIL.Image.LANCZOS)
        for name, image in (("from", picture), ("to", resized)):
            pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
            tensors[f"{name}{i}"] = pixels.view(image.height, image.width, 3)
    save_file(tensors, out)


if __name__ == "__main__":
    main()
