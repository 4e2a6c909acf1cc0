"""Faces aligned as the authors of identity methods do it, from five given landmarks.

    pip install opencv-python-headless==4.13.0.92 scikit-image==0.26.0 insightface==2.1
    python face_crops.py --facexlib CHECKOUT --out FOLDER

`norm_crop` is insightface's function, with the sides that InstantID, InfiniteYou and PuLID (112) and FaceID-Plus (224,
256) take. `ffhq` is `FaceRestoreHelper.align_warp_face` of facexlib with 512 pixels, as PuLID calls it.
`crops.json` has the landmarks and the matrices, `crops.safetensors` every seventh row and column of the crops, in RGB.
`photo.png` is the image.
"""
import argparse
import importlib.metadata
import importlib.util
import textwrap
import warnings
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import torch
from safetensors.torch import save_file

from clip_vocabulary import write_json
from published import COMMITS

WIDTH, HEIGHT, SEED = 260, 220, 6300
FFHQ = np.array([[192.98138, 239.94708], [318.90277, 240.1936], [256.63416, 314.01935], [201.26117, 371.41043],
                 [313.08905, 371.15118]])


def norm_crop():
    """insightface's module of alignment, without its package."""
    package = Path(importlib.util.find_spec("insightface").origin).parent
    spec = importlib.util.spec_from_file_location("face_align", package / "utils" / "face_align.py")
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def align_warp_face(checkout):
    """The method of FaceRestoreHelper as a function of a namespace."""
    lines = Path(checkout, "facexlib/utils/face_restoration_helper.py").read_text("utf-8").splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("    def align_warp_face("))
    last = next(i for i in range(first + 1, len(lines)) if lines[i].startswith("    def "))
    names = {"cv2": cv2}
    exec(textwrap.dedent("\n".join(lines[first:last])), names)
    return names["align_warp_face"]


def photo():
    """Waves and hard edges in RGB."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    waves = [128 + 100 * np.sin(x / (9 + 3 * c) + c) * np.cos(y / (7 + 2 * c)) for c in range(3)]
    pixels = np.stack(waves, -1)
    pixels[(x // 23 + y // 19) % 6 == 0] = [230, 40, 160]
    return pixels.clip(0, 255).astype(np.uint8)


def landmarks():
    """Faces of nobody: the template turned, scaled, moved and shaken; one has a point far off."""
    template, cases = (FFHQ - 256) / 512, []
    for i, (degrees, scale, x, y, noise, off) in enumerate([
            (0, 150, 130, 110, 0.5, 0), (21, 190, 120, 105, 2, 0), (-33, 120, 150, 90, 2, 0), (8, 260, 130, 120, 1, 0),
            (-14, 170, 20, 190, 2, 0), (12, 160, 135, 100, 1, 25), (-90, 130, 130, 110, 1, 0)]):
        a = np.deg2rad(degrees)
        turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
        points = template @ turn.T * scale + [x, y]
        points += np.random.default_rng(SEED + i).normal(0, noise, points.shape)
        points[3] += off
        # A detector gives f32.
        cases.append(points.astype(np.float32))
    return cases


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--facexlib", required=True, help="a checkout of xinntao/facexlib")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    args.out.mkdir(parents=True, exist_ok=True)
    face_align, warp = norm_crop(), align_warp_face(args.facexlib)
    bgr = cv2.cvtColor(photo(), cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(args.out / "photo.png"), bgr)
    cases, crops = [], {}
    for i, points in enumerate(landmarks()):
        case = {"landmarks": points.astype(float).tolist()}
        for side in (112, 224, 256):
            case[f"norm_crop.{side}"] = face_align.estimate_norm(points, side).tolist()
            crops[f"{i}.norm_crop.{side}"] = face_align.norm_crop(bgr, points, side)
        helper = SimpleNamespace(
            pad_blur=False, all_landmarks_5=[points.astype(np.float64)], face_template=FFHQ, face_size=(512, 512),
            affine_matrices=[], input_img=bgr, cropped_faces=[])
        warp(helper)
        case["ffhq"] = helper.affine_matrices[0].tolist()
        crops[f"{i}.ffhq"] = helper.cropped_faces[0]
        cases.append(case)
    save_file({name: torch.from_numpy(crop[::7, ::7, ::-1].copy()) for name, crop in crops.items()},
              args.out / "crops.safetensors")
    write_json(args.out / "crops.json", {
        "cases": cases, "commit": COMMITS["facexlib"],
        "versions": {name: importlib.metadata.version(name)
                     for name in ("insightface", "opencv-python-headless", "scikit-image")}})


if __name__ == "__main__":
    main()
