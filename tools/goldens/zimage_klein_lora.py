"""LoRAs on the tiny Z-Image and FLUX.2 klein: files under diffusers' names and under the makers', and what diffusers
draws."""
import argparse
from pathlib import Path

import torch
from diffusers import Flux2KleinPipeline, ZImagePipeline
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import save_file

from transformer_folders import generate, run
from sd1_reference import BANGS

RANK, ALPHA, WEIGHT = 1, 1.5, 0.8
FAMILIES = {
    "zimage": (ZImagePipeline, "zimage/turbo",
               r"(layers\.0|context_refiner\.1)\.(attention\.(to_q|to_k|to_v|to_out\.0)|"
               r"feed_forward\.w1|adaLN_modulation\.0)"),
    "klein": (Flux2KleinPipeline, "klein/base", r"transformer_blocks\.1\.(attn\.(to_q|to_k|to_v|to_out\.0|add_q_proj|"
              r"add_k_proj|add_v_proj|to_add_out)|ff\.linear_in|ff_context\.linear_out)|x_embedder|"
              r"single_transformer_blocks\.0\.attn\.(to_qkv_mlp_proj|to_out)"),
}


def attach(module, targets):
    module.requires_grad_(False)
    module.add_adapter(LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=targets))
    module.peft_config["default"].base_model_name_or_path = None
    generator = torch.Generator("cpu").manual_seed(2200)
    for name, parameter in sorted(module.named_parameters()):
        if ".lora_" in name:
            parameter.data = torch.randn(parameter.shape, generator=generator) / parameter[0].numel() ** 0.5


def foreign(family, state):
    """The same under the makers' names: queries, keys and values in one matrix, made by a factor three times as
    wide."""
    out, heads = {}, {"klein": {"to_q": ("img_attn.qkv", 0), "to_k": ("img_attn.qkv", 1), "to_v": ("img_attn.qkv", 2),
                                "add_q_proj": ("txt_attn.qkv", 0), "add_k_proj": ("txt_attn.qkv", 1),
                                "add_v_proj": ("txt_attn.qkv", 2)},
                      "zimage": {"to_q": ("qkv", 0), "to_k": ("qkv", 1), "to_v": ("qkv", 2)}}[family]
    words = {"klein": [("single_transformer_blocks.", "single_blocks."), ("transformer_blocks.", "double_blocks."),
                       ("attn.to_qkv_mlp_proj", "linear1"), ("attn.to_out.0", "img_attn.proj"),
                       ("attn.to_add_out", "txt_attn.proj"),
                       ("attn.to_out", "linear2"), ("ff.linear_in", "img_mlp.0"),
                       ("ff_context.linear_out", "txt_mlp.2"),
                       ("x_embedder", "img_in")], "zimage": [("to_out.0", "out")]}[family]
    groups = {}
    for name, tensor in state.items():
        path, _, factor = name.partition(".lora_")
        leaf = path.rsplit(".", 1)[-1]
        if leaf in heads:
            block = path.rsplit(".", 2)[0] if family == "klein" else path.rsplit(".", 1)[0]
            groups.setdefault((block, heads[leaf][0]), {})[(heads[leaf][1], factor)] = tensor
        else:
            groups[(path, None)] = groups.get((path, None), {}) | {(0, factor): tensor}
    for (path, leaf), parts in groups.items():
        full = path if leaf is None else f"{path}.{leaf}"
        for here, there in words:
            full = full.replace(here, there)
        down = torch.cat([parts[i, "A.weight"] for i in range(len(parts) // 2)])
        up = torch.block_diag(*(parts[i, "B.weight"] for i in range(len(parts) // 2)))
        out[f"lora_unet_{full.replace('.', '_')}.lora_down.weight"] = down
        out[f"lora_unet_{full.replace('.', '_')}.lora_up.weight"] = up
        out[f"lora_unet_{full.replace('.', '_')}.alpha"] = torch.tensor(ALPHA / RANK * len(down))
    return {name: tensor.contiguous() for name, tensor in out.items()}


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", required=True, type=Path, help="folder that zimage_klein.py wrote")
    parser.add_argument("--out", required=True, type=Path, help="folder of test resources")
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for family, (cls, folder, targets) in FAMILIES.items():
        pipe = cls.from_pretrained(args.tiny / folder)
        pipe.set_progress_bar_config(disable=True)
        attach(pipe.transformer, targets)
        state = {name: tensor.contiguous() for name, tensor in get_peft_model_state_dict(pipe.transformer).items()}
        cls.save_lora_weights(args.out, transformer_lora_layers=state, weight_name=f"{family}-diffusers.safetensors",
                              transformer_lora_adapter_metadata=pipe.transformer.peft_config["default"].to_dict())
        save_file(foreign(family, state), args.out / f"{family}-makers.safetensors")
        pipe = cls.from_pretrained(args.tiny / folder)
        pipe.set_progress_bar_config(disable=True)
        pipe.load_lora_weights(args.out, weight_name=f"{family}-diffusers.safetensors", adapter_name="one")
        pipe.set_adapters(["one"], [WEIGHT])
        tensors[family] = generate(pipe, run(BANGS, 2, 3.0, 16, 24, [31]))[1]["images"]
    save_file(tensors, args.out / "images.safetensors")


if __name__ == "__main__":
    main()
