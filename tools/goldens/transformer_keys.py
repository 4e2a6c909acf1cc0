"""The tensors of the published transformers and of T5, Qwen3 and FLUX.2's autoencoder, in diffusers' and in their
authors' names.

The authors' names are written down from their code; diffusers' own conversion has to make exactly its names of them.
"""
import argparse
import gzip
import json

import torch
from accelerate import init_empty_weights
from diffusers import (AutoencoderKLFlux2, Flux2Transformer2DModel, FluxTransformer2DModel, SD3Transformer2DModel,
                       ZImageTransformer2DModel)
from diffusers.loaders import single_file_utils
from transformers import Qwen3Config, Qwen3ForCausalLM, T5Config, T5EncoderModel

FLUX = dict(patch_size=1, in_channels=64, out_channels=None, num_layers=19, num_single_layers=38,
            attention_head_dim=128,
            num_attention_heads=24, joint_attention_dim=4096, pooled_projection_dim=768, guidance_embeds=True,
            axes_dims_rope=[16, 56, 56])
SD3 = dict(sample_size=128, patch_size=2, in_channels=16, num_layers=24, attention_head_dim=64, num_attention_heads=24,
           joint_attention_dim=4096, caption_projection_dim=1536, pooled_projection_dim=2048, out_channels=16,
           pos_embed_max_size=192, dual_attention_layers=[], qk_norm=None)
FLUX2 = dict(patch_size=1, in_channels=128, out_channels=None, num_layers=5, num_single_layers=20,
             attention_head_dim=128,
             num_attention_heads=24, joint_attention_dim=7680, timestep_guidance_channels=256, mlp_ratio=3.0,
             axes_dims_rope=[32, 32, 32, 32], rope_theta=2000, eps=1e-6, guidance_embeds=False)
Z_IMAGE = dict(all_patch_size=[2], all_f_patch_size=[1], in_channels=16, dim=3840, n_layers=30, n_refiner_layers=2,
               n_heads=30,
               n_kv_heads=30, norm_eps=1e-5, qk_norm=True, cap_feat_dim=2560, rope_theta=256.0, t_scale=1000.0,
               axes_dims=[32, 48, 48], axes_lens=[1536, 512, 512])
QWEN3 = {"qwen3-4b": dict(vocab_size=151936, hidden_size=2560, intermediate_size=9728, num_hidden_layers=36,
                          num_attention_heads=32, num_key_value_heads=8, head_dim=128, tie_word_embeddings=True),
         "qwen3-8b": dict(vocab_size=151936, hidden_size=4096, intermediate_size=12288, num_hidden_layers=36,
                          num_attention_heads=32, num_key_value_heads=8, head_dim=128, tie_word_embeddings=False)}
VAE2 = dict(in_channels=3, out_channels=3, latent_channels=32, block_out_channels=[128, 256, 512, 512],
            layers_per_block=2, use_quant_conv=True, use_post_quant_conv=True, mid_block_add_attention=True)
