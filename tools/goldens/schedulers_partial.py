"""Writes the timesteps that a base model and its refiner share, as the SDXL pipelines of diffusers split them.

Usage: python tools/goldens/schedulers_partial.py
Made with diffusers 0.42.1. The refiner's part is the image-to-image pipeline's own `get_timesteps`; the base keeps the
timesteps at or above the same cutoff. Output: schedulers/src/test/resources/golden/diffusers/partial.json.gz
"""

import gzip
import inspect
import json
import pathlib
import random
import sys
import types

from diffusers import StableDiffusionXLImg2ImgPipeline

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from schedulers import OUT, published  # noqa: E402

SD = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
CLASSES = ["DDIMScheduler", "DDPMScheduler", "DPMSolverMultistepScheduler", "DPMSolverSDEScheduler",
           "EulerAncestralDiscreteScheduler",
           "EulerDiscreteScheduler", "HeunDiscreteScheduler", "KDPM2AncestralDiscreteScheduler",
           "KDPM2DiscreteScheduler", "LMSDiscreteScheduler", "PNDMScheduler", "UniPCMultistepScheduler"]
RUNS = 14


def case(name, draw):
    options = inspect.signature(getattr(published, name).__init__).parameters
    config = {**SD, "skip_prk_steps": True} if "skip_prk_steps" in options else dict(SD)
    config["timestep_spacing"] = draw.choice(["leading", "linspace", "trailing"])
    config["steps_offset"] = draw.choice([0, 1])
    if "use_karras_sigmas" in options and draw.random() < 0.3:
        config["use_karras_sigmas"] = True
    steps, share = draw.choice([5, 10, 25, 30, 40]), draw.choice([0.8, 0.7, 0.5, 0.33])
    scheduler = getattr(published, name)(**config)
    scheduler.set_timesteps(steps)
    pipeline = types.SimpleNamespace(scheduler=scheduler)
    refiner, _ = StableDiffusionXLImg2ImgPipeline.get_timesteps(pipeline, steps, 0.3, "cpu", denoising_start=share)
    trained = scheduler.config.num_train_timesteps
    cutoff = int(round(trained - share * trained))
    return {"class": name, "config": config, "steps": steps, "share": share,
            "base": [float(t) for t in scheduler.timesteps if t >= cutoff], "refiner": [float(t) for t in refiner]}


def main():
    draw = random.Random(3)
    cases = [case(name, draw) for name in CLASSES for _ in range(RUNS)]
    text = json.dumps({"cases": cases}, separators=(",", ":"))
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "partial.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
    print(len(cases), "cases")


if __name__ == "__main__":
    main()
