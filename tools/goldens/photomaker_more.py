"""What PhotoMaker's published pipeline draws on a tiny SDXL with a LoRA beside, and with its own LoRA at two strengths.

    pip install einops==0.8.2
    python photomaker_more.py --tiny FLAT --photomaker CHECKOUT --out FOLDER

Networks, photos and faces are those of photomaker.py. CPU, f32.
"""
import argparse
import contextlib
import io
from pathlib import Path

import torch
from safetensors.torch import save_file

import photomaker
from kept import packed, pixels
from photomaker import A, B, C
from published import COMMITS
from sd1_reference import versions
from seeded import noise, seeded_tensors

LORA, LORA_SCALE = 6630, 0.7
LAYERS = ("attn1.to_q", "attn2.to_out.0")
RUNS = [
    dict(version="v1", photos=[A], beside=True), dict(version="v1", photos=[A, B, C], start=2, lora=0.6, beside=True),
    dict(version="v2", photos=[B], faces=[1], beside=True),
    dict(version="v2", photos=[A, B, C], faces=[0, 1, 2], start=3, lora=0.5, beside=True),
    dict(version="v2", photos=[C], faces=[2], start=0, lora=0.3),
]


def lora(unet):
    """A LoRA of two layers of the first block with a transformer, by diffusers' names."""
    made, modules = {}, dict(unet.named_modules())
    block = next(name for name in modules if name.endswith("transformer_blocks.0"))
    for i, layer in enumerate(LAYERS):
        out, into = modules[f"{block}.{layer}"].weight.shape
        made[f"unet.{block}.{layer}.lora_A.weight"] = noise(LORA + 2 * i, 2, into) / into ** 0.5
        made[f"unet.{block}.{layer}.lora_B.weight"] = noise(LORA + 2 * i + 1, out, 2)
    return made


def beside(pipeline, tensors):
    """The pipeline with a second LoRA, beside PhotoMaker's own."""

    class Beside(pipeline):
        is_beside, strength = True, 1.0

        def __call__(self, *args, **kwargs):
            if self.is_beside:
                with contextlib.redirect_stdout(io.StringIO()):
                    self.load_lora_weights(dict(tensors), adapter_name="beside")
                self.set_adapters(["photomaker", "beside"], adapter_weights=[self.strength, LORA_SCALE])
            return super().__call__(*args, **kwargs)

    return Beside


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", required=True, type=Path, help="the folders of sdxl.py")
    parser.add_argument("--photomaker", required=True, help="a checkout of TencentARC/PhotoMaker")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    folder = args.tiny / "xl-base"
    unet = photomaker.module_of(folder)
    tensors = lora(unet)
    kinds = photomaker.networks(args.photomaker, unet.config.cross_attention_dim)
    Pipeline = beside(photomaker.pipeline_class(args.photomaker, kinds), tensors)
    files = {}
    with contextlib.redirect_stdout(io.StringIO()):
        for version, seed in photomaker.SEEDS.items():
            files[version] = seeded_tensors(
                photomaker.encoder_shapes(kinds[version]) | photomaker.lora_shapes(unet), seed)
    faces = 3 * torch.randn(3, photomaker.FACE, generator=torch.Generator().manual_seed(6620))
    asks, drawn = [], {"faces": faces}
    for i, run in enumerate(RUNS):
        Pipeline.is_beside, Pipeline.strength = run.get("beside", False), run.get("lora", 1.0)
        ask, images = photomaker.draw(Pipeline, folder, files[run["version"]], run, faces)
        asks.append(ask | {"beside": LORA_SCALE if Pipeline.is_beside else 0.0})
        drawn[f"run{i}.images"] = pixels(images)
    drawn |= {f"lora.{name}": value for name, value in tensors.items()}
    args.out.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in drawn.items()}, args.out / "reference.safetensors")
    packed(args.out / "reference.json.gz", {"commit": COMMITS["photomaker"], "runs": asks, "versions": versions()})


if __name__ == "__main__":
    main()
