"""OFT as peft wrote it before 0.16, on single layers of the tiny base pipeline. Run with peft 0.13.2, which turns what a
layer gives, and again with 0.15.2, which turns what it is given: the second run adds to the first one's files."""
import argparse
from importlib.metadata import version
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from peft import OFTConfig, get_peft_model
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file, save_file

from clip_vocabulary import write_json
from sd1_reference import versions

LINEAR = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
TEXT = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k"
CONV = "down_blocks.0.resnets.0.conv1"
INPUTS = {LINEAR: (1, 2, 64), TEXT: (1, 2, 32), CONV: (1, 32, 2, 2)}
# Per version: name, layers, options. 64 outputs are no multiple of 10 blocks.
KINDS = {
    "0.13.2": [("old-oft", [LINEAR, CONV], dict(r=10)), ("old-oft-shared", [TEXT], dict(r=6, block_share=True))],
    "0.15.2": [("old-oft-inputs", [TEXT], dict(r=8)),
               ("old-oft-inputs-shared", [CONV], dict(r=0, oft_block_size=12, block_share=True))],
}


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True, type=Path, help="the base folder that sd1.py wrote")
    parser.add_argument("--out", required=True, type=Path, help="folder of test resources")
    args = parser.parse_args()
    torch.set_num_threads(1)
    expected = args.out / "old-oft-reference.safetensors"
    generator = torch.Generator("cpu").manual_seed(3200)
    inputs = {path: torch.randn(shape, generator=generator) for path, shape in INPUTS.items()}
    tensors = load_file(expected) if expected.exists() else {f"input.{path}": value for path, value in inputs.items()}
    for name, paths, options in KINDS[version("peft")]:
        unet = UNet2DConditionModel.from_pretrained(args.base / "unet")
        model = get_peft_model(unet, OFTConfig(target_modules=paths, **options)).eval()
        for key, parameter in sorted(model.named_parameters()):
            if parameter.requires_grad:
                parameter.data = parameter.data + 0.2 * torch.randn(parameter.shape, generator=generator)
        state = get_peft_model_state_dict(model)
        save_file({key: value.contiguous() for key, value in state.items()}, args.out / f"{name}.safetensors")
        tensors |= {f"{name}.{path}": unet.get_submodule(path)(inputs[path]).contiguous() for path in paths}
    save_file(tensors, expected)
    names = [name for kinds in KINDS.values() for name, _, _ in kinds]
    write_json(args.out / "old-oft-reference.json", {"kinds": names, "versions": versions() | {"peft": list(KINDS)}})


if __name__ == "__main__":
    main()
