"""What scripts that work on the tiny base pipeline are given."""
import argparse
from pathlib import Path

import torch


def base_and_out(description, threads=1):
    """The base's folder and that of the resources, which exists from now on; sums are of so many threads."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--base", required=True, type=Path,
                        help="the base folder that sd1.py wrote, or xl-base of sdxl.py")
    parser.add_argument("--out", required=True, type=Path, help="folder of test resources")
    args = parser.parse_args()
    torch.set_num_threads(threads)
    args.out.mkdir(parents=True, exist_ok=True)
    return args.base, args.out
