r"""What diffusers generates with FLUX.2 klein from one, two and four reference images, and inpainting beside them.

    python zimage_klein.py --out TINY --fixtures FIXTURES
    python klein_references.py --tiny TINY --out ../../diffusion-core/src/test/resources/golden/klein-references
    python zimage_klein_lora.py --tiny TINY --out LORAS
    python klein_references.py --tiny TINY --lora LORAS/klein-diffusers.safetensors \
        --out ../../identity-lora/src/test/resources/golden/klein-references-lora
"""
import argparse
from pathlib import Path

import diffusers
import numpy as np
import PIL.Image
import torch
from safetensors.torch import save_file

from clip_vocabulary import write_json
from kept import pixels
from sd1_reference import BANGS, EMPTY, WOMAN, versions


def run(folder, images, *, prompt=WOMAN, steps=4, guidance=3.0, size=(24, 16), seed=0, masked=None, strength=None,
        kept=False):
    """`images` are sizes of references; `masked` is the size of an image with a mask, whose size is the result's;
    `kept` is true for the KV pipeline."""
    return dict(folder=folder, images=images, prompt=prompt, steps=steps, guidance=guidance, size=masked or size,
                seed=seed, masked=masked, strength=strength, kept=kept)


RUNS = [
    run("klein/base", [(70, 66)], steps=3, seed=1),
    run("klein/base", [(66, 90), (101, 64)], prompt=BANGS, steps=2, guidance=1.0, size=(16, 24), seed=2 ** 33),
    run("klein/base", [(64, 64), (80, 64), (64, 72), (130, 67)], steps=2, guidance=4.5, seed=3),
    run("klein/distilled", [(64, 96)], prompt=EMPTY, steps=8, guidance=4.0, size=(32, 16), seed=4),
    run("klein/distilled", [(72, 64), (64, 65), (64, 64), (90, 88)], steps=4, size=(16, 16), seed=5),
    run("klein/base", [(68, 64)], steps=5, guidance=2.0, masked=(28, 20), strength=0.7, seed=6),
    run("klein/base", [(64, 68)] * 3, steps=3, guidance=1.0, masked=(24, 16), strength=1.0, seed=7),
    run("klein/distilled", [(66, 64), (64, 80)], steps=4, seed=8, kept=True),
    run("klein/base", [(64, 64)], steps=3, size=(16, 32), seed=9, kept=True),
]


LORA_WEIGHT = 0.8
LORA_RUNS = [
    run("klein/base", [(66, 90), (101, 64)], prompt=BANGS, steps=3, guidance=2.5, size=(16, 24), seed=41),
    run("klein/base", [(64, 96)], guidance=1.0, steps=4, size=(24, 16), seed=42),
    run("klein/base", [(72, 64), (64, 65), (64, 64), (90, 88)], steps=2, size=(16, 16), seed=43, kept=True),
]


def image(width, height, which):
    """A slope of colours with a dark square; every image and every pixel has another."""
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.stack([x * 255 // (width - 1), y * 255 // (height - 1), (x * 7 + y * 13 + which * 61) % 256], -1)
    rgb[height // 3:height // 2, width // 3:width // 2] = 20 + 50 * which
    return PIL.Image.fromarray(rgb.astype(np.uint8))


def mask(width, height):
    white = np.zeros((height, width), np.uint8)
    white[height // 4:height // 4 * 3, width // 2:] = 255
    return PIL.Image.fromarray(white)


@torch.no_grad()
def generate(tiny, one, lora=None):
    call = dict(prompt=one["prompt"], num_inference_steps=one["steps"], guidance_scale=one["guidance"],
                output_type="pt", generator=[torch.Generator("cpu").manual_seed(one["seed"])])
    references = [image(*size, which) for which, size in enumerate(one["images"])]
    if one["masked"]:
        kind = diffusers.Flux2KleinInpaintPipeline
        call |= dict(image=image(*one["masked"], 4), mask_image=mask(*one["masked"]), strength=one["strength"],
                     image_reference=references if len(references) > 1 else references[0])
    else:
        kind = diffusers.Flux2KleinKVPipeline if one["kept"] else diffusers.Flux2KleinPipeline
        call |= dict(image=references, width=one["size"][0], height=one["size"][1])
    if one["kept"]:
        call.pop("guidance_scale")
    pipe = kind.from_pretrained(str(Path(tiny, one["folder"])))
    pipe.set_progress_bar_config(disable=True)
    if lora:
        pipe.load_lora_weights(lora.parent, weight_name=lora.name, adapter_name="one")
        pipe.set_adapters(["one"], [LORA_WEIGHT])
    return pipe(**call).images


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", required=True, help="folder with what zimage_klein.py wrote")
    parser.add_argument("--lora", type=Path, help="a LoRA of zimage_klein_lora.py; without it, images without a LoRA")
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    runs = LORA_RUNS if args.lora else RUNS
    save_file({f"run{i}.images": pixels(generate(args.tiny, one, args.lora)) for i, one in enumerate(runs)},
              out / "reference.safetensors")
    write_json(out / "reference.json", {"runs": runs, "versions": versions()})


if __name__ == "__main__":
    main()
