"""Tiny random IResNets of ArcFace's form as published files hold them, and the embeddings that onnxruntime computes.

    pip install onnx==1.23.2 onnxruntime==1.32.0
    python iresnet.py --out ../../identity-photos/src/test/resources/golden/iresnet

`separate.onnx` keeps every batch norm as a node; `folded.onnx` is what torch's exporter makes of the network, with
batch norms folded into convolutions and numbered initialisers, as in `glintr100.onnx`; `backbone.safetensors` has the
names of arcface_torch. `iresnet.json` has embeddings before normalisation of `randn` images of the seeds 1 and 2,
limited to -1..1.
`--full DEPTHS` writes a random network of the published width instead, such as `3,13,30,3` for IResNet-100.
"""
import argparse
import io
import json
from pathlib import Path

import numpy
import onnx
import onnxruntime
import torch
from safetensors.torch import save_file
from torch import nn

TINY = dict(widths=[8, 8, 12, 4], depths=[1, 2, 1, 1], size=24, stem=8)
SIDE, SEED, IMAGES = 112, 4711, [1, 2]


class Block(nn.Module):
    """Batch norm, convolution, batch norm, PReLU, convolution with the stride, batch norm; the shortcut is added."""

    def __init__(self, given, width, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(given)
        self.conv1 = nn.Conv2d(given, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.prelu = nn.PReLU(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(width)
        self.downsample = None
        if stride > 1:
            self.downsample = nn.Sequential(nn.Conv2d(given, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    def forward(self, x):
        y = self.bn3(self.conv2(self.prelu(self.bn2(self.conv1(self.bn1(x))))))
        return y + (x if self.downsample is None else self.downsample(x))


class IResNet(nn.Module):
    """Modules have the names of arcface_torch's backbones."""

    def __init__(self, widths, depths, size, stem):
        super().__init__()
        self.conv1 = nn.Conv2d(3, stem, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(stem)
        self.prelu = nn.PReLU(stem)
        given = stem
        for level, (width, depth) in enumerate(zip(widths, depths), 1):
            blocks = [Block(given if i == 0 else width, width, 2 if i == 0 else 1) for i in range(depth)]
            self.add_module(f"layer{level}", nn.Sequential(*blocks))
            given = width
        self.levels = len(widths)
        self.bn2 = nn.BatchNorm2d(given)
        self.dropout = nn.Dropout(0.4)
        self.fc = nn.Linear(given * (SIDE >> self.levels) ** 2, size)
        self.features = nn.BatchNorm1d(size)

    def forward(self, x):
        x = self.prelu(self.bn1(self.conv1(x)))
        for level in range(1, self.levels + 1):
            x = getattr(self, f"layer{level}")(x)
        return self.features(self.fc(torch.flatten(self.dropout(self.bn2(x)), 1)))


def random_network(**shape):
    torch.manual_seed(SEED)
    network = IResNet(**shape)
    with torch.no_grad():
        for module in network.modules():
            if isinstance(module, (nn.BatchNorm2d, nn.BatchNorm1d)):
                module.running_mean.normal_(0, 0.2)
                module.running_var.uniform_(0.5, 1.5)
                module.weight.uniform_(0.5, 1.5)
                module.bias.normal_(0, 0.2)
            elif isinstance(module, nn.PReLU):
                module.weight.uniform_(0.1, 0.4)
    return network.eval()


def exported(network, mode):
    buffer = io.BytesIO()
    torch.onnx.export(
        network, torch.zeros(1, 3, SIDE, SIDE), buffer, input_names=["input.1"], output_names=["embedding"],
        dynamic_axes={"input.1": {0: "batch"}, "embedding": {0: "batch"}}, opset_version=11, training=mode,
        dynamo=False)
    return buffer.getvalue()


def image(seed):
    return torch.randn(1, 3, SIDE, SIDE, generator=torch.Generator().manual_seed(seed)).clamp(-1, 1)


def embeddings(content):
    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return numpy.concatenate([session.run(None, {"input.1": image(seed).numpy()})[0] for seed in IMAGES])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--full", help="depths of the four levels of a network of the published width")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    shape = TINY if args.full is None else dict(
        widths=[64, 128, 256, 512], depths=[int(n) for n in args.full.split(",")], size=512, stem=64)
    network = random_network(**shape)
    folded = exported(network, torch.onnx.TrainingMode.EVAL)
    separate = exported(network, torch.onnx.TrainingMode.PRESERVE)
    counts = [sum(node.op_type == "BatchNormalization" for node in onnx.load_from_string(content).graph.node)
              for content in (separate, folded)]
    assert counts[0] > counts[1], counts
    expected = embeddings(separate)
    assert numpy.abs(embeddings(folded) - expected).max() < 1e-4
    args.out.joinpath("folded.onnx").write_bytes(folded)
    if args.full is None:
        args.out.joinpath("separate.onnx").write_bytes(separate)
    save_file(network.state_dict(), args.out / "backbone.safetensors")
    args.out.joinpath("iresnet.json").write_text(json.dumps({
        "versions": {"torch": torch.__version__, "onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__},
        "seed": SEED, "images": IMAGES, "embeddings": [[float(n) for n in row] for row in expected]}) + "\n", "utf-8")


if __name__ == "__main__":
    main()
