"""Diffusers folders of the size and layout of Stable Diffusion 1.5 and SDXL with random weights in half precision: time
and memory of opening and generating do not depend on the values."""
import argparse
from pathlib import Path

import torch
from diffusers import (AutoencoderKL, EulerDiscreteScheduler, PNDMScheduler, StableDiffusionPipeline,
                       StableDiffusionXLPipeline, UNet2DConditionModel)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

BETAS = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1)
LARGE = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12, projection_dim=768)
BIGG = dict(hidden_size=1280, intermediate_size=5120, num_hidden_layers=32, num_attention_heads=20, projection_dim=1280,
            hidden_act="gelu")
XL = dict(sample_size=128, block_out_channels=(320, 640, 1280), attention_head_dim=(5, 10, 20), cross_attention_dim=2048,
          down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
          up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), transformer_layers_per_block=(1, 2, 10),
          use_linear_projection=True, addition_embed_type="text_time", addition_time_embed_dim=256,
          projection_class_embeddings_input_dim=2816)


def tokenizer(clip, padding):
    return CLIPTokenizer(str(clip / "vocab.json"), str(clip / "merges.txt"), pad_token=padding, model_max_length=77)


def autoencoder(size, scale):
    return AutoencoderKL(block_out_channels=(128, 256, 512, 512), down_block_types=("DownEncoderBlock2D",) * 4,
                         up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=2, sample_size=size,
                         scaling_factor=scale, force_upcast=True)


def text(kind, **options):
    return kind(CLIPTextConfig(vocab_size=49408, **options))


def sd15(clip):
    return StableDiffusionPipeline(
        unet=UNet2DConditionModel(sample_size=64, cross_attention_dim=768, attention_head_dim=8),
        vae=autoencoder(512, 0.18215), text_encoder=text(CLIPTextModel, **LARGE), tokenizer=tokenizer(clip, "<|endoftext|>"),
        scheduler=PNDMScheduler(skip_prk_steps=True, **BETAS), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False)


def sdxl(clip):
    return StableDiffusionXLPipeline(
        unet=UNet2DConditionModel(**XL), vae=autoencoder(1024, 0.13025), text_encoder=text(CLIPTextModel, **LARGE),
        text_encoder_2=text(CLIPTextModelWithProjection, **BIGG), tokenizer=tokenizer(clip, "<|endoftext|>"),
        tokenizer_2=tokenizer(clip, "!"), scheduler=EulerDiscreteScheduler(**BETAS), add_watermarker=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path, required=True, help="folder with CLIP's published vocab.json and merges.txt")
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
