"""Whether diffusers draws the same from a LoRA in kohya's spelling as from the same in peft's, both written by Likeness
for a tiny FLUX.1 or SDXL folder: prints the largest difference of the two pictures, and of either to none at all."""
import argparse
import inspect
from pathlib import Path

import torch
from diffusers import DiffusionPipeline
from diffusers.loaders import lora_conversion_utils, lora_pipeline

from sd1_reference import WOMAN

REAL = "dims=[3072, 3072, 3072, 12288]"


def for_width(width):
    """diffusers' converter of kohya's FLUX files, whose widths of a single block's rows are those of the published
    model."""
    source = inspect.getsource(lora_conversion_utils._convert_kohya_flux_lora_to_diffusers)
    assert source.count(REAL) == 1
    scope = dict(vars(lora_conversion_utils))
    exec(source.replace(REAL, f"dims=[{width}, {width}, {width}, {4 * width}]"), scope)
    return scope["_convert_kohya_flux_lora_to_diffusers"]


def draw(base, file):
    pipe = DiffusionPipeline.from_pretrained(base)
    pipe.set_progress_bar_config(disable=True)
    if hasattr(pipe, "transformer"):
        width = pipe.transformer.config.num_attention_heads * pipe.transformer.config.attention_head_dim
        lora_pipeline._convert_kohya_flux_lora_to_diffusers = for_width(width)
    if file:
        pipe.load_lora_weights(file.parent, weight_name=file.name)
    with torch.no_grad():
        images = pipe(WOMAN, num_inference_steps=3, guidance_scale=3.5, height=16, width=24, output_type="pt",
                      generator=torch.Generator("cpu").manual_seed(31)).images
    return images[0]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True, type=Path)
    parser.add_argument("--peft", required=True, type=Path)
    parser.add_argument("--kohya", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    none, peft, kohya = (draw(args.base, file) for file in (None, args.peft, args.kohya))
    print(f"kohya's to peft's {(kohya - peft).abs().max():.2g}, peft's to none {(peft - none).abs().max():.2g}")


if __name__ == "__main__":
    main()
