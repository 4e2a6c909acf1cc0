"""What PuLID's published attentions draw on a tiny SDXL with a LoRA beside, at two weights, from one and three photos, in
all steps and in some. CPU, f32.

    pip install timm==1.0.31 einops==0.8.2 torchvision==0.25.0 onnxruntime==1.32.0
    python pulid_more.py --tiny FOLDER --pulid CHECKOUT --facexlib CHECKOUT --out FOLDER

Networks, faces and requests are those of pulid.py. The LoRA is merged into the weights of the UNet.
"""
import argparse
from pathlib import Path

import torch
from diffusers import StableDiffusionXLPipeline
from safetensors.torch import save_file

import pulid
from kept import packed
from published import COMMITS
from sd1_reference import versions
from seeded import noise

LORA, LORA_SCALE = 6860, 0.7
# An attention of the base that PuLID leaves alone, and one to whose result it adds.
LAYERS = ("attn1.to_q", "attn2.to_out.0")
# Weight, photos, guidance, first step, end step.
CASES = [(0.8, [1], 5.0, 0, 4), (0.4, [2], 5.0, 0, 4), (0.8, [1, 2, 3], 4.0, 0, 4), (0.8, [3], 5.0, 1, 3)]


def merged(published):
    """Makes the pipelines of pulid.py's cases open with a LoRA in the UNet's weights; returns the LoRA's tensors."""
    tensors = {}

    def opened(folder, **kwargs):
        pipe = published(folder, **kwargs)
        state = pipe.unet.state_dict()
        block = next(name for name, _ in pipe.unet.named_modules() if name.endswith("transformer_blocks.0"))
        for i, layer in enumerate(LAYERS):
            name = f"{block}.{layer}"
            out, into = state[f"{name}.weight"].shape
            down, up = noise(LORA + 2 * i, 2, into) / into ** 0.5, noise(LORA + 2 * i + 1, out, 2)
            state[f"{name}.weight"] += LORA_SCALE * up @ down
            tensors.update({f"unet.{name}.lora_A.weight": down, f"unet.{name}.lora_B.weight": up})
        pipe.unet.load_state_dict(state)
        return pipe

    return opened, tensors


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", required=True, type=Path, help="the folder that has sdxl")
    parser.add_argument("--pulid", required=True, help="a checkout of ToTheBeginning/PuLID")
    parser.add_argument("--facexlib", required=True, help="a checkout of xinntao/facexlib")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    opened, lora = merged(StableDiffusionXLPipeline.from_pretrained)
    StableDiffusionXLPipeline.from_pretrained = opened
    pulid.XL_CASES = CASES
    with torch.no_grad():
        on_xl, drawn = pulid.xl(args, pulid.Faces(args))
    drawn |= {f"lora.{name}": value for name, value in lora.items()}
    args.out.mkdir(parents=True, exist_ok=True)
    save_file({name: value.detach().clone().contiguous() for name, value in drawn.items()},
              args.out / "reference.safetensors")
    packed(args.out / "reference.json.gz", {
        "commits": {name: COMMITS[name] for name in ("facexlib", "pulid")}, "lora": LORA_SCALE, "runs": on_xl["runs"],
        "versions": versions()})


if __name__ == "__main__":
    main()
