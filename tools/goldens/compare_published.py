"""Rewrites a golden folder in the spelling of the published SD 1.x folders; diffusers must draw the same from it."""
import argparse
import json
import re
import shutil
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import load_file, save_file

from sd1_reference import reference

OLD_NAMES = {"to_q": "query", "to_k": "key", "to_v": "value", "to_out.0": "proj_attn"}
NEWER_OPTIONS = {
    "vae": ("use_quant_conv", "use_post_quant_conv", "mid_block_add_attention", "shift_factor", "latents_mean",
            "latents_std", "force_upcast", "scaling_factor"),
    "unet": ("attention_type", "transformer_layers_per_block", "addition_embed_type", "conv_in_kernel",
             "resnet_time_scale_shift", "time_embedding_type", "upcast_attention", "use_linear_projection",
             "only_cross_attention", "mid_block_type", "dual_cross_attention", "num_attention_heads", "dropout"),
    "text_encoder": ("initializer_factor",)}


def rename_vae(name):
    return re.sub(r"(mid_block\.attentions\.0)\.(to_q|to_k|to_v|to_out\.0)",
                  lambda found: f"{found[1]}.{OLD_NAMES[found[2]]}", name)


def rewrite(source, out):
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(source, out)
    shutil.rmtree(out / "tokenizer")
    out.joinpath("tokenizer-published").rename(out / "tokenizer")
    out.joinpath("weights.json").unlink()
    for part, options in NEWER_OPTIONS.items():
        path = out / part / "config.json"
        config = json.loads(path.read_text("utf-8"))
        path.write_text(json.dumps({k: v for k, v in config.items() if k not in options}, indent=2), "utf-8")
    text = out / "text_encoder/model.safetensors"
    tensors = {"text_model." + name: tensor for name, tensor in load_file(text).items()}
    positions = torch.arange(tensors["text_model.embeddings.position_embedding.weight"].shape[0])[None]
    save_file(tensors | {"text_model.embeddings.position_ids": positions}, text, {"format": "pt"})
    vae = out / "vae/diffusion_pytorch_model.safetensors"
    save_file({rename_vae(name): tensor for name, tensor in load_file(vae).items()}, vae, {"format": "pt"})


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("source", type=Path, help="a folder that sd1.py wrote; base, or one with as plain options")
    args = parser.parse_args()
    # As sd1.py: sums over several threads have another order.
    torch.set_num_threads(1)
    out = args.source.with_name(args.source.name + "-published")
    rewrite(args.source, out)
    tensors, _ = reference(StableDiffusionPipeline.from_pretrained(out, safety_checker=None), args.source.name, {})
    expected = load_file(args.source / "reference.safetensors")
    if not all(torch.equal(tensors[name], expected[name]) for name in expected):
        raise SystemExit(f"{out}: diffusers draws something else from the published spelling")


if __name__ == "__main__":
    main()
