"""Aligns faces with scikit-image's SimilarityTransform, as embedders' reference code does, and writes what it saw.

The picture is a ramp: red tells the column and green the row, two levels a pixel and clipped at both ends, so a warped
value says where it was sampled, to half a pixel even when it is rounded twice. Blue tells the picture from what is
outside it.
"""
import argparse
import json

import numpy as np
import skimage
from skimage.transform import SimilarityTransform, warp

TEMPLATE = np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655],
                     [70.7299, 92.2041]])
SIDE = 240
FIRST = 56
GRID = list(range(4, 112, 13))


def turned(degrees, scale, x, y, noise, seed):
    """Landmarks of nobody: the template turned, scaled, moved, and each point shaken by `noise` pixels."""
    a = np.deg2rad(degrees)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    points = (TEMPLATE - 56) @ turn.T * scale + [x, y]
    return points + np.random.default_rng(seed).normal(0, noise, points.shape)


def case(points):
    transform = SimilarityTransform.from_estimate(points, TEMPLATE)
    rows, columns = np.clip(2 * (np.mgrid[0:SIDE, 0:SIDE].astype(float) - FIRST), 0, 255)
    ramp = np.stack([columns, rows, np.full_like(rows, 255)], axis=-1)
    aligned = warp(ramp, transform.inverse, output_shape=(112, 112), order=1, preserve_range=True)
    seen = [[x, y, *(round(float(v), 4) for v in aligned[y, x])] for y in GRID for x in GRID]
    return {"landmarks": points.round(4).tolist(), "matrix": transform.params[:2].round(9).tolist(), "seen": seen}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    out = parser.parse_args().out
    cases = [turned(0, 1.1, 120, 118, 1.5, 1), turned(24, 0.8, 110, 130, 2, 2), turned(-38, 1.4, 125, 120, 2, 3),
             turned(7, 2.05, 120, 120, 1, 4), turned(-12, 1.2, 30, 200, 2, 5)]
    golden = {"scikit-image": skimage.__version__, "side": SIDE, "first": FIRST,
              "cases": [case(points.round(4)) for points in cases]}
    with open(out, "w") as file:
        json.dump(golden, file, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
