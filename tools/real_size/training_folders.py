"""Diffusers folders on which lora.sh trains: SDXL, FLUX.2 klein base 4B and Z-Image with layers of the published width
but fewer of them, so that a training in f32 fits into 12 GiB. Random weights in bf16 that take their whole space on
disk. Values do not change time or memory. The text encoders are narrow: a training frees them after the captions.

    python training_folders.py OUT [tiny] [sdxl] [klein] [zimage]

OUT needs 6 GB for the three; `tiny` makes small networks of the same layout, to try the scripts.
"""
import gzip
import sys
from pathlib import Path

import identity_folders
from identity_folders import model_shapes  # its folder is on the path by then

GOLDEN = Path(__file__).resolve().parents[2] / "diffusion-core/src/test/resources/golden"
TOKENIZERS = dict(clip="sd1/tokenizers/sd1-today", qwen="qwen/today")
# Blocks of the published networks: 1, 2 and 10 in an attention of SDXL, 5 and 20 in klein, 30 and two of 2 in Z-Image.
FEWER = dict(sdxl=dict(transformer_layers_per_block=(1, 2, 2)), klein=dict(num_layers=1, num_single_layers=4),
             zimage=dict(n_layers=3, n_refiner_layers=1))
NETWORK = dict(sdxl="unet", klein="transformer", zimage="transformer")


def unpack(out):
    for kind, source in TOKENIZERS.items():
        (out / kind).mkdir(parents=True, exist_ok=True)
        for file in (GOLDEN / source).iterdir():
            content = file.read_bytes()
            packed = file.suffix == ".gz"
            name = file.stem if packed else file.name
            (out / kind / name).write_bytes(gzip.decompress(content) if packed else content)


def main():
    out, words = Path(sys.argv[1]), sys.argv[2:]
    tiny = "tiny" in words
    unpack(out / "tokenizers")
    if not tiny:
        model_shapes.QWEN.update(identity_folders.NARROW)
        for clip in (model_shapes.CLIP, model_shapes.BIGG):
            clip.update(num_hidden_layers=2)
    families = model_shapes.family(tiny)
    for name in [word for word in words if word in FEWER] or FEWER:
        pipeline, scheduler, parts = families[name]
        kind, options = parts[NETWORK[name]]
        if not tiny:
            parts[NETWORK[name]] = kind, options | FEWER[name]
        if not (out / name).exists():
            model_shapes.folder(out / name, out / "tokenizers", pipeline, scheduler, parts, identity_folders.write)
        print(f"{out / name}: written", flush=True)


if __name__ == "__main__":
    main()
