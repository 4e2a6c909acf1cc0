"""The keys and shapes of the published networks of identity methods, from their classes on the meta device.

    pip install timm==1.0.31 einops==0.8.2 torchvision==0.25.0
    python identity_keys.py --pulid CHECKOUT --facexlib CHECKOUT ... --out identity-keys.json
"""
import argparse
import contextlib
import io
import json
from pathlib import Path

import torch

from eva_tower import tower
from published import COMMITS, module

# EVA02-CLIP-L-14-336.json of PuLID.
EVA = dict(img_size=336, patch_size=14, num_classes=768, embed_dim=1024, depth=24, num_heads=16, mlp_ratio=2.6667)


def shapes(model):
    return {name: list(value.shape) for name, value in model.state_dict().items()}


def published(args):
    pulid = module(args.pulid, "pulid.encoders_transformer")
    yield "eva02-clip-l-14-336", tower(module(args.pulid, "eva_clip.eva_vit_model"), **EVA)
    yield "pulid-encoder", pulid.IDFormer()
    yield "pulid-ca", pulid.PerceiverAttentionCA()
    yield "bisenet", module(args.facexlib, "facexlib.parsing.bisenet").BiSeNet(num_class=19)
    yield "ir-se50", module(args.facexlib, "facexlib.recognition.arcface_arch").Backbone(
        num_layers=50, drop_ratio=0.6, mode="ir_se")
    yield "instantid-image-proj", module(args.instantid, "ip_adapter.resampler").Resampler(
        dim=1280, depth=4, dim_head=64, heads=20, num_queries=16, embedding_dim=512, output_dim=2048, ff_mult=4)
    yield "infiniteyou-image-proj", module(args.infiniteyou, "pipelines.resampler").Resampler(
        dim=1280, depth=4, dim_head=64, heads=20, num_queries=8, embedding_dim=512, output_dim=4096, ff_mult=4)
    yield "photomaker-v1", module(args.photomaker, "photomaker.model").PhotoMakerIDEncoder()
    yield "photomaker-v2", module(
        args.photomaker, "photomaker.model_v2").PhotoMakerIDEncoder_CLIPInsightfaceExtendtoken()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in COMMITS:
        parser.add_argument(f"--{name}", required=True, help=f"a checkout of {name}")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    # The constructor of the EVA tower calls item() on a tensor.
    tensors = torch.linspace
    torch.linspace = lambda *values, **options: tensors(*values, **options | {"device": "cpu"})
    with torch.device("meta"), contextlib.redirect_stdout(io.StringIO()):
        found = {name: shapes(model) for name, model in published(args)}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps({"commits": COMMITS} | found, separators=(",", ":"), sort_keys=True) + "\n", "utf-8")


if __name__ == "__main__":
    main()
