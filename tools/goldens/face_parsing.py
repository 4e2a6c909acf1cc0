"""A narrow BiSeNet of facexlib, and what PyTorch, onnxruntime and PuLID's step before its vision tower compute with it.

    pip install onnx==1.23.2 onnxruntime==1.32.0 torchvision==0.25.0
    python face_parsing.py --facexlib CHECKOUT --pulid CHECKOUT --out FOLDER

The published class fixes its widths, so layers of 64 channels or more are built with a sixteenth of them.
`reference.json` has the seed and the shapes of the weights, `bisenet.onnx` the same network. `reference.safetensors`
has a face of bytes, every fourth row and column of the logits of PyTorch (onnxruntime's are the same to 1e-3), and
PuLID's image of the face's features: after the background became white, and after it was resized.
"""
import argparse
import io
import textwrap
from pathlib import Path
from types import SimpleNamespace

import numpy
import onnxruntime
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision.transforms import InterpolationMode
from torchvision.transforms.functional import normalize, resize

from clip_vocabulary import write_json
from published import COMMITS, module
from sd1_reference import versions
from seeded import fill

SIDE, SMALL, SEED, PIXELS = 96, 56, 6200, 6201
NARROW = 16


def narrow(count):
    return count // NARROW if count >= 64 else count


class Conv2d(nn.Conv2d):
    def __init__(self, given, out, **options):
        super().__init__(narrow(given), narrow(out), **options)


class BatchNorm2d(nn.BatchNorm2d):
    def __init__(self, count):
        super().__init__(narrow(count))


class NarrowLayers:
    """torch.nn with narrow layers."""
    Conv2d, BatchNorm2d = Conv2d, BatchNorm2d

    def __getattr__(self, name):
        return getattr(nn, name)


def network(checkout):
    resnet = module(checkout, "facexlib.parsing.resnet")
    bisenet = module(checkout, "facexlib.parsing.bisenet")
    resnet.nn = bisenet.nn = NarrowLayers()
    return bisenet.BiSeNet(num_class=19)


def face():
    """Blocks of colours with noise, so that many labels occur."""
    generator = torch.Generator().manual_seed(PIXELS)
    blocks = torch.rand(1, 3, 8, 8, generator=generator)
    smooth = nn.functional.interpolate(blocks, (SIDE, SIDE), mode="bilinear")
    noisy = smooth + 0.1 * torch.randn(1, 3, SIDE, SIDE, generator=generator)
    return (noisy.clamp(0, 1) * 255).round().to(torch.uint8)


def features(checkout, face_parse, crop, side):
    """Runs the lines of PuLIDPipeline.get_id_embedding between the aligned face and the vision tower."""
    lines = Path(checkout, "pulid/pipeline_flux.py").read_text("utf-8").splitlines()
    first = next(i for i, line in enumerate(lines) if line.strip().startswith("parsing_out = self.face_helper"))
    last = next(i for i, line in enumerate(lines) if line.strip().startswith("face_features_image = resize("))
    grey = function_of_class(lines, "to_gray")
    pipeline = SimpleNamespace(
        face_helper=SimpleNamespace(face_parse=face_parse), clip_vision_model=SimpleNamespace(image_size=side),
        debug_img_list=[], to_gray=lambda image: grey(None, image))
    names = {"self": pipeline, "input": crop / 255.0, "torch": torch, "normalize": normalize, "resize": resize,
             "InterpolationMode": InterpolationMode, "tensor2img": lambda image, **options: image}
    exec(textwrap.dedent("\n".join(lines[first:last + 1])), names)
    return names["parsing_out"], names["self"].debug_img_list[-1], names["face_features_image"]


def function_of_class(lines, name):
    first = next(i for i, line in enumerate(lines) if line.startswith(f"    def {name}("))
    last = next(i for i in range(first + 1, len(lines)) if lines[i].startswith("    ") and lines[i][4:5].strip())
    names = {}
    exec(textwrap.dedent("\n".join(lines[first:last])).replace("@torch.no_grad()", ""), names)
    return names[name]


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facexlib", required=True, help="a checkout of xinntao/facexlib")
    parser.add_argument("--pulid", required=True, help="a checkout of ToTheBeginning/PuLID")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    model = network(args.facexlib)
    shapes = fill(model, SEED)
    args.out.mkdir(parents=True, exist_ok=True)
    crop = face()
    prepared = normalize(crop / 255.0, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    logits = model(prepared)[0]
    buffer = io.BytesIO()
    torch.onnx.export(model, prepared, buffer, input_names=["input"], output_names=["out", "out16", "out32"],
                      opset_version=11, dynamo=False)
    args.out.joinpath("bisenet.onnx").write_bytes(buffer.getvalue())
    session = onnxruntime.InferenceSession(buffer.getvalue(), providers=["CPUExecutionProvider"])
    run = session.run(["out"], {"input": prepared.numpy()})[0]
    assert numpy.abs(run - logits.numpy()).max() < 1e-3
    labels, white, small = features(args.pulid, model, crop, SMALL)
    found = labels.unique().tolist()
    assert len(found) >= 6 and 0.05 < (white == 1).float().mean() < 0.95, found
    save_file({"face": crop, "logits": logits[:, :, ::4, ::4].contiguous(),
               "labels": labels.to(torch.uint8), "white": white[:, :1].contiguous(),
               "small": small[:, :1].contiguous()},
              args.out / "reference.safetensors")
    write_json(args.out / "reference.json", {
        "commits": {name: COMMITS[name] for name in ("facexlib", "pulid")}, "labels": found, "seed": SEED,
        "tensors": shapes, "versions": versions()})


if __name__ == "__main__":
    main()
