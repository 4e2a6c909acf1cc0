"""Images of five face keypoints as InstantID and InfiniteYou draw them for their ControlNets.

    pip install opencv-python-headless==4.13.0.92
    python face_keypoints.py --instantid CHECKOUT --infiniteyou CHECKOUT --out FOLDER

`keypoints.json` has the sizes and the keypoints; image i is `i.png`.
"""
import argparse
import importlib.metadata
import math
from pathlib import Path

import cv2
import numpy as np
import PIL.Image

from clip_vocabulary import write_json
from published import COMMITS, function

# Width, height, and the eyes, the nose and the corners of the mouth.
CASES = [
    (256, 192, [[100.4, 70.9], [150.2, 72.1], [126.7, 98.3], [106.6, 120.2], [146.1, 121.7]]),
    (160, 160, [[10.2, 20.7], [70.9, 5.1], [50.5, 60.5], [30.3, 95.8], [80.1, 80.2]]),
    (320, 256, [[160, 60], [161, 150], [110, 105], [80, 60.5], [79.5, 149.2]]),
    (128, 192, [[-20.6, 50], [40, -12.3], [64.9, 90.9], [150.5, 140.1], [30, 260.2]]),
    (96, 96, [[40, 40], [50, 40], [45, 45], [41, 50], [49, 50]]),
    (64, 64, [[32, 32], [32, 32], [32, 32], [32, 32], [32, 32]]),
    (400, 120, [[20.99, 20.01], [380.5, 99.5], [200.5, 60.49], [100, 110], [300, 10]]),
]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--instantid", required=True, help="a checkout of instantX-research/InstantID")
    parser.add_argument("--infiniteyou", required=True, help="a checkout of bytedance/InfiniteYou")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    names = dict(cv2=cv2, np=np, math=math)
    instantid = function(args.instantid, "pipeline_stable_diffusion_xl_instantid.py", "draw_kps", PIL=PIL, **names)
    infiniteyou = function(args.infiniteyou, "pipelines/pipeline_infu_flux.py", "draw_kps", Image=PIL.Image, **names)
    for i, (width, height, points) in enumerate(CASES):
        canvas = PIL.Image.new("RGB", (width, height))
        drawn = instantid(canvas, points)
        assert np.array_equal(np.array(drawn), np.array(infiniteyou(canvas, points)))
        drawn.save(args.out / f"{i}.png", optimize=True)
    write_json(args.out / "keypoints.json", {
        "cases": [{"width": width, "height": height, "points": points} for width, height, points in CASES],
        "commits": {name: COMMITS[name] for name in ("infiniteyou", "instantid")},
        "versions": {"opencv-python-headless": importlib.metadata.version("opencv-python-headless")}})


if __name__ == "__main__":
    main()
