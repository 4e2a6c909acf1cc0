"""Runs k-diffusion's samplers on the toy network of schedulers.py and writes what the network was called with.

Usage: python tools/goldens/schedulers_kdiffusion.py
Made with k-diffusion 0.1.1.post1 (its sampling.py alone, with a stub of its utils), torch 2.10.0. Everything in
float64. Output: schedulers/src/test/resources/golden/kdiffusion/samplers.json.gz and ladders.json.gz """

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
from places import resources  # noqa: E402
from schedulers import UNIT, Brownian, Noise, net, tensor  # noqa: E402

torch.set_default_dtype(torch.float64)
OUT = resources("schedulers") / "kdiffusion"


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


STEPS = (1, 2, 4, 10, 25, 50)
LADDERS = {
    "karras": SAMPLING.get_sigmas_karras,
    "exponential": SAMPLING.get_sigmas_exponential,
    "polyexponential": SAMPLING.get_sigmas_polyexponential,
    "vp": lambda n, low, high: SAMPLING.get_sigmas_vp(n),
}
BROWNIAN = ("sample_dpmpp_sde", "sample_dpmpp_2m_sde", "sample_dpmpp_3m_sde")
NOISY = BROWNIAN + ("sample_euler_ancestral", "sample_dpm_2_ancestral", "sample_dpmpp_2s_ancestral")


def churning(sigmas, options, noise):
    """The draws of the churning samplers, one before every step, of which only those between s_tmin and s_tmax are
    used.

    The draw before the first step is chosen so that it repeats the first sample: a plan begins with both at once.
    """
    least, most = options.get("s_tmin", 0.0), options.get("s_tmax", float("inf"))
    gamma = min(options.get("s_churn", 0.0) / (len(sigmas) - 1), 2**0.5 - 1)
    for i, sigma in enumerate(sigmas.tolist()):
        if gamma == 0 or not least <= sigma <= most:
            yield torch.zeros(1, 3, 1, 1)
        elif i == 0:
            up = sigma * ((gamma + 1) ** 2 - 1) ** 0.5 * options.get("s_noise", 1.0)
            yield tensor(UNIT, torch.float64) * ((sigma**2 + up**2) ** 0.5 - sigma) / up
        else:
            yield noise(dtype=torch.float64)


def run(name, options, ladder, steps):
    calls, noise = [], Noise()
    sigmas = LADDERS[ladder](steps, float(TABLE[0]), float(TABLE[-1]))
    x = tensor(UNIT, torch.float64) * float(TABLE[-1] if name == "sample_dpm_fast" else sigmas[0])
    more = dict(options)
    if name in NOISY:
        more["noise_sampler"] = Brownian(noise) if name in BROWNIAN else lambda *a: noise(dtype=torch.float64)
    SAMPLING.torch = types.SimpleNamespace(**{k: getattr(torch, k) for k in dir(torch) if not k.startswith("__")})
    draws = churning(sigmas, options, noise)
    SAMPLING.torch.randn_like = lambda x: next(draws)
    if name == "sample_dpm_fast":
        more["noise_sampler"] = lambda *a: noise(dtype=torch.float64)
        result = SAMPLING.sample_dpm_fast(denoiser(calls), x, float(TABLE[0]), float(TABLE[-1]), steps, disable=True,
                                          **more)
    else:
        result = getattr(SAMPLING, name)(denoiser(calls), x, sigmas, disable=True, **more)
    rows = calls + [[float(v) for v in result.flatten()]]
    return {"sampler": name, "options": options, "ladder": ladder, "steps": steps,
            "rows": [[float(f"{v:.12g}") for v in r] for r in rows]}


CASES = [(name, {}) for name in (
    "sample_euler", "sample_heun", "sample_dpm_2", "sample_dpmpp_2m", "sample_dpm_fast", *NOISY)]
CASES += [("sample_lms", {"order": o}) for o in (1, 2, 3, 4)]
CASES += [(name, {"eta": eta, "s_noise": 0.9}) for name in NOISY for eta in (0.4, 0.0)]
CASES += [("sample_dpmpp_2m_sde", {"solver_type": "heun"})]
CASES += [(name, {"s_churn": 5.0, "s_tmin": 0.1, "s_tmax": 10.0, "s_noise": 1.01})
          for name in ("sample_euler", "sample_heun", "sample_dpm_2")]
CASES += [(name, {"s_churn": 40.0, "s_noise": n}) for name in ("sample_euler", "sample_heun", "sample_dpm_2")
          for n in (1.0, 0.9)]
CASES += [("sample_dpm_fast", {"eta": eta, "s_noise": n}) for eta, n in ((1.0, 1.0), (0.5, 0.8))]


def ladders():
    low, high = float(TABLE[0]), float(TABLE[-1])
    return {
        "karras": {n: SAMPLING.get_sigmas_karras(n, low, high).tolist() for n in (1, 2, 10, 25)},
        "exponential": {n: SAMPLING.get_sigmas_exponential(n, low, high).tolist() for n in (2, 10, 25)},
        "polyexponential": {n: SAMPLING.get_sigmas_polyexponential(n, low, high, rho=1.0).tolist()
                            for n in (2, 10, 25)},
        "vp": {n: SAMPLING.get_sigmas_vp(n).tolist() for n in (1, 2, 10, 25)},
        "polyexponential_rho_2": {n: SAMPLING.get_sigmas_polyexponential(n, low, high, rho=2.0).tolist()
                                  for n in (2, 10)},
    }


def write(name, content):
    OUT.mkdir(parents=True, exist_ok=True)
    content = {"k_diffusion": importlib.metadata.version("k-diffusion"), "torch": torch.__version__, **content}
    (OUT / name).write_bytes(gzip.compress(json.dumps(content, separators=(",", ":")).encode(), mtime=0))


def main():
    # sample_dpmpp_2m_sde and sample_dpmpp_3m_sde fail on a ladder of one step: they read a variable that is not set
    # yet.
    cases = [run(name, options, "karras", steps) for name, options in CASES for steps in STEPS
             if steps > 1 or not name.endswith("m_sde")]
    cases += [run(name, options, ladder, steps) for name,
              options in CASES for ladder in LADDERS for steps in (2, 10, 25)
              if ladder != "karras" and name != "sample_dpm_fast"]
    write("samplers.json.gz", {"cases": cases})
    write("ladders.json.gz", {"ladders": ladders()})
    print(len(cases), "cases")


if __name__ == "__main__":
    main()
