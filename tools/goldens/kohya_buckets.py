"""Aspect ratio buckets of kohya's sd-scripts: the buckets of a training, and the bucket and size of images in it.

The two modules of sd-scripts import much that this script does not need, so the class and the function are taken out of
their sources.
"""
import argparse
import ast
import json
import logging
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Tuple

import numpy as np

SETTINGS = [
    # side, shortest and longest side of buckets, step, without enlarging
    (512, 256, 1024, 64, False),
    (512, 256, 1024, 64, True),
    (768, 320, 1088, 64, False),
    (1024, 256, 2048, 64, False),
    (1024, 256, 1024, 64, False),
    (1024, 512, 2048, 32, False),
    (1024, 512, 2048, 32, True),
    (640, 250, 1000, 48, False),
]
IMAGES = [
    (512, 512), (1024, 1024), (3000, 2000), (2000, 3000), (4032, 3024), (3024, 4032), (1920, 1080), (1080, 1920),
    (640, 480), (480, 640), (300, 900), (900, 300), (4000, 500), (500, 4000), (513, 511), (777, 1333), (1333, 777),
    (832, 1216), (576, 448), (1100, 1000), (1999, 1501), (701, 702),
]


def definition(file, name, scope):
    tree = ast.parse(file.read_text("utf-8"))
    found = next(each for each in tree.body if getattr(each, "name", None) == name)
    exec(compile(ast.Module([found], []), str(file), "exec"), scope)
    return scope[name]


def method(file, owner, name, scope):
    tree = ast.parse(file.read_text("utf-8"))
    inside = next(each for each in tree.body if getattr(each, "name", None) == owner)
    found = next(each for each in inside.body if getattr(each, "name", None) == name)
    exec(compile(ast.Module([found], []), str(file), "exec"), scope)
    return scope[name]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--sd-scripts", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    library = args.sd_scripts / "library"
    scope = {"math": math, "np": np, "Tuple": Tuple, "logger": logging.getLogger()}
    resolutions = definition(library / "model_util.py", "make_bucket_resolutions", scope)
    scope["model_util"] = SimpleNamespace(make_bucket_resolutions=resolutions)
    manager = definition(library / "train_util.py", "BucketManager", scope)
    adjust = method(library / "train_util.py", "BaseDataset", "adjust_min_max_bucket_reso_by_steps", scope)
    cases = []
    for side, shortest, longest, step, no_upscale in SETTINGS:
        low, high = adjust(None, (side, side), shortest, longest, step)
        buckets = manager(no_upscale, (side, side), low, high, step)
        if not no_upscale:
            buckets.make_buckets()
        images = []
        for width, height in IMAGES:
            bucket, size, _ = buckets.select_bucket(width, height)
            images.append([width, height, *size, *bucket])
        cases.append({
            "side": side, "min": shortest, "max": longest, "step": step, "no_upscale": no_upscale,
            "buckets": [] if no_upscale else [list(each) for each in buckets.predefined_resos], "images": images,
        })
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(cases, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
