"""Runs diffusers' schedulers on a toy network and writes every step of every run.

Usage: python tools/goldens/schedulers.py [CLASS ...]
Made with diffusers 0.42.1, torch 2.10.0, numpy 1.26.4, scipy 1.17.1. No random numbers: network, images and noise are
formulas, so that any reader can repeat them (`net`, `noise`, `IMAGE`, `UNIT`).

Each case is run twice: as published, and with torch.float32 and np.float32 replaced by float64 in the class's module
and float64 as torch's default, which is kept ("f64"), and where the first is further from it than 1e-4, by how much
("gap"). Output: schedulers/src/test/resources/golden/diffusers/CLASS.json.gz """

import gzip
import importlib.util
import json
import math
import pathlib
import sys
import warnings

import numpy as np
import torch

import diffusers
from diffusers import schedulers as published
from diffusers.utils import logging

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from places import resources  # noqa: E402
from schedulers_cases import CASES, STEPS  # noqa: E402

warnings.simplefilter("ignore")
logging.set_verbosity_error()
OUT = resources("schedulers") / "diffusers"
UNIT = [0.7, -1.3, 0.4]
IMAGE = [0.9, -0.2, 0.5]


def net(x, t, channels):
    j = torch.arange(channels, dtype=x.dtype)
    flat = x.flatten()
    base = flat[torch.arange(channels) % 3]
    beside = flat[(torch.arange(channels) + 1) % 3]
    out = torch.tanh(0.6 * base + 0.3 * beside - 0.1) + 0.2 * torch.cos(0.003 * float(t) + j)
    return out.reshape(1, channels, 1, 1)


class Noise:
    """The k-th draw is 1.5 sin(1.7 k + 2.3 j + 0.5)."""

    def __init__(self):
        self.count = 0
        self.held = False

    def __call__(self, *args, dtype=None, **kwargs):
        j = torch.arange(3, dtype=torch.float64)
        drawn = 1.5 * torch.sin(1.7 * self.count + 2.3 * j + 0.5)
        self.count += 0 if self.held else 1
        return drawn.reshape(1, 3, 1, 1).to(dtype or torch.get_default_dtype())


class Brownian:
    """One Brownian path seen at falling sigmas: between known places it is continued, never bridged.

    A step from a to b is the path's change over the square root of a - b; each newly reached place takes one draw.
    """

    def __init__(self, noise):
        self.noise = noise
        self.known = {}

    def __call__(self, a, b):
        a, b = float(a), float(b)
        inside = [c for c in self.known if b <= c < a]
        place = min(inside) if inside else a
        moved = self.known[place] if inside else 0
        if place > b:
            moved = moved + math.sqrt(place - b) * self.noise(dtype=torch.float64)
        self.known = {b: moved} if not inside else {}
        return (moved / math.sqrt(a - b)).to(torch.get_default_dtype())


def in_double(cls):
    spec = importlib.util.find_spec(cls.__module__)
    source = pathlib.Path(spec.origin).read_text().replace("torch.float32",
                                                           "torch.float64").replace("np.float32", "np.float64")
    source = source.replace(".float()", ".double()")
    flow = ".scheduling_flow_match_euler_discrete"
    if f"from {flow} import" in source:
        in_double(published.FlowMatchEulerDiscreteScheduler)
        source = source.replace(f"from {flow} import", f"from {flow}_f64 import")
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader(cls.__module__ + "_f64", loader=None))
    module.__package__ = cls.__module__.rpartition(".")[0]
    module.__file__ = spec.origin
    sys.modules[module.__name__] = module
    exec(compile(source, spec.origin, "exec"), module.__dict__)
    return getattr(module, cls.__name__)


def tensor(values, dtype):
    return torch.tensor(values, dtype=dtype).reshape(1, 3, 1, 1)


def start(scheduler, case, timesteps, dtype):
    if case.get("strength", 1) < 1:
        if hasattr(scheduler, "scale_noise"):
            return scheduler.scale_noise(tensor(IMAGE, dtype), timesteps[:1], tensor(UNIT, dtype))
        return scheduler.add_noise(tensor(IMAGE, dtype), tensor(UNIT, dtype), timesteps[:1])
    return tensor(UNIT, dtype) * getattr(scheduler, "init_noise_sigma", 1.0)


def begun(scheduler, case, steps):
    scheduler.set_timesteps(**({"num_inference_steps": steps, **case.get("with", {})} if "set" not in case
                               else case["set"]))
    timesteps = scheduler.timesteps
    if case.get("strength", 1) < 1:
        order = getattr(scheduler, "order", 1)
        first = max(steps - min(int(steps * case["strength"]), steps), 0)
        if hasattr(scheduler, "set_begin_index"):
            scheduler.set_begin_index(first * order)
        timesteps = timesteps[first * order:]
    return timesteps


