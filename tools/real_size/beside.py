"""Generates with likeness, diffusers and, if it is installed, stable-diffusion.cpp, in turns. Prints the time and
memory of each, and the ratios. beside.sh lists the arguments."""
import argparse
import os
import sys
import tempfile
from pathlib import Path

import processes

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "measuring"))
import ratios  # noqa: E402

STEPS, GUIDANCE = os.environ.get("STEPS", "1"), os.environ.get("GUIDANCE", "7.5")


def programs(args, rest, out):
    """Name, command, phrases in its output, and environment of each."""
    dtype = {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}[args.dtype]
    size = str(args.size)
    yield "likeness", [processes.LIKENESS, "generate", "--base", args.base, "--prompt", "a photo",
                       "--steps", STEPS, "--guidance", GUIDANCE, "--width", size, "--height", size,
                       "--scheduler", "euler", "--dtype", args.dtype, "--out", out], processes.OURS, None
    yield ("diffusers", [sys.executable, str(HERE / "generate.py"), "--base", args.base, "--steps", STEPS,
                         "--guidance", GUIDANCE, "--size", size, "--dtype", dtype,
                         "--threads", os.environ["OMP_NUM_THREADS"], "--out", out + "/theirs.png", *rest],
           processes.OURS, processes.plain())
    if command := processes.cpp():
        base = processes.single(args.base, out)
        yield ("stable-diffusion.cpp", processes.cpp_command(command, base, size, STEPS, GUIDANCE, out + "/cpp.png"),
               processes.CPP, processes.plain())


FIGURES = {"launch to the first step, s": lambda r: r.launch, "whole, s": lambda r: r.seconds,
           "processor, s": lambda r: r.processor, "step, s": lambda r: r.step, "decoding, s": lambda r: r.decode,
           "peak, MiB": lambda r: r.peak / 1024, "of it anonymous, MiB": lambda r: r.anonymous / 1024}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base")
    parser.add_argument("dtype")
    parser.add_argument("size", type=int)
    parser.add_argument("pairs", type=int, nargs="?", default=2)
    parser.add_argument("--launch", action="store_true", help="only until the first step begins")
    args, rest = parser.parse_known_args()
    wanted = list(FIGURES.items())[: 1 if args.launch else None]
    runs = {}
    with tempfile.TemporaryDirectory() as out:
        commands = list(programs(args, rest, out))
        for _ in range(args.pairs):
            for name, command, marks, env in commands:
                made = processes.run(command, marks, env, until="sample" if args.launch else None)
                runs.setdefault(name, []).append(made)
                print(f"{name}: " + ", ".join(f"{figure} {of(made):.2f}" for figure, of in wanted), flush=True)
    for figure, of in wanted:
        print(ratios.line(figure, ratios.medians(runs, of)))


if __name__ == "__main__":
    main()
