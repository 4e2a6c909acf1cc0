"""Tiny random networks of identity methods, and what the published PyTorch modules compute with them.

    pip install einops==0.8.2
    python identity_networks.py --pulid CHECKOUT --instantid CHECKOUT ... --out FOLDER

`reference.json` has the seed and the shapes of each network's weights, and of its inputs, which are standard normal
numbers of the next seed in the order of their names; `reference.safetensors` has the outputs.
IDFormer fixes 1280 numbers for the face and 1024 for each hidden state, QFormerPerceiver heads of 128.
"""
import argparse
import contextlib
import io
from pathlib import Path

import torch
from safetensors.torch import save_file

from clip_vocabulary import write_json
from published import COMMITS, module
from sd1_reference import versions
from seeded import fill


def drawn(shapes, seed):
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(shapes[name], generator=generator) for name in sorted(shapes)}


def id_former(args):
    model = module(args.pulid, "pulid.encoders_transformer").IDFormer(
        dim=64, depth=10, dim_head=64, heads=2, num_id_token=3, num_queries=6, output_dim=40)
    hidden = {f"hidden.{i}": [1, 7, 1024] for i in range(5)}
    return model, {"face": [1, 1280]} | hidden, lambda x: {
        "tokens": model(x["face"], [x[name] for name in hidden]),
        "zeros": model(torch.zeros(1, 1280), [torch.zeros(1, 7, 1024)] * 5)}


def id_former_of_two(args):
    """Two photos: their embeddings are one batch item, their hidden states are given as one longer sequence."""
    model, shapes, _ = id_former(args)
    shapes = {"face": [1, 2, 1280]} | {f"hidden.{i}": [1, 14, 1024] for i in range(5)}
    return model, shapes, lambda x: {"tokens": model(x["face"], [x[f"hidden.{i}"] for i in range(5)])}


def id_attention(args):
    model = module(args.pulid, "pulid.encoders_transformer").PerceiverAttentionCA(
        dim=48, dim_head=16, heads=4, kv_dim=40)
    return model, {"id": [2, 6, 40], "image": [2, 9, 48]}, lambda x: {"added": model(x["id"], x["image"])}


def instantid(args):
    model = module(args.instantid, "ip_adapter.resampler").Resampler(
        dim=64, depth=4, dim_head=64, heads=2, num_queries=16, embedding_dim=512, output_dim=48, ff_mult=4)
    return model, {"face": [2, 1, 512]}, lambda x: {"tokens": model(x["face"]), "zeros": model(0 * x["face"][:1])}


def infiniteyou(args):
    model = module(args.infiniteyou, "pipelines.resampler").Resampler(
        dim=128, depth=4, dim_head=64, heads=3, num_queries=8, embedding_dim=512, output_dim=80, ff_mult=4)
    return model, {"face": [1, 1, 512]}, lambda x: {"tokens": model(x["face"])}


def fuse(args):
    model = module(args.photomaker, "photomaker.model").FuseModule(24)
    mask = torch.tensor([[False, False, True, True, True, False, False]])
    return model, {"prompt": [1, 7, 24], "ids": [1, 3, 1, 24]}, lambda x: {
        "fused": model(x["prompt"].clone(), x["ids"], mask)}


def face_perceiver(args):
    with contextlib.redirect_stdout(io.StringIO()):
        model = module(args.photomaker, "photomaker.model_v2").QFormerPerceiver(12, 256, 2, embedding_dim=40)
    return model, {"face": [3, 12], "image": [3, 10, 40]}, lambda x: {"tokens": model(x["face"], x["image"])}


NETWORKS = {"id-former": (id_former, 6400), "id-former-of-two": (id_former_of_two, 6402),
            "id-attention": (id_attention, 6404), "instantid": (instantid, 6406), "infiniteyou": (infiniteyou, 6408),
            "fuse": (fuse, 6410), "face-perceiver": (face_perceiver, 6412)}


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    names = ("pulid", "instantid", "infiniteyou", "photomaker")
    for name in names:
        parser.add_argument(f"--{name}", required=True, help=f"a checkout of {name}")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    record, tensors = {}, {}
    for name, (make, seed) in NETWORKS.items():
        model, inputs, run = make(args)
        record[name] = {"seed": seed, "tensors": fill(model, seed), "inputs": inputs}
        tensors |= {f"{name}.{key}": value.contiguous() for key, value in run(drawn(inputs, seed + 1)).items()}
    args.out.mkdir(parents=True, exist_ok=True)
    save_file(tensors, args.out / "reference.safetensors")
    write_json(args.out / "reference.json", {
        "commits": {name: COMMITS[name] for name in names}, "networks": record, "versions": versions()})


if __name__ == "__main__":
    main()
