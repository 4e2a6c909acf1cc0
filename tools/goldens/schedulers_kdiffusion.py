"""Runs k-diffusion's samplers on the toy network of schedulers.py and writes what the network was called with.

Usage: python tools/goldens/schedulers_kdiffusion.py
Made with k-diffusion 0.1.1.post1 (its sampling.py alone, with a stub of its utils), torch 2.10.0. Everything in float64.
Output: schedulers/src/test/resources/golden/kdiffusion/samplers.json.gz and ladders.json.gz
"""

import gzip
import importlib.metadata
import importlib.util
import json
import pathlib
import sys
import types

import numpy as np
import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from schedulers import UNIT, Brownian, Noise, net, tensor  # noqa: E402

torch.set_default_dtype(torch.float64)
OUT = pathlib.Path(__file__).parents[2] / "schedulers/src/test/resources/golden/kdiffusion"


def load_sampling():
    path = pathlib.Path(importlib.util.find_spec("diffusers").origin).parents[1] / "k_diffusion/sampling.py"
    package = types.ModuleType("k_diffusion_alone")
    package.__path__ = []
    utils = types.ModuleType("k_diffusion_alone.utils")
    utils.append_dims = lambda x, dims: x[(...,) + (None,) * (dims - x.ndim)]
    package.utils = utils
    sys.modules.update({"k_diffusion_alone": package, "k_diffusion_alone.utils": utils})
    spec = importlib.util.spec_from_file_location("k_diffusion_alone.sampling", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SAMPLING = load_sampling()
BETAS = np.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
BAR = np.cumprod(1 - BETAS)
TABLE = np.sqrt((1 - BAR) / BAR)


def told(sigma):
    """k-diffusion's sigma_to_t: straight in log sigma."""
    logs = np.log(TABLE)
    low = min(max(int(np.searchsorted(logs, np.log(sigma), side="right")) - 1, 0), 998)
    share = np.clip((logs[low] - np.log(sigma)) / (logs[low] - logs[low + 1]), 0, 1)
    return (1 - share) * low + share * (low + 1)


def denoiser(calls):
    def model(x, sigma, **kwargs):
        s = float(sigma.flatten()[0])
        calls.append([float(v) for v in x.flatten()])
        return x - s * net(x / (s * s + 1) ** 0.5, told(s), 3)

    return model


KARRAS = {n: SAMPLING.get_sigmas_karras(n, float(TABLE[0]), float(TABLE[-1])) for n in (1, 2, 4, 10, 25)}
BROWNIAN = ("sample_dpmpp_sde", "sample_dpmpp_2m_sde", "sample_dpmpp_3m_sde")
NOISY = BROWNIAN + ("sample_euler_ancestral", "sample_dpm_2_ancestral", "sample_dpmpp_2s_ancestral")


def run(name, options, steps):
    calls, noise = [], Noise()
    x = tensor(UNIT, torch.float64) * float(TABLE[-1])
    more = dict(options)
    if name in NOISY:
        more["noise_sampler"] = Brownian(noise) if name in BROWNIAN else lambda *a: noise(dtype=torch.float64)
    SAMPLING.torch = types.SimpleNamespace(**{k: getattr(torch, k) for k in dir(torch) if not k.startswith("__")})
    # The churning samplers draw before every step and use the draw only between s_tmin and s_tmax; only those count.
    churned = iter([options.get("s_tmin", 0) <= float(s) <= options.get("s_tmax", 0) for s in KARRAS[steps]])
    SAMPLING.torch.randn_like = lambda x: noise(dtype=torch.float64) if next(churned) else torch.zeros_like(x)
    if name == "sample_dpm_fast":
        result = SAMPLING.sample_dpm_fast(denoiser(calls), x, float(TABLE[0]), float(TABLE[-1]), steps, disable=True, **more)
    else:
        result = getattr(SAMPLING, name)(denoiser(calls), x, KARRAS[steps], disable=True, **more)
    rows = calls + [[float(v) for v in result.flatten()]]
    return {"sampler": name, "options": options, "steps": steps, "rows": [[float(f"{v:.15g}") for v in r] for r in rows]}


CASES = [(name, {}) for name in (
    "sample_euler", "sample_heun", "sample_dpm_2", "sample_dpmpp_2m", "sample_dpm_fast", *NOISY)]
CASES += [("sample_lms", {"order": o}) for o in (1, 2, 3, 4)]
CASES += [(name, {"eta": eta, "s_noise": 0.9}) for name in NOISY for eta in (0.4, 0.0)]
CASES += [("sample_dpmpp_2m_sde", {"solver_type": "heun"})]
CASES += [(name, {"s_churn": 5.0, "s_tmin": 0.1, "s_tmax": 10.0, "s_noise": 1.01})
          for name in ("sample_euler", "sample_heun", "sample_dpm_2")]


def ladders():
    low, high = float(TABLE[0]), float(TABLE[-1])
    return {
        "karras": {n: SAMPLING.get_sigmas_karras(n, low, high).tolist() for n in (1, 2, 10, 25)},
        "exponential": {n: SAMPLING.get_sigmas_exponential(n, low, high).tolist() for n in (2, 10, 25)},
        "polyexponential": {n: SAMPLING.get_sigmas_polyexponential(n, low, high, rho=1.0).tolist() for n in (2, 10, 25)},
        "vp": {n: SAMPLING.get_sigmas_vp(n).tolist() for n in (1, 2, 10, 25)},
        "polyexponential_rho_2": {n: SAMPLING.get_sigmas_polyexponential(n, low, high, rho=2.0).tolist() for n in (2, 10)},
    }


def write(name, content):
    OUT.mkdir(parents=True, exist_ok=True)
    content = {"k_diffusion": importlib.metadata.version("k-diffusion"), "torch": torch.__version__, **content}
    (OUT / name).write_bytes(gzip.compress(json.dumps(content, separators=(",", ":")).encode(), mtime=0))


def main():
    # sample_dpmpp_2m_sde and sample_dpmpp_3m_sde fail on a ladder of one step: they read a variable that is not set yet.
    cases = [run(name, options, steps) for name, options in CASES for steps in (1, 2, 4, 10, 25)
             if steps > 1 or not name.endswith("m_sde")]
    write("samplers.json.gz", {"cases": cases})
    write("ladders.json.gz", {"ladders": ladders()})
    print(len(cases), "cases")


if __name__ == "__main__":
    main()
