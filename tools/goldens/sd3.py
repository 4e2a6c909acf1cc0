"""Tiny Stable Diffusion 3 and 3.5 pipelines with seeded random weights, and what diffusers computes on CPU in f32."""
import torch
from diffusers import (AutoencoderKL, FlowMatchEulerDiscreteScheduler, SD3Transformer2DModel,
                       StableDiffusion3Pipeline)
from transformers import (CLIPTextConfig, CLIPTextModelWithProjection, CLIPTokenizer, T5Config, T5EncoderModel,
                          T5Tokenizer)

import flux
from transformer_folders import run, write_variants
from sd1_reference import ACCENTS, BANGS, EMOJI, EMPTY, LONG, WOMAN

CLIP = flux.CLIP | dict(projection_dim=20)
NET = dict(sample_size=16, patch_size=2, in_channels=4, out_channels=4, num_layers=3, attention_head_dim=8,
           num_attention_heads=4, joint_attention_dim=72, caption_projection_dim=32, pooled_projection_dim=44,
           pos_embed_max_size=24, dual_attention_layers=(), qk_norm=None)
VAE = flux.VAE | dict(scaling_factor=1.5305, shift_factor=0.0609)
VARIANTS = {
    "three": dict(clip=CLIP, clip2=CLIP | dict(hidden_size=40, projection_dim=24, hidden_act="gelu"),
                  t5=flux.T5 | dict(d_model=72), vae=VAE, net=NET, schedule=dict(shift=3.0)),
    "medium": dict(clip=CLIP, clip2=CLIP | dict(hidden_size=40, projection_dim=24, hidden_act="gelu"), t5=None, vae=VAE,
                   net=NET | dict(num_layers=4, dual_attention_layers=(0, 1), qk_norm="rms_norm",
                                  pos_embed_max_size=32),
                   schedule=dict(shift=3.0)),
    "large": dict(clip=CLIP, clip2=CLIP | dict(hidden_size=40, projection_dim=24, hidden_act="gelu"),
                  t5=flux.T5 | dict(d_model=80), vae=VAE | dict(latent_channels=16),
                  net=NET | dict(in_channels=16, out_channels=16, num_layers=2, num_attention_heads=3,
                                 caption_projection_dim=24, joint_attention_dim=80, qk_norm="rms_norm"),
                  schedule=dict(shift=1.0, use_dynamic_shifting=True, base_shift=0.5, max_shift=1.15,
                                base_image_seq_len=256, max_image_seq_len=4096)),
}
RUNS = {
    "three": [run(WOMAN, 4, 7.0, 40, 24, [0]), run(ACCENTS, 2, 1.0, 24, 32, [7, 8]),
              run(BANGS, 3, 4.0, 32, 32, [2], call={"negative_prompt": "blurry, " + EMOJI}),
              run(LONG, 3, 3.0, 32, 16, [3], "UniPCMultistepScheduler", prediction_type="flow_prediction",
                  use_flow_sigmas=True, flow_shift=3.0),
              run(WOMAN, 2, 5.0, 24, 24, [6], "FlowMatchHeunDiscreteScheduler")],
    "medium": [run(EMPTY, 3, 5.0, 32, 32, [4]),
               run(WOMAN, 8, 4.5, 32, 48, [1, 2], call={
                   "skip_guidance_layers": [1, 2], "skip_layer_guidance_scale": 2.8,
                   "skip_layer_guidance_start": 0.1, "skip_layer_guidance_stop": 0.7, "negative_prompt": "blurry"})],
    "large": [run(EMOJI, 4, 3.5, 48, 32, [9])],
}


def pipeline(variant, clip, t5):
    return StableDiffusion3Pipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(**variant["schedule"]), vae=AutoencoderKL(**variant["vae"]),
        text_encoder=CLIPTextModelWithProjection(CLIPTextConfig(**variant["clip"])),
        tokenizer=CLIPTokenizer.from_pretrained(clip),
        text_encoder_2=CLIPTextModelWithProjection(CLIPTextConfig(**variant["clip2"])),
        tokenizer_2=CLIPTokenizer.from_pretrained(clip),
        text_encoder_3=variant["t5"] and T5EncoderModel(T5Config(**variant["t5"])),
        tokenizer_3=variant["t5"] and T5Tokenizer.from_pretrained(t5, model_max_length=512),
        transformer=SD3Transformer2DModel(**variant["net"]))


@torch.no_grad()
def probe(pipe):
    """One forward of the transformer, with and without a block."""
    generator = torch.Generator("cpu").manual_seed(4)
    net = pipe.transformer.config
    latents = torch.randn((2, net.in_channels, 10, 14), generator=generator)
    text = torch.randn((2, 9, net.joint_attention_dim), generator=generator)
    pooled = torch.randn((2, net.pooled_projection_dim), generator=generator)
    time = torch.tensor([731.25, 20.0])
    return {"net.latents": latents, "net.text": text, "net.pooled": pooled, "net.time": time,
            "net.output": pipe.transformer(latents, text, pooled, time).sample,
            "net.skipped": pipe.transformer(latents, text, pooled, time, skip_layers=[1]).sample}


FILES = flux.FILES + ["text_encoder_3/config.json"]


if __name__ == "__main__":
    write_variants(__doc__, VARIANTS, pipeline, 4000, RUNS, probe, FILES)
