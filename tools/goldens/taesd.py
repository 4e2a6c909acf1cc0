"""What diffusers makes of the real TAESD weights (F8 files) with a picture: latents, and how close the way back
comes."""
import argparse
import json
from pathlib import Path

import numpy
import torch
from diffusers import AutoencoderTiny
from PIL import Image
from safetensors.torch import load_file, save_file

FILES = {"taesd": 4, "taesd_xl": 4, "taesd_3": 16, "taesd_f": 16}


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--weights", required=True, type=Path, help="folder of the files NAME.f8.safetensors")
    parser.add_argument("--picture", required=True, type=Path)
    parser.add_argument("--out", required=True, type=Path, help="receives taesd.json and taesd.safetensors")
    args = parser.parse_args()
    pixels = numpy.asarray(Image.open(args.picture).convert("RGB").crop((128, 0, 384, 256)))
    picture = torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() / 127.5 - 1
    decibels, tensors = {}, {}
    for name, channels in FILES.items():
        vae = AutoencoderTiny(latent_channels=channels)
        weights = load_file(args.weights / f"{name}.f8.safetensors")
        vae.load_state_dict({key: value.float() for key, value in weights.items()})
        latents = vae.encode(picture).latents
        back = vae.decode(latents).sample.clamp(-1, 1)
        decibels[name] = (10 * torch.log10(4 / (back - picture).square().mean())).item()
        tensors[name] = latents.contiguous()
    save_file(tensors, args.out / "taesd.safetensors")
    args.out.joinpath("taesd.json").write_text(json.dumps(decibels, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
