"""Tiny CLIP and SigLIP vision towers, what transformers computes with them, and the pixels its processors prepare."""
import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from transformers import (CLIPVisionConfig, CLIPVisionModelWithProjection, SiglipVisionConfig, SiglipVisionModel)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.siglip.image_processing_pil_siglip import SiglipImageProcessorPil

from clip_vocabulary import write_json
from sd1_reference import versions
from seeded import fill

# name: model, seed, config; widths and activations as the published ViT-L (quick_gelu), ViT-H and bigG (gelu) vary.
TOWERS = {
    "clip-quick": (CLIPVisionModelWithProjection, 3000, CLIPVisionConfig(
        hidden_size=48, intermediate_size=80, num_hidden_layers=3, num_attention_heads=4, image_size=28, patch_size=7,
        projection_dim=40)),
    "clip-gelu": (CLIPVisionModelWithProjection, 3001, CLIPVisionConfig(
        hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=2, image_size=32, patch_size=8,
        projection_dim=24, hidden_act="gelu", layer_norm_eps=1e-5)),
    "clip-odd": (CLIPVisionModelWithProjection, 3002, CLIPVisionConfig(
        hidden_size=40, intermediate_size=60, num_hidden_layers=5, num_attention_heads=5, image_size=31, patch_size=7,
        projection_dim=16, hidden_act="gelu")),
    "siglip": (SiglipVisionModel, 3003, SiglipVisionConfig(
        hidden_size=36, intermediate_size=52, num_hidden_layers=3, num_attention_heads=3, image_size=24, patch_size=6)),
}
SIZES = [(37, 53), (64, 64), (301, 200), (40, 260), (28, 28), (225, 224), (97, 31)]
PROCESSORS = [
    CLIPImageProcessorPil(), CLIPImageProcessorPil(size=28, crop_size=28),
    CLIPImageProcessorPil(size=224, crop_size=336),
    CLIPImageProcessorPil(size={"height": 50, "width": 70}, crop_size={"height": 40, "width": 41}, resample=1),
    CLIPImageProcessorPil(do_resize=False, crop_size=60),
    CLIPImageProcessorPil(do_center_crop=False, size=61, resample=2),
    CLIPImageProcessorPil(do_normalize=False, size=33, crop_size=33, rescale_factor=1 / 127.5),
    SiglipImageProcessorPil(), SiglipImageProcessorPil(size={"height": 384, "width": 384}),
]


def picture(width, height, seed):
    """Smooth waves with some noise and hard edges, so that ringing, clipping and rounding all happen."""
    generator = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    waves = [128 + 90 * np.sin(x / (3 + c) + seed) * np.cos(y / (5 + 2 * c)) for c in range(3)]
    pixels = np.stack(waves, -1) + generator.normal(0, 12, (height, width, 3))
    pixels[64:] = np.stack(waves, -1)[64:] // 16 * 16  # no file format makes noise small
    pixels[(x // 9 + y // 11) % 5 == 0] = [255, 0, 255]
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def processor_config(processor):
    return {key: value for key, value in json.loads(processor.to_json_string()).items() if value is not None}


def digest(array):
    return hashlib.sha256(np.ascontiguousarray(array, dtype="<f4").tobytes()).hexdigest()


def encode(model, pixels):
    output = model(pixels, output_hidden_states=True)
    pooled = output.image_embeds if hasattr(output, "image_embeds") else output.pooler_output
    return {"pooled": pooled, "penultimate": output.hidden_states[-2]}


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, type=Path, help="folder of test resources")
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    pictures = {}
    for seed, (width, height) in enumerate(SIZES):
        pictures[f"{width}x{height}.png"] = picture(width, height, seed)
        pictures[f"{width}x{height}.png"].save(args.out / f"{width}x{height}.png", optimize=True)
    pixels = [{"processor": processor_config(processor), "pictures": {
        name: digest(processor(image, return_tensors="np").pixel_values[0]) for name, image in pictures.items()}}
        for processor in PROCESSORS]
    towers, tensors = [], {}
    for name, (kind, seed, config) in TOWERS.items():
        model = kind(config)
        shapes = fill(model, seed)
        side = config.image_size
        processor = (SiglipImageProcessorPil(size={"height": side, "width": side}) if name == "siglip"
                     else CLIPImageProcessorPil(size=side, crop_size=side))
        inputs = {file: processor(image, return_tensors="pt").pixel_values for file, image in pictures.items()}
        inputs["nothing"] = torch.zeros(1, 3, side, side)
        for file, prepared in inputs.items():
            tensors |= {f"{name}.{file}.{key}": value for key, value in encode(model, prepared).items()}
        config.architectures = [kind.__name__]
        towers.append({"name": name, "seed": seed, "config": config.to_dict(), "tensors": shapes})
    save_file({key: value.clone().contiguous() for key, value in tensors.items()}, args.out / "reference.safetensors")
    write_json(args.out / "reference.json", {"pixels": pixels, "towers": towers, "versions": versions()})


if __name__ == "__main__":
    main()
