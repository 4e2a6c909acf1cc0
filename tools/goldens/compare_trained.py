"""Whether diffusers draws what Likeness draws of somebody whom Likeness learnt: prints the largest difference of the
two pictures, of 1, and that to the picture of nobody.

    likeness train --photos PHOTOS --dtype f32 --out ada.safetensors
    likeness lora ada.safetensors --key-format KOHYA --out kohya.safetensors
    likeness generate --lora kohya.safetensors --prompt TEXT --seed 5 --steps 10 --guidance 3 --dtype f32 --out drawn \
      --tensors drawn.safetensors
    python compare_trained.py --base BASE --lora kohya.safetensors --drawn drawn.safetensors --prompt TEXT
"""
import argparse
from pathlib import Path

import torch
from diffusers import DiffusionPipeline
from safetensors.numpy import load_file


def draw(args, lora):
    pipe = DiffusionPipeline.from_pretrained(args.base, torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    if lora:
        pipe.load_lora_weights(lora.parent, weight_name=lora.name)
    with torch.no_grad():
        image = pipe(args.prompt, num_inference_steps=args.steps, guidance_scale=args.guidance, output_type="np",
                     generator=torch.Generator("cpu").manual_seed(args.seed)).images[0]
    return image.transpose(2, 0, 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", required=True, type=Path)
    parser.add_argument("--lora", required=True, type=Path)
    parser.add_argument("--drawn", required=True, type=Path)
    parser.add_argument("--prompt", required=True)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--steps", type=int, default=10)
    parser.add_argument("--guidance", type=float, default=3)
    args = parser.parse_args()
    drawn = load_file(args.drawn)["images"][0]
    learnt, nobody = draw(args, args.lora), draw(args, None)
    print(f"to diffusers' {abs(drawn - learnt).max():.2g}, to nobody's {abs(drawn - nobody).max():.2g}")


if __name__ == "__main__":
    main()
