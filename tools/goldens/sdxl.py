"""Tiny Stable Diffusion XL pipelines with seeded random weights, and what diffusers computes with them in f32."""
import shutil
from pathlib import Path

import torch
from diffusers import (AutoencoderKL, StableDiffusionXLImg2ImgPipeline, StableDiffusionXLInpaintPipeline,
                       StableDiffusionXLPipeline, UNet2DConditionModel, schedulers)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from clip_vocabulary import END, write_tokenizer
from sd1 import MERGES, SD15_SCHEDULE, finish, write_variants
from sdxl_reference import reference
from sdxl_variants import VARIANTS
from seeded import fill

PARTS = ("unet", "vae", "text_encoder", "text_encoder_2")


def pipeline(name, words, words_2):
    """The diffusers pipeline of a variant, its weights not yet set."""
    variant = VARIANTS[name]
    first = variant["text"] is not None
    parts = dict(
        vae=AutoencoderKL(**variant["vae"]), unet=UNet2DConditionModel(**variant["unet"]),
        text_encoder=CLIPTextModel(CLIPTextConfig(**variant["text"])) if first else None,
        text_encoder_2=CLIPTextModelWithProjection(CLIPTextConfig(**variant["text_2"])),
        tokenizer=CLIPTokenizer.from_pretrained(words) if first else None,
        tokenizer_2=CLIPTokenizer.from_pretrained(words_2),
        scheduler=getattr(schedulers, variant.get("scheduler", "EulerDiscreteScheduler")).from_config(SD15_SCHEDULE),
        force_zeros_for_empty_prompt=variant["zeros"], add_watermarker=False)
    if not first:
        return StableDiffusionXLImg2ImgPipeline(**parts, requires_aesthetics_score=True)
    inpainting = variant["unet"].get("in_channels") == 9
    return (StableDiffusionXLInpaintPipeline if inpainting else StableDiffusionXLPipeline)(**parts)


def fill_parts(pipe, seed):
    """Seeds the networks and returns what a reader needs to make the same weights."""
    parts = {}
    for i, part in enumerate(PARTS):
        module = getattr(pipe, part)
        if module is not None:
            bare = part == "text_encoder" and "final_layer_norm.weight" in module.state_dict()
            prefix = "text_model." if bare else ""
            parts[part] = {"seed": seed + i, "tensors": fill(module, seed + i, prefix)}
    return parts


def write_variant(name, args):
    out = Path(args.out, name)
    shutil.rmtree(out, ignore_errors=True)
    for folder, pad in (("tokenizer-published", END), ("tokenizer_2-published", "!")):
        write_tokenizer(args.clip, out / folder, MERGES, pad)
    pipe = pipeline(name, out / "tokenizer-published", out / "tokenizer_2-published")
    parts = fill_parts(pipe, args.seed)
    pipe.save_pretrained(out)
    opened = type(pipe).from_pretrained(out, add_watermarker=False)
    tensors, record = reference(opened)
    finish(out, parts, tensors, record)


if __name__ == "__main__":
    write_variants(__doc__, list(VARIANTS), 3000, write_variant)
