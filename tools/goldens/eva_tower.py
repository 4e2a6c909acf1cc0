"""A tiny EVA02-CLIP vision tower as PuLID uses it, and what the published PyTorch tower computes.

    pip install timm==1.0.31 einops==0.8.2 torchvision==0.25.0
    python eva_tower.py --pulid CHECKOUT --out FOLDER

`reference.json` has the configuration, the seed and the shapes of the weights; `reference.safetensors` the pixels that
went in, the pooled output and the five hidden states. The rotary tables are those that the tower computes.
"""
import argparse
from functools import partial
from pathlib import Path

import torch
from safetensors.torch import save_file

from clip_vocabulary import write_json
from published import COMMITS, module
from sd1_reference import versions
from seeded import seeded_tensors

# PuLID takes the input of the blocks 4, 8, 12, 16 and 20.
TINY = dict(img_size=42, patch_size=14, num_classes=24, embed_dim=128, depth=22, num_heads=2, mlp_ratio=2.6667)
SEED, PIXELS = 6100, 6101


def tower(published, **sizes):
    """The tower with the options that factory and configuration of EVA02-CLIP-L-14-336 give it."""
    return published.EVAVisionTransformer(
        **sizes, use_mean_pooling=False, init_values=None, patch_dropout=0.0, qkv_bias=True, drop_path_rate=0,
        norm_layer=partial(torch.nn.LayerNorm, eps=1e-6), xattn=True, rope=True, postnorm=False, pt_hw_seq_len=16,
        intp_freq=True, naiveswiglu=True, subln=True).eval()


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pulid", required=True, help="a checkout of ToTheBeginning/PuLID")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    published = module(args.pulid, "eva_clip.eva_vit_model")
    model = tower(published, **TINY)
    shapes = {name: list(value.shape) for name, value in model.state_dict().items() if "freqs_" not in name}
    missing, unexpected = model.load_state_dict(seeded_tensors(shapes, SEED), strict=False)
    assert not unexpected and all("freqs_" in name for name in missing)
    pixels = torch.randn(2, 3, 42, 42, generator=torch.Generator().manual_seed(PIXELS))
    pooled, hidden = model(pixels, return_all_features=False, return_hidden=True, shuffle=False)
    args.out.mkdir(parents=True, exist_ok=True)
    save_file({"pixels": pixels, "pooled": pooled} | {f"hidden.{i}": x.contiguous() for i, x in enumerate(hidden)},
              args.out / "reference.safetensors")
    write_json(args.out / "reference.json", {
        "commit": COMMITS["pulid"], "sizes": TINY, "seed": SEED, "tensors": shapes, "versions": versions()})


if __name__ == "__main__":
    main()
