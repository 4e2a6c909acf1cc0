"""Generates one image from a folder or a single file with diffusers, to compare its time and memory with those of
`likeness generate`. Reports its progress in the same words."""
import argparse
from pathlib import Path

import torch
from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline, StableDiffusionXLPipeline


def opened(args):
    kind = StableDiffusionXLPipeline if args.xl else StableDiffusionPipeline
    dtype = getattr(torch, args.dtype)
    if args.base.is_dir():
        return kind.from_pretrained(args.base, torch_dtype=dtype, local_files_only=True)
    return kind.from_single_file(str(args.base), config=str(args.config), torch_dtype=dtype, local_files_only=True)


def say(line):
    print(line, flush=True)


def telling(pipe, steps):
    """Has the pipeline say when it begins to sample and to decode, and when it has."""
    def begin(*_):
        say(f"sample: {steps}")
        hook.remove()

    def step(_, i, time, kept):
        say(f"sample {i + 1}/{steps}")
        return kept

    hook = pipe.unet.register_forward_pre_hook(begin)
    decode = pipe.vae.decode

    def decoded(*args, **options):
        say("decode: 1")
        answer = decode(*args, **options)
        say("decode 1/1")
        return answer

    pipe.vae.decode = decoded
    return step


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--config", type=Path, help="folder that tells a single file's configuration")
    parser.add_argument("--xl", action="store_true")
    parser.add_argument("--channels-last", action="store_true", help="the faster way in bf16, in more memory")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--steps", type=int, default=1)
    parser.add_argument("--guidance", type=float, default=7.5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    pipe = opened(args)
    pipe.set_progress_bar_config(disable=True)
    pipe.scheduler = EulerDiscreteScheduler.from_config(pipe.scheduler.config)
    if args.channels_last:
        pipe.unet.to(memory_format=torch.channels_last)
        pipe.vae.to(memory_format=torch.channels_last)
    pipe("a photo", num_inference_steps=args.steps, guidance_scale=args.guidance, width=args.size, height=args.size,
         generator=torch.Generator().manual_seed(0),
         callback_on_step_end=telling(pipe, args.steps)).images[0].save(args.out)


if __name__ == "__main__":
    main()
