"""One picture from a folder or a single file by diffusers, for its time and memory to stand beside those of
`likeness generate`."""
import argparse
import time
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline


def opened(args):
    kind = StableDiffusionXLPipeline if args.xl else StableDiffusionPipeline
    dtype = getattr(torch, args.dtype)
    if args.base.is_dir():
        return kind.from_pretrained(args.base, torch_dtype=dtype, local_files_only=True)
    return kind.from_single_file(str(args.base), config=str(args.config), torch_dtype=dtype, local_files_only=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--config", type=Path, help="folder that tells a single file's configuration")
    parser.add_argument("--xl", action="store_true")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--guidance", type=float, default=7.5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    began = time.time()
    pipe = opened(args)
    print(f"opened after {time.time() - began:.1f} s")
    picture = pipe("a photo", num_inference_steps=args.steps, guidance_scale=args.guidance, width=args.size,
                   height=args.size, generator=torch.Generator().manual_seed(0)).images[0]
    picture.save(args.out)
    print(f"drawn after {time.time() - began:.1f} s")
    status = Path("/proc/self/status").read_text().splitlines()
    print(next(line for line in status if line.startswith("VmHWM")))


if __name__ == "__main__":
    main()
