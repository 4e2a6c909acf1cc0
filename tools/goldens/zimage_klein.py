"""Tiny Z-Image and FLUX.2 klein pipelines with seeded random weights, and what diffusers computes on CPU in f32."""
import argparse
from pathlib import Path

import torch
from diffusers import (AutoencoderKL, AutoencoderKLFlux2, FlowMatchEulerDiscreteScheduler, Flux2KleinPipeline,
                       Flux2Transformer2DModel, ZImagePipeline, ZImageTransformer2DModel)
from transformers import Qwen3Config, Qwen3ForCausalLM, Qwen3Model

import flux
import qwen_vocabulary
from transformer_folders import fixtures, run, write_variant
from sd1_reference import ACCENTS, BANGS, EMOJI, EMPTY, LONG, WOMAN

QWEN = dict(vocab_size=420, hidden_size=32, intermediate_size=40, num_hidden_layers=3, num_attention_heads=4,
            num_key_value_heads=2, head_dim=8, rope_parameters=dict(rope_type="default", rope_theta=1e6),
            tie_word_embeddings=True, max_position_embeddings=1024)
Z = dict(all_patch_size=(2,), all_f_patch_size=(1,), in_channels=4, dim=48, n_layers=2, n_refiner_layers=2, n_heads=2,
         n_kv_heads=2, norm_eps=1e-5, qk_norm=True, cap_feat_dim=32, rope_theta=256.0, t_scale=1000.0,
         axes_dims=[8, 8, 8], axes_lens=[1536, 512, 512])
KLEIN = dict(patch_size=1, in_channels=16, num_layers=2, num_single_layers=2, attention_head_dim=16,
             num_attention_heads=2,
             joint_attention_dim=48, timestep_guidance_channels=256, mlp_ratio=3.0, axes_dims_rope=(4, 4, 4, 4),
             rope_theta=2000, eps=1e-6, guidance_embeds=False)
VAE2 = dict(block_out_channels=(8, 16), down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2, layers_per_block=1, latent_channels=4, norm_num_groups=4,
            sample_size=16)
