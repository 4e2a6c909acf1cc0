"""peft's BOFT and IA3 on single layers of the tiny base pipeline. peft draws butterflies of several stages by a CUDA
kernel; here the same block-diagonal matrices are made in plain torch."""
from types import SimpleNamespace

import torch
from peft import BOFTConfig, IA3Config
from peft.tuners.boft import layer as boft
from safetensors.torch import save_file

from arguments import base_and_out
from clip_vocabulary import write_json
from kinds_layers import written
from sd1_reference import versions

BIASED = "mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0"
LINEAR = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
TEXT = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k"
CONV = "down_blocks.0.resnets.0.conv1"
WIDE = "down_blocks.1.resnets.0.conv1"
INPUTS = {BIASED: (1, 2, 64), LINEAR: (1, 2, 64), TEXT: (1, 2, 32), CONV: (1, 32, 2, 2), WIDE: (1, 32, 2, 2)}
KINDS = {
    "peft-boft": (BOFTConfig, [LINEAR, BIASED], dict(boft_block_size=4, boft_n_butterfly_factor=1)),
    "peft-boft-wings": (BOFTConfig, [TEXT, CONV], dict(boft_block_size=4, boft_n_butterfly_factor=3)),
    "peft-ia3": (IA3Config, [BIASED, LINEAR, TEXT, CONV, WIDE], dict(feedforward_modules=[LINEAR, WIDE])),
}


def kernel():
    diagonal = lambda blocks: torch.stack([torch.block_diag(*stage) for stage in blocks])
    boft.get_fbd_cuda = lambda: True
    boft.FastBlockDiag = SimpleNamespace(apply=diagonal)


@torch.no_grad()
def main():
    base, out = base_and_out(__doc__)
    kernel()
    generator = torch.Generator("cpu").manual_seed(3300)
    inputs = {path: torch.randn(shape, generator=generator) for path, shape in INPUTS.items()}
    tensors = {f"input.{path}": value for path, value in inputs.items()}
    for name, (config, paths, options) in KINDS.items():
        unet, _ = written(base, config(target_modules=paths, **options), generator, out / f"{name}.safetensors")
        tensors |= {f"{name}.{path}": unet.get_submodule(path)(inputs[path]).contiguous() for path in paths}
    save_file(tensors, out / "peft-kinds-reference.safetensors")
    write_json(out / "peft-kinds-reference.json", {"kinds": list(KINDS), "versions": versions()})


if __name__ == "__main__":
    main()