def run_karras_ve(scheduler, steps, dtype, noise):
    """Its pipeline's loop. The rows are what the network is given; only noise that is added counts as drawn."""
    scheduler.set_timesteps(steps)
    x, rows, told = tensor(UNIT, dtype) * scheduler.init_noise_sigma, [], []
    for t in scheduler.timesteps.tolist():
        sigma, sigma_prev = scheduler.schedule[t], scheduler.schedule[t - 1] if t > 0 else 0
        noise.held = not (scheduler.config.s_churn > 0 and scheduler.config.s_min <= sigma <= scheduler.config.s_max)
        x_hat, sigma_hat = scheduler.add_noise_to_input(x, sigma)
        rows.append(x_hat)
        told.append(float(sigma_hat))
        step = scheduler.step(net(x_hat, sigma_hat, 3).to(dtype), sigma_hat, sigma_prev, x_hat)
        x = step.prev_sample
        if sigma_prev != 0:
            rows.append(x)
            told.append(float(sigma_prev))
            x = scheduler.step_correct(net(x, sigma_prev, 3).to(dtype), sigma_hat, sigma_prev, x_hat, x,
                                       step.derivative).prev_sample
    return {"timesteps": told, "init": float(scheduler.init_noise_sigma), "draws": noise.count,
            "rows": [[float(v) for v in row.flatten()] for row in rows + [x]]}


def run(cls, case, steps, dtype):
    torch.set_default_dtype(dtype)
    module = sys.modules[cls.__module__]
    noise = Noise()
    if hasattr(module, "randn_tensor"):
        module.randn_tensor = noise
    if hasattr(module, "BrownianTreeNoiseSampler"):
        path = Brownian(noise)
        module.BrownianTreeNoiseSampler = lambda *a, **k: path
    scheduler = cls(**case.get("config", {}))
    if case.get("as") == "karras_ve":
        return run_karras_ve(scheduler, steps, dtype, noise)
    timesteps = begun(scheduler, case, steps)
    x = start(scheduler, case, timesteps, dtype)
    rows = [x]
    channels = 6 if case.get("learned") else 3
    if case.get("without_last"):
        timesteps = timesteps[:-1]
    old = None
    for i, t in enumerate(timesteps):
        if case.get("as") == "cogvideo":
            noise.count, noise.held = i, True
            x, old = scheduler.step(net(x, t, channels).to(dtype), old, t, timesteps[i - 1] if i > 0 else None, x)
            noise.count = i + 1
            rows.append(x)
            continue
        if case.get("as") == "wuerstchen":
            x = scheduler.step(net(x, t, channels).to(dtype), t[None], x).prev_sample
            rows.append(x)
            continue
        given = scheduler.scale_model_input(x, t) if hasattr(scheduler, "scale_model_input") else x
        more = dict(case.get("step", {}))
        if case.get("previous") and i + 1 < len(timesteps):
            more["prev_timestep"] = timesteps[i + 1]
        x = scheduler.step(net(given, t, channels).to(dtype), t, x, **more).prev_sample
        rows.append(x)
    return {
        "timesteps": [float(t) for t in timesteps],
        "init": float(getattr(scheduler, "init_noise_sigma", 1.0)),
        "draws": noise.count,
        "rows": [[float(v) for v in row.flatten()] for row in rows],
    }


def rounded(result, digits):
    def short(value):
        return float(f"{value:.{digits}g}")

    return {
        "timesteps": [short(t) for t in kept(result["timesteps"])],
        "init": short(result["init"]),
        "draws": result["draws"],
        "rows": [[short(v) for v in row] for row in kept(result["rows"])],
    }


def kept(rows):
    """Long runs keep only their ends."""
    return rows if len(rows) <= 110 else [rows[0], rows[-1]]


def finite(result):
    return all(math.isfinite(v) for row in result["rows"] for v in row)


def attempt(cls, case, steps, dtype):
    try:
        result = run(cls, case, steps, dtype)
        return result if finite(result) else "not finite"
    except Exception as e:  # the reference refuses in many ways; which one is recorded
        return f"{type(e).__name__}: {e}"


def gap(f32, f64):
    """How far single precision alone takes the reference from itself, relative to the largest value of each row."""
    return max(max(abs(a - b) for a, b in zip(x, y)) / max(1e-3, max(abs(b) for b in y))
               for x, y in zip(f32["rows"] + [f32["timesteps"]], f64["rows"] + [f64["timesteps"]]))


def golden(name):
    single = getattr(published, name)
    double = in_double(single)
    cases = []
    for case in CASES[name]:
        for steps in case.get("steps", STEPS):
            f32 = attempt(single, case, steps, torch.float32)
            f64 = attempt(double, case, steps, torch.float64)
            entry = {"steps": steps, **{k: v for k, v in case.items() if k != "steps"}}
            if isinstance(f32, str) or isinstance(f64, str):
                entry["refused"] = (f64 if isinstance(f64, str) else f32)[:200]
            else:
                entry["f64"] = rounded(f64, 12)
                if gap(f32, f64) > 1e-4:
                    entry["gap"] = gap(f32, f64)
            cases.append(entry)
    return cases


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or sorted(CASES):
        cases = golden(name)
        text = json.dumps({"class": name, "diffusers": diffusers.__version__, "torch": torch.__version__,
                           "numpy": np.__version__, "cases": cases}, separators=(",", ":"), default=str)
        (OUT / f"{name}.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
        refused = [c for c in cases if "refused" in c]
        print(name, len(cases), "cases,", len(refused), "refused", {c["refused"][:90] for c in refused})


if __name__ == "__main__":
    main()
