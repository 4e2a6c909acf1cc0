"""Tiny Stable Diffusion pipelines with seeded random weights, and what diffusers computes with them on CPU in f32."""
import argparse
import json
import shutil
from pathlib import Path

import torch
from diffusers import AutoencoderKL, AutoencoderTiny, PNDMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from diffusers import schedulers
from safetensors.torch import save_file
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from clip_vocabulary import END, write_json, write_tokenizer
from sd1_reference import reference
from sd1_variants import VARIANTS
from seeded import fill

SD15_SCHEDULE = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", num_train_timesteps=1000,
                     steps_offset=1, clip_sample=False, set_alpha_to_one=False)
MERGES = 500
PARTS = ("unet", "vae", "text_encoder")


def pipeline(variant, tokenizer):
    """The diffusers pipeline of a variant, its weights not yet set."""
    vae_class = {"AutoencoderKL": AutoencoderKL, "AutoencoderTiny": AutoencoderTiny}[
        variant.get("vae_class", "AutoencoderKL")]
    schedule = SD15_SCHEDULE | {"prediction_type": variant.get("prediction_type", "epsilon")}
    scheduler = getattr(schedulers, variant.get("scheduler", "PNDMScheduler"))
    if scheduler is PNDMScheduler:
        schedule["skip_prk_steps"] = True
    return StableDiffusionPipeline(
        vae=vae_class(**variant["vae"]), text_encoder=CLIPTextModel(CLIPTextConfig(**variant["text"])),
        tokenizer=CLIPTokenizer.from_pretrained(tokenizer), unet=UNet2DConditionModel(**variant["unet"]),
        scheduler=scheduler.from_config(schedule), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False)


def fill_parts(pipe, seed):
    """Seeds the three networks and returns what a reader needs to make the same weights."""
    parts = {}
    for i, part in enumerate(PARTS):
        module = getattr(pipe, part)
        keys = module.state_dict()
        prefix = "text_model." if part == "text_encoder" and "final_layer_norm.weight" in keys else ""
        parts[part] = {"seed": seed + i, "tensors": fill(module, seed + i, prefix)}
    return parts


def write_variant(name, args):
    out = Path(args.out, name)
    shutil.rmtree(out, ignore_errors=True)
    variant = VARIANTS[name]
    words = out / "tokenizer-published"
    write_tokenizer(args.clip, words, variant.get("merges", MERGES), variant.get("pad", END))
    pipe = pipeline(variant, words)
    parts = fill_parts(pipe, args.seed)
    pipe.save_pretrained(out)
    schedule = out / "scheduler/scheduler_config.json"
    own_scheduler = json.loads(schedule.read_text("utf-8")) | variant.get("schedule", {})
    write_json(schedule, own_scheduler)
    opened = StableDiffusionPipeline.from_pretrained(out, safety_checker=None)
    tensors, record = reference(opened, name, own_scheduler)
    finish(out, parts, tensors, record)


def finish(out, parts, tensors, record):
    """Writes what the reference computed beside the folder's parts, and how their weights are made."""
    save_file(tensors, out / "reference.safetensors")
    write_json(out / "reference.json", record)
    out.joinpath("weights.json").write_text(json.dumps(parts, indent=1), "utf-8")
    print(f"{out.name}: {sum(len(p['tensors']) for p in parts.values())} weights, {len(record['runs'])} runs")


def write_variants(description, names, seed, write):
    """Writes the variants that the command line asks for."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", required=True, help="folder that receives one folder per variant")
    parser.add_argument("--clip", required=True, help="folder with CLIP's published vocab.json and merges.txt")
    parser.add_argument("--name", nargs="*", default=names, choices=names)
    parser.add_argument("--seed", type=int, default=seed, help="seed of the weights")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    for name in args.name:
        write(name, args)


if __name__ == "__main__":
    write_variants(__doc__, list(VARIANTS), 1000, write_variant)
