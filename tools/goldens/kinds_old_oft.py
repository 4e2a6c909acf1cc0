"""OFT as peft wrote it before 0.16, on single layers of the tiny base pipeline. Run with peft 0.13.2, which turns what
a layer gives, and again with 0.15.2, which turns what it is given: the second run adds to the first one's files."""
from importlib.metadata import version

import torch
from peft import OFTConfig
from safetensors.torch import load_file, save_file

from arguments import base_and_out
from clip_vocabulary import write_json
from kinds_layers import written
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
    base, out = base_and_out(__doc__)
    expected = out / "old-oft-reference.safetensors"
    generator = torch.Generator("cpu").manual_seed(3200)
    inputs = {path: torch.randn(shape, generator=generator) for path, shape in INPUTS.items()}
    tensors = load_file(expected) if expected.exists() else {f"input.{path}": value for path, value in inputs.items()}
    for name, paths, options in KINDS[version("peft")]:
        config = OFTConfig(target_modules=paths, **options)
        unet, _ = written(base, config, generator, out / f"{name}.safetensors")
        tensors |= {f"{name}.{path}": unet.get_submodule(path)(inputs[path]).contiguous() for path in paths}
    save_file(tensors, expected)
    names = [name for kinds in KINDS.values() for name, _, _ in kinds]
    write_json(out / "old-oft-reference.json", {"kinds": names, "versions": versions() | {"peft": list(KINDS)}})


if __name__ == "__main__":
    main()
