"""OFT as OneTrainer trains it (`OFTModule` of modules/module/LoRAModule.py, `OFTRotationModule` of oft_utils.py), on
single layers of the tiny base pipeline. Its scaled form divides the numbers by 2 * sqrt(block side - 1), and has a
marker beside them. A linear layer's input is multiplied by the matrices, and so is a convolution's weight."""
from math import sqrt

import torch
from diffusers import UNet2DConditionModel
from safetensors.torch import save_file

from arguments import base_and_out
from clip_vocabulary import write_json
from sd1_reference import versions

LINEAR = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
TEXT = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k"
CONV = "down_blocks.0.resnets.0.conv1"
POINT = "down_blocks.1.resnets.0.conv_shortcut"
INPUTS = {LINEAR: (1, 2, 64), TEXT: (1, 2, 32), CONV: (1, 32, 2, 2), POINT: (1, 32, 2, 2)}
# Per kind: the sides of the blocks of each layer, whether one block serves all, and the marker.
KINDS = {
    "onetrainer-oft": ({LINEAR: 16, CONV: 12, POINT: 4}, False, None),
    "onetrainer-oft-scaled": ({LINEAR: 32, TEXT: 4, CONV: 36, POINT: 16}, False, torch.tensor(True)),
    "onetrainer-oft-scaled-shared": ({TEXT: 8, CONV: 24}, True, torch.tensor(1.0, dtype=torch.bfloat16)),
}


def rotations(numbers, side):
    """The Cayley-Neumann series of five terms."""
    rows, columns = torch.triu_indices(side, side, 1)
    upper = torch.zeros(len(numbers), side, side)
    upper[:, rows, columns] = numbers
    q = upper - upper.mT
    return torch.eye(side) + 2 * q + 2 * q @ q + 2 * q @ q @ q + q @ q @ q @ q


def turned(columns, matrices):
    """The last dimension multiplied block by block; one matrix serves all."""
    blocks = columns.unflatten(-1, (-1, matrices.shape[-1]))
    count = blocks.shape[-2]
    return torch.einsum("...rk,rkc->...rc", blocks, matrices.expand(count, -1, -1)).flatten(-2)


def output(layer, x, matrices):
    if isinstance(layer, torch.nn.Linear):
        return layer(turned(x, matrices))
    weight = turned(layer.weight.flatten(1), matrices).view_as(layer.weight)
    return torch.nn.functional.conv2d(x, weight, layer.bias, layer.stride, layer.padding)


def name_of(path, kind):
    """Kohya's format for the plain form, diffusers' for the scaled one."""
    return "lora_unet_" + path.replace(".", "_") if kind == "onetrainer-oft" else "unet." + path


@torch.no_grad()
def main():
    base, out = base_and_out(__doc__)
    unet = UNet2DConditionModel.from_pretrained(base / "unet").eval()
    generator = torch.Generator("cpu").manual_seed(3500)
    inputs = {path: torch.randn(shape, generator=generator) for path, shape in INPUTS.items()}
    tensors = {f"input.{path}": value for path, value in inputs.items()}
    for kind, (sides, shared, marker) in KINDS.items():
        file = {}
        for path, side in sides.items():
            layer = unet.get_submodule(path)
            count = 1 if shared else layer.weight[0].numel() // side
            numbers = torch.randn((count, side * (side - 1) // 2), generator=generator)
            scale = 1 if marker is None else 2 * sqrt(side - 1)
            numbers *= 0.05 if marker is None else 0.3
            file[name_of(path, kind) + ".oft_R.weight"] = numbers
            if marker is not None:
                file[name_of(path, kind) + ".oft_R.scaled_oft"] = marker.clone()
            tensors[f"{kind}.{path}"] = output(layer, inputs[path], rotations(numbers / scale, side)).contiguous()
        save_file(file, out / f"{kind}.safetensors")
    save_file(tensors, out / "onetrainer-oft-reference.safetensors")
    write_json(out / "onetrainer-oft-reference.json", {"kinds": list(KINDS), "versions": versions()})


if __name__ == "__main__":
    main()