MODELS = {
    "flux-dev": (FluxTransformer2DModel, FLUX),
    "flux-schnell": (FluxTransformer2DModel, FLUX | dict(guidance_embeds=False)),
    "flux-fill": (FluxTransformer2DModel, FLUX | dict(in_channels=384, out_channels=64)),
    "sd3-medium": (SD3Transformer2DModel, SD3),
    "sd3.5-medium": (SD3Transformer2DModel, SD3 | dict(pos_embed_max_size=384, qk_norm="rms_norm",
                                                       dual_attention_layers=list(range(13)))),
    "sd3.5-large": (SD3Transformer2DModel,
                    SD3 | dict(num_layers=38, num_attention_heads=38, caption_projection_dim=2432,
                                                      qk_norm="rms_norm")),
    "flux2-klein-4b": (Flux2Transformer2DModel, FLUX2),
    "flux2-klein-9b": (Flux2Transformer2DModel, FLUX2 | dict(num_layers=8, num_single_layers=24, num_attention_heads=32,
                                                             joint_attention_dim=12288)),
    "z-image-turbo": (ZImageTransformer2DModel, Z_IMAGE),
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
    for name, width in [("time_in", 256),
                        ("vector_in", c["pooled_projection_dim"])] + [("guidance_in", 256)] * c["guidance_embeds"]:
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


def flux2_names(c):
    """Names and shapes in src/flux2/model.py of black-forest-labs/flux2, where no layer has a bias."""
    d, head, shapes = c["attention_head_dim"] * c["num_attention_heads"], c["attention_head_dim"], {}
    inner = int(d * c["mlp_ratio"])
    shapes |= {"img_in.weight": [d, c["in_channels"]], "txt_in.weight": [d, c["joint_attention_dim"]],
               "time_in.in_layer.weight": [d, 256], "time_in.out_layer.weight": [d, d],
               "double_stream_modulation_img.lin.weight": [6 * d, d],
               "double_stream_modulation_txt.lin.weight": [6 * d, d],
               "single_stream_modulation.lin.weight": [3 * d, d], "final_layer.linear.weight": [c["in_channels"], d],
               "final_layer.adaLN_modulation.1.weight": [2 * d, d]}
    for block in (f"double_blocks.{i}.{side}_" for i in range(c["num_layers"]) for side in ("img", "txt")):
        shapes |= {block + "attn.qkv.weight": [3 * d, d], block + "attn.proj.weight": [d, d],
                   block + "attn.norm.query_norm.scale": [head], block + "attn.norm.key_norm.scale": [head],
                   block + "mlp.0.weight": [2 * inner, d], block + "mlp.2.weight": [d, inner]}
    for block in (f"single_blocks.{i}." for i in range(c["num_single_layers"])):
        shapes |= {block + "linear1.weight": [3 * d + 2 * inner, d], block + "linear2.weight": [d, d + inner],
                   block + "norm.query_norm.scale": [head], block + "norm.key_norm.scale": [head]}
    return shapes


def z_image_names(c):
    """Names and shapes of ComfyUI's z_image_turbo files, by what diffusers' conversion of them undoes."""
    d, head, shapes = c["dim"], c["dim"] // c["n_heads"], {"x_pad_token": [1, c["dim"]], "cap_pad_token": [1, c["dim"]]}
    layer(shapes, "x_embedder", d, 4 * c["in_channels"])
    layer(shapes, "final_layer.linear", 4 * c["in_channels"], d)
    layer(shapes, "final_layer.adaLN_modulation.1", d, 256)
    layer(shapes, "t_embedder.mlp.0", 1024, 256)
    layer(shapes, "t_embedder.mlp.2", 256, 1024)
    shapes["cap_embedder.0.weight"] = [c["cap_feat_dim"]]
    layer(shapes, "cap_embedder.1", d, c["cap_feat_dim"])
    for name, count in (("layers", c["n_layers"]), ("noise_refiner", c["n_refiner_layers"]),
                        ("context_refiner", c["n_refiner_layers"])):
        for block in (f"{name}.{i}." for i in range(count)):
            inner = int(d / 3 * 8)
            shapes |= {block + "attention.qkv.weight": [3 * d, d], block + "attention.out.weight": [d, d],
                       block + "attention.q_norm.weight": [head], block + "attention.k_norm.weight": [head],
                       block + "feed_forward.w1.weight": [inner, d], block + "feed_forward.w2.weight": [d, inner],
                       block + "feed_forward.w3.weight": [inner, d]}
            shapes |= {f"{block}{norm}.weight": [d]
                       for norm in ("attention_norm1", "attention_norm2", "ffn_norm1", "ffn_norm2")}
            if name != "context_refiner":
                layer(shapes, block + "adaLN_modulation.0", 4 * d, 256)
    return shapes


def flux2_vae_names(canonical):
    """The autoencoder's names in src/flux2/autoencoder.py: latent diffusion's, with what lies between the halves
    inside."""
    names = {}
    for name, shape in canonical.items():
        there = name
        for i in range(4):
            there = there.replace(f"down_blocks.{i}.resnets.",
                                  f"down.{i}.block.").replace(f"up_blocks.{i}.resnets.", f"up.{3 - i}.block.")
            there = there.replace(f"down_blocks.{i}.downsamplers.0", f"down.{i}.downsample").replace(
                f"up_blocks.{i}.upsamplers.0", f"up.{3 - i}.upsample")
        for here, word in (("mid_block.resnets.0", "mid.block_1"), ("mid_block.resnets.1", "mid.block_2"),
                           ("conv_norm_out", "norm_out"),
                           ("conv_shortcut", "nin_shortcut"), ("mid_block.attentions.0.group_norm", "mid.attn_1.norm"),
                           ("mid_block.attentions.0.to_out.0", "mid.attn_1.proj_out"),
                           ("mid_block.attentions.0.to_", "mid.attn_1.")):
            there = there.replace(here, word)
        pixelwise = "attn_1" in there and len(shape) == 2
        half = {"quant_conv": "encoder.", "post_quant_conv": "decoder."}.get(there.split(".")[0], "")
        names[half + there] = shape + [1, 1] * pixelwise
    return names


NAMES = {"flux": flux_names, "sd3": sd3_names, "flux2": flux2_names, "z": z_image_names}
CONVERSIONS = {"flux": single_file_utils.convert_flux_transformer_checkpoint_to_diffusers,
               "sd3": single_file_utils.convert_sd3_transformer_checkpoint_to_diffusers,
               "flux2": single_file_utils.convert_flux2_transformer_checkpoint_to_diffusers,
               "z": single_file_utils.convert_z_image_transformer_checkpoint_to_diffusers}


def family(name):
    return name.split("-")[0].split(".")[0]


def shapes_of(tensors):
    return {name: list(tensor.shape) for name, tensor in tensors.items()}


def check(name, foreign, canonical):
    """diffusers makes its own names and shapes, all of them, of the authors'."""
    empty = {key: torch.empty(shape, device="meta") for key, shape in foreign.items()}
    if shapes_of(CONVERSIONS[family(name)](empty)) != canonical:
        raise SystemExit(f"{name}: diffusers converts the names written here to others")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True, help="the .json.gz to write")
    args = parser.parse_args()
    lists = {}
    for name, (network, config) in MODELS.items():
        with init_empty_weights(include_buffers=True):
            canonical = shapes_of(network(**config).state_dict())
        foreign = NAMES[family(name)](config)
        check(name, foreign, canonical)
        lists[name] = {"config": config, "canonical": canonical, "foreign": foreign}
    with init_empty_weights():
        t5 = shapes_of(T5EncoderModel(T5Config(**T5_XXL)).state_dict())
        vae = shapes_of(AutoencoderKLFlux2(**VAE2).state_dict())
        for name, config in QWEN3.items():
            qwen = {key: shape for key, shape in shapes_of(Qwen3ForCausalLM(Qwen3Config(**config)).state_dict()).items()
                    if key != "lm_head.weight" or not config["tie_word_embeddings"]}
            lists[name] = {"config": config, "canonical": qwen, "foreign": qwen}
    lists["t5-xxl"] = {"config": T5_XXL,
                       "canonical": {k: v for k, v in t5.items() if k != "encoder.embed_tokens.weight"}, "foreign": t5}
    vae = {key: shape for key, shape in vae.items() if key != "bn.num_batches_tracked"}
    lists["flux2-vae"] = {"config": VAE2, "canonical": vae, "foreign": flux2_vae_names(vae)}
    with gzip.GzipFile(args.out, "wb", mtime=0) as out:
        out.write(json.dumps(lists).encode("utf-8"))
    print({name: (len(entry["canonical"]), len(entry["foreign"])) for name, entry in lists.items()})


if __name__ == "__main__":
    main()
