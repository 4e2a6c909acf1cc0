"""Diffusers folders of the size and layout of Stable Diffusion 1.5 and SDXL with random weights in half precision: time
and memory of opening and generating do not depend on the values."""
import argparse
import sys
from pathlib import Path

import torch
from diffusers import (AutoencoderKL, EulerDiscreteScheduler, PNDMScheduler, StableDiffusionPipeline,
                       StableDiffusionXLPipeline, UNet2DConditionModel)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

sys.path.append(str(Path(__file__).resolve().parents[1] / "measuring"))
import model_shapes  # noqa: E402

BETAS = {name: value for name, value in model_shapes.BETAS.items() if name != "timestep_spacing"}
XL = model_shapes.XL


def tokenizer(clip, padding):
    return CLIPTokenizer(str(clip / "vocab.json"), str(clip / "merges.txt"), pad_token=padding, model_max_length=77)


def autoencoder(size, scale):
    return AutoencoderKL(**model_shapes.VAE | dict(sample_size=size, scaling_factor=scale, force_upcast=True))


def text(kind, **options):
    return kind(CLIPTextConfig(vocab_size=49408, **options))


def sd15(clip):
    return StableDiffusionPipeline(
        unet=UNet2DConditionModel(**model_shapes.SD15), vae=autoencoder(512, 0.18215),
        text_encoder=text(CLIPTextModel, **model_shapes.CLIP), tokenizer=tokenizer(clip, "<|endoftext|>"),
        scheduler=PNDMScheduler(skip_prk_steps=True, **BETAS), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False)


def sdxl(clip):
    return StableDiffusionXLPipeline(
        unet=UNet2DConditionModel(**XL), vae=autoencoder(1024, 0.13025),
        text_encoder=text(CLIPTextModel, **model_shapes.CLIP),
        text_encoder_2=text(CLIPTextModelWithProjection, **model_shapes.BIGG),
        tokenizer=tokenizer(clip, "<|endoftext|>"), tokenizer_2=tokenizer(clip, "!"),
        scheduler=EulerDiscreteScheduler(**BETAS), add_watermarker=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path, required=True,
                        help="folder with CLIP's published vocab.json and merges.txt")
    parser.add_argument("--sd15", type=Path, help="receives a Stable Diffusion 1.5 of 2.1 GB")
    parser.add_argument("--sdxl", type=Path, help="receives an SDXL of 6.9 GB")
    args = parser.parse_args()
    torch.manual_seed(1)
    torch.set_default_dtype(torch.float16)
    for make, out in ((sd15, args.sd15), (sdxl, args.sdxl)):
        if out:
            make(args.clip).save_pretrained(out)


if __name__ == "__main__":
    main()
