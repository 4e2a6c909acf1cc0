"""Model folders for prove.sh, of the layout and the shapes of published models.

    python folders.py TOKENIZERS OUT full|tiny

`full` writes the shapes of Stable Diffusion 1.5, SDXL, FLUX.1 dev, FLUX.2 klein 4B and Z-Image as sparse files: their
values are zeros that take no disk, and the programs put random values on the GPU. `tiny` writes small shapes of the
same families twice: as sparse files in OUT/shapes, and with random values in f32 in OUT/values, so that two devices
compute the same. Both write OUT/shapes/flux-f8: FLUX.1 dev with the matrices of the transformer in f8. TOKENIZERS has
the small tokenizers of the project's tests in clip, t5 and qwen.
"""
import sys
from pathlib import Path

import torch
from diffusers import ControlNetModel, UNet2DConditionModel
from safetensors.torch import save_file

sys.path.append(str(Path(__file__).resolve().parents[1] / "measuring"))
import model_shapes  # noqa: E402


def hole(file, tensors):
    model_shapes.write(file, tensors, lambda tensor: torch.bfloat16)


def in_f8(file, tensors):
    matrices = torch.float8_e4m3fn if file.parent.name == "transformer" else torch.bfloat16
    model_shapes.write(file, tensors, lambda tensor: matrices if tensor.dim() == 2 else torch.bfloat16)


def filled(file, tensors):
    save_file(model_shapes.values(tensors), file, metadata={"format": "pt"})


def main():
    tokenizers, out, size = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    torch.manual_seed(1)
    for place, tiny, write in (("shapes", size == "tiny", hole), ("values", True, filled)):
        for name, (pipeline, scheduler, parts) in model_shapes.family(tiny).items():
            model_shapes.folder(out / place / name, tokenizers, pipeline, scheduler, parts, write)
            print(f"{place}/{name}: written", flush=True)
    pipeline, scheduler, parts = model_shapes.family(size == "tiny")["flux"]
    model_shapes.folder(out / "shapes/flux-f8", tokenizers, pipeline, scheduler, parts, in_f8)
    unet = UNet2DConditionModel.from_config(UNet2DConditionModel.load_config(out / "values/sd15/unet"))
    net = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=(8, 16))
    model_shapes.part(out / "values/controlnet", net, filled)


if __name__ == "__main__":
    main()
