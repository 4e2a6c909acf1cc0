"""Diffusers folders of SDXL's, FLUX.1's and Stable Diffusion 3.5's layout in bf16 with random weights, narrower and
shorter than the published ones: learning on them shows within minutes what a step keeps in memory, which shapes alone
decide.

    python halves.py CLIP T5 OUT [WIDTH]

CLIP is a folder with CLIP's published vocab.json and merges.txt, T5 one with spiece.model; WIDTH is 2 (half of SDXL's
channels), or 1 for models small enough to learn whole.
"""
import sys
from pathlib import Path

import torch
from diffusers import (AutoencoderKL, EulerDiscreteScheduler, FlowMatchEulerDiscreteScheduler, FluxPipeline,
                       FluxTransformer2DModel, SD3Transformer2DModel, StableDiffusion3Pipeline,
                       StableDiffusionXLPipeline, UNet2DConditionModel)
from transformers import (CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer, T5Config,
                          T5EncoderModel, T5Tokenizer)

import folders

CLIP, T5, OUT = (Path(a) for a in sys.argv[1:4])
SMALL = sys.argv[4:] == ["1"]
WHOLE = dict(use_quant_conv=False, use_post_quant_conv=False)


def clip(width, kind=CLIPTextModel, projection=64):
    return kind(CLIPTextConfig(vocab_size=49408, hidden_size=width, intermediate_size=4 * width, num_hidden_layers=2,
                               num_attention_heads=width // 64, projection_dim=projection, bos_token_id=49406,
                               eos_token_id=49407))


def t5(width):
    return T5EncoderModel(T5Config(vocab_size=32128, d_model=width, d_kv=64, d_ff=2 * width, num_layers=2, num_heads=8,
                                   feed_forward_proj="gated-gelu"))


def vae(channels=4, **options):
    return AutoencoderKL(block_out_channels=(64, 128, 256, 256), down_block_types=("DownEncoderBlock2D",) * 4,
                         up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=1, latent_channels=channels,
                         sample_size=512, **options)


def sdxl():
    unet = UNet2DConditionModel(**folders.XL | dict(
        sample_size=64, block_out_channels=(96, 192, 384) if SMALL else (160, 320, 640), cross_attention_dim=640,
        attention_head_dim=(3, 3, 6) if SMALL else (5, 5, 10), transformer_layers_per_block=(1, 2, 6),
        projection_class_embeddings_input_dim=6 * 256 + 384))
    return StableDiffusionXLPipeline(
        unet=unet, vae=vae(), text_encoder=clip(256), text_encoder_2=clip(384, CLIPTextModelWithProjection, 384),
        tokenizer=words(), tokenizer_2=words(), scheduler=EulerDiscreteScheduler(**folders.BETAS),
        add_watermarker=False)


def flux():
    net = FluxTransformer2DModel(
        in_channels=64, num_layers=3 if SMALL else 4, num_single_layers=6 if SMALL else 8, attention_head_dim=128,
        num_attention_heads=5 if SMALL else 10, joint_attention_dim=512, pooled_projection_dim=256,
        guidance_embeds=True)
    return FluxPipeline(
        transformer=net, vae=vae(16, scaling_factor=0.3611, shift_factor=0.1159, **WHOLE), text_encoder=clip(256),
        text_encoder_2=t5(512), tokenizer=words(), tokenizer_2=pieces(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0, use_dynamic_shifting=True))


def sd3():
    heads = 8 if SMALL else 16
    net = SD3Transformer2DModel(
        sample_size=64, patch_size=2, in_channels=16, out_channels=16, num_layers=8 if SMALL else 10,
        attention_head_dim=64, num_attention_heads=heads, joint_attention_dim=640, caption_projection_dim=64 * heads,
        pooled_projection_dim=640, pos_embed_max_size=96, qk_norm="rms_norm",
        dual_attention_layers=tuple(range(3 if SMALL else 4)))
    return StableDiffusion3Pipeline(
        transformer=net, vae=vae(16, scaling_factor=1.5305, shift_factor=0.0609, **WHOLE),
        text_encoder=clip(256, CLIPTextModelWithProjection, 256), tokenizer=words(), tokenizer_2=words(),
        text_encoder_2=clip(384, CLIPTextModelWithProjection, 384), text_encoder_3=t5(640), tokenizer_3=pieces(),
        scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0))


def words():
    return folders.tokenizer(CLIP, "<|endoftext|>")


def pieces():
    return T5Tokenizer.from_pretrained(T5, model_max_length=512)


torch.manual_seed(0)
torch.set_default_dtype(torch.bfloat16)
for make in (sdxl, flux, sd3):
    make().save_pretrained(OUT / make.__name__)