DYNAMIC = flux.DYNAMIC | dict(shift=3.0)
VARIANTS = {
    "zimage/turbo": dict(text=Qwen3Model, qwen=QWEN, vae=flux.VAE, net=Z, schedule=dict(shift=3.0)),
    "zimage/wide": dict(
        text=Qwen3ForCausalLM,
        qwen=QWEN | dict(hidden_size=24, num_attention_heads=3, num_key_value_heads=3, num_hidden_layers=2,
                         rope_parameters=dict(rope_type="default", rope_theta=5000.0), tie_word_embeddings=False,
                         hidden_act="gelu", rms_norm_eps=1e-5),
        vae=flux.VARIANTS["schnell"]["vae"],
        net=Z | dict(in_channels=16, dim=264, n_layers=1, n_refiner_layers=1, n_heads=3, n_kv_heads=3, norm_eps=1e-6,
                     qk_norm=False, cap_feat_dim=24, rope_theta=100.0, t_scale=500.0, axes_dims=[24, 32, 32],
                     axes_lens=[640, 64, 48]),
        schedule=DYNAMIC),
    "klein/base": dict(text=Qwen3ForCausalLM,
                       qwen=QWEN | dict(hidden_size=16, num_hidden_layers=28, num_attention_heads=2,
                                                               num_key_value_heads=1),
                       vae=VAE2, net=KLEIN, schedule=DYNAMIC, distilled=False),
    "klein/distilled": dict(
        text=Qwen3ForCausalLM,
        qwen=QWEN | dict(hidden_size=8, num_hidden_layers=30, num_attention_heads=2, num_key_value_heads=2,
                         tie_word_embeddings=False),
        vae=VAE2 | dict(block_out_channels=(8, 8, 12), down_block_types=("DownEncoderBlock2D",) * 3, layers_per_block=2,
                        up_block_types=("UpDecoderBlock2D",) * 3, latent_channels=8, batch_norm_eps=1e-3,
                        decoder_block_out_channels=(4, 8, 8), use_quant_conv=False, use_post_quant_conv=False,
                        mid_block_add_attention=False),
        net=KLEIN | dict(in_channels=32, num_layers=1, num_single_layers=3, attention_head_dim=24,
                         num_attention_heads=3,
                         joint_attention_dim=24, timestep_guidance_channels=64, mlp_ratio=2.5,
                         axes_dims_rope=(4, 8, 8, 4), rope_theta=500),
        schedule=DYNAMIC | dict(max_shift=1.0), distilled=True),
}
RUNS = {
    "zimage/turbo": [run(WOMAN, 4, 0.0, 40, 24, [0]), run(BANGS, 3, 4.0, 16, 16, [7, 2 ** 40 + 5]),
                     run(LONG, 2, 5.0, 16, 24, [3], call={"negative_prompt": "blurry, " + EMOJI}),
                     run(EMPTY, 2, 3.0, 24, 16, [4], call={"negative_prompt": WOMAN * 3}),
                     run(ACCENTS, 3, 0.5, 16, 16, [9], "FlowMatchEulerDiscreteScheduler", use_karras_sigmas=True),
                     run(WOMAN, 4, 6.0, 16, 16, [12], call={"cfg_normalization": 0.8, "cfg_truncation": 0.2})],
    "zimage/wide": [run(ACCENTS, 3, 2.0, 40, 24, [1]), run(WOMAN, 2, 0.0, 16, 32, [5, 6])],
    "klein/base": [run(WOMAN, 4, 4.0, 40, 24, [0]), run(BANGS, 2, 1.0, 16, 24, [7, 2 ** 40 + 5]),
                   run(LONG, 3, 2.0, 16, 32, [3])],
    "klein/distilled": [run(EMOJI, 3, 4.0, 40, 24, [1]), run(EMPTY, 1, 1.0, 16, 32, [5, 6])],
}


def pipeline(variant, tokenizer):
    parts = dict(scheduler=FlowMatchEulerDiscreteScheduler(**variant["schedule"]), tokenizer=tokenizer,
                 text_encoder=variant["text"](Qwen3Config(**variant["qwen"])))
    if "distilled" in variant:
        return Flux2KleinPipeline(**parts, vae=AutoencoderKLFlux2(**variant["vae"]),
                                  transformer=Flux2Transformer2DModel(**variant["net"]),
                                  is_distilled=variant["distilled"])
    return ZImagePipeline(**parts, vae=AutoencoderKL(**variant["vae"]),
                          transformer=ZImageTransformer2DModel(**variant["net"]))


@torch.no_grad()
def probe(pipe):
    """What the pipeline tells its transformer of two prompts: every 16th token."""
    klein = isinstance(pipe, Flux2KleinPipeline)
    told = pipe.encode_prompt([WOMAN, BANGS], **{} if klein else {"do_classifier_free_guidance": False})[0]
    return {f"text.{i}": told[i][::16] for i in range(2)}


FILES = ["model_index.json", "scheduler/scheduler_config.json", "transformer/config.json", "vae/config.json",
         "text_encoder/config.json", "reference.json", "reference.safetensors"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, help="folder that receives one folder per variant")
    parser.add_argument("--fixtures", help="folder that receives what the tests read")
    parser.add_argument("--name", nargs="*", default=list(VARIANTS), choices=list(VARIANTS))
    args = parser.parse_args()
    torch.set_num_threads(1)
    out = Path(args.out)
    tokenizer = qwen_vocabulary.write_tokenizer(out / "tokenizer")
    for name in args.name:
        write_variant(out / name, pipeline(VARIANTS[name], tokenizer), 8000, RUNS[name], probe)
        if args.fixtures:
            fixtures(out / name, Path(args.fixtures, name).parent, FILES)


if __name__ == "__main__":
    main()
