"""The tensors of the published FLUX.1 and Stable Diffusion 3 transformers and of T5, in diffusers' and in their authors' names.

The authors' names are written down from their code; diffusers' own conversion has to make exactly its names of them.
"""
import argparse
import gzip
import json

import torch
from accelerate import init_empty_weights
from diffusers import FluxTransformer2DModel, SD3Transformer2DModel
from diffusers.loaders import single_file_utils
from transformers import T5Config, T5EncoderModel

FLUX = dict(patch_size=1, in_channels=64, out_channels=None, num_layers=19, num_single_layers=38, attention_head_dim=128,
            num_attention_heads=24, joint_attention_dim=4096, pooled_projection_dim=768, guidance_embeds=True,
            axes_dims_rope=[16, 56, 56])
SD3 = dict(sample_size=128, patch_size=2, in_channels=16, num_layers=24, attention_head_dim=64, num_attention_heads=24,
           joint_attention_dim=4096, caption_projection_dim=1536, pooled_projection_dim=2048, out_channels=16,
           pos_embed_max_size=192, dual_attention_layers=[], qk_norm=None)
MODELS = {
    "flux-dev": (FluxTransformer2DModel, FLUX),
    "flux-schnell": (FluxTransformer2DModel, FLUX | dict(guidance_embeds=False)),
    "flux-fill": (FluxTransformer2DModel, FLUX | dict(in_channels=384, out_channels=64)),
    "sd3-medium": (SD3Transformer2DModel, SD3),
    "sd3.5-medium": (SD3Transformer2DModel, SD3 | dict(pos_embed_max_size=384, qk_norm="rms_norm",
                                                       dual_attention_layers=list(range(13)))),
    "sd3.5-large": (SD3Transformer2DModel, SD3 | dict(num_layers=38, num_attention_heads=38, caption_projection_dim=2432,
                                                      qk_norm="rms_norm")),
}
T5_XXL = dict(vocab_size=32128, d_model=4096, d_kv=64, d_ff=10240, num_layers=24, num_heads=64,
              feed_forward_proj="gated-gelu", relative_attention_num_buckets=32)


def layer(shapes, name, out, *rest):
    shapes[f"{name}.weight"] = [out, *rest]
    shapes[f"{name}.bias"] = [out]


def flux_names(c):
    """Names and shapes in src/flux/model.py of black-forest-labs/flux."""
    d, head, shapes = c["attention_head_dim"] * c["num_attention_heads"], c["attention_head_dim"], {}
    layer(shapes, "img_in", d, c["in_channels"])
    layer(shapes, "txt_in", d, c["joint_attention_dim"])
    for name, width in [("time_in", 256), ("vector_in", c["pooled_projection_dim"])] + [("guidance_in", 256)] * c["guidance_embeds"]:
        layer(shapes, f"{name}.in_layer", d, width)
        layer(shapes, f"{name}.out_layer", d, d)
    for i in range(c["num_layers"]):
        for side in ("img", "txt"):
            block = f"double_blocks.{i}.{side}_"
            layer(shapes, block + "mod.lin", 6 * d, d)
            layer(shapes, block + "attn.qkv", 3 * d, d)
            layer(shapes, block + "attn.proj", d, d)
            shapes[block + "attn.norm.query_norm.scale"] = shapes[block + "attn.norm.key_norm.scale"] = [head]
            layer(shapes, block + "mlp.0", 4 * d, d)
            layer(shapes, block + "mlp.2", d, 4 * d)
    for i in range(c["num_single_layers"]):
        block = f"single_blocks.{i}."
        layer(shapes, block + "linear1", 7 * d, d)
        layer(shapes, block + "linear2", d, 5 * d)
        shapes[block + "norm.query_norm.scale"] = shapes[block + "norm.key_norm.scale"] = [head]
        layer(shapes, block + "modulation.lin", 3 * d, d)
    layer(shapes, "final_layer.linear", c["out_channels"] or c["in_channels"], d)
    layer(shapes, "final_layer.adaLN_modulation.1", 2 * d, d)
    return shapes


def sd3_names(c):
    """Names and shapes in mmditx.py of Stability-AI/sd3.5."""
    d, head, patch, shapes = c["caption_projection_dim"], c["attention_head_dim"], c["patch_size"], {}
    shapes["pos_embed"] = [1, c["pos_embed_max_size"] ** 2, d]
    layer(shapes, "x_embedder.proj", d, c["in_channels"], patch, patch)
    layer(shapes, "context_embedder", d, c["joint_attention_dim"])
    for name, width in (("t_embedder", 256), ("y_embedder", c["pooled_projection_dim"])):
        layer(shapes, f"{name}.mlp.0", d, width)
        layer(shapes, f"{name}.mlp.2", d, d)
    for i in range(c["num_layers"]):
        last, dual = i == c["num_layers"] - 1, i in c["dual_attention_layers"]
        for side in ("x_block", "context_block"):
            block, whole = f"joint_blocks.{i}.{side}.", side == "x_block" or not last
            for attention in ["attn"] + ["attn2"] * (dual and side == "x_block"):
                layer(shapes, block + attention + ".qkv", 3 * d, d)
                if c["qk_norm"]:
                    shapes[f"{block}{attention}.ln_q.weight"] = shapes[f"{block}{attention}.ln_k.weight"] = [head]
                if whole:
                    layer(shapes, block + attention + ".proj", d, d)
            layer(shapes, block + "adaLN_modulation.1", (9 if dual and side == "x_block" else 6 if whole else 2) * d, d)
            if whole:
                layer(shapes, block + "mlp.fc1", 4 * d, d)
                layer(shapes, block + "mlp.fc2", d, 4 * d)
    layer(shapes, "final_layer.linear", patch * patch * c["out_channels"], d)
    layer(shapes, "final_layer.adaLN_modulation.1", 2 * d, d)
    return shapes


def shapes_of(tensors):
    return {name: list(tensor.shape) for name, tensor in tensors.items()}


def check(name, foreign, canonical):
    """diffusers makes its own names and shapes, all of them, of the authors'."""
    empty = {key: torch.empty(shape, device="meta") for key, shape in foreign.items()}
    convert = single_file_utils.convert_flux_transformer_checkpoint_to_diffusers if name.startswith("flux") \
        else single_file_utils.convert_sd3_transformer_checkpoint_to_diffusers
    if shapes_of(convert(empty)) != canonical:
        raise SystemExit(f"{name}: diffusers converts the names written here to others")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, help="the .json.gz to write")
    args = parser.parse_args()
    lists = {}
    for name, (network, config) in MODELS.items():
        with init_empty_weights(include_buffers=True):
            canonical = shapes_of(network(**config).state_dict())
        foreign = (flux_names if name.startswith("flux") else sd3_names)(config)
        check(name, foreign, canonical)
        lists[name] = {"config": config, "canonical": canonical, "foreign": foreign}
    with init_empty_weights():
        t5 = shapes_of(T5EncoderModel(T5Config(**T5_XXL)).state_dict())
    lists["t5-xxl"] = {"config": T5_XXL, "canonical": {k: v for k, v in t5.items() if k != "encoder.embed_tokens.weight"},
                       "foreign": t5}
    with gzip.GzipFile(args.out, "wb", mtime=0) as out:
        out.write(json.dumps(lists).encode("utf-8"))
    print({name: (len(entry["canonical"]), len(entry["foreign"])) for name, entry in lists.items()})


if __name__ == "__main__":
    main()
