"""Runs ComfyUI's samplers on the toy network of schedulers.py and writes what the network was called with.

Usage: python tools/goldens/schedulers_comfy.py SAMPLING_PY
SAMPLING_PY is comfy/k_diffusion/sampling.py of a ComfyUI checkout; the golden was made with the copy in calcuis/comfy,
commit 8c07c561 (of 2026-01-14), torch 2.10.0. Everything in float64.
Output: schedulers/src/test/resources/golden/kdiffusion/comfy.json.gz
"""

import importlib.util
import inspect
import sys
import types

import torch

import schedulers_kdiffusion as kd
from schedulers import UNIT, Noise, net, tensor

SHARE = 0.7  # the answer without guidance, as a share of the guided one
STEPS = (1, 2, 3, 10, 25)


def load(path):
    """ComfyUI's file alone, with stubs of what it takes from the rest: who asks for the unguided prediction is kept."""
    comfy, patcher, sampling = (types.ModuleType(n) for n in ("comfy", "comfy.model_patcher", "comfy.model_sampling"))
    patcher.set_model_options_post_cfg_function = lambda options, function, **kwargs: {**options, "told": function}
    sampling.CONST = type("CONST", (), {})
    comfy.model_patcher, comfy.model_sampling = patcher, sampling
    package, deis = types.ModuleType("comfy_alone"), types.ModuleType("comfy_alone.deis")
    package.__path__, package.deis = [], deis
    utils = types.ModuleType("comfy_alone.utils")
    utils.append_dims = lambda x, dims: x[(...,) + (None,) * (dims - x.ndim)]
    package.utils = utils
    sys.modules.update({"comfy": comfy, "comfy.model_patcher": patcher, "comfy.model_sampling": sampling,
                        "comfy_alone": package, "comfy_alone.utils": utils, "comfy_alone.deis": deis})
    spec = importlib.util.spec_from_file_location("comfy_alone.sampling", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Model:
    """The toy network as ComfyUI's samplers see one."""

    def __init__(self):
        self.calls = []
        self.inner_model = types.SimpleNamespace(inner_model=types.SimpleNamespace(
            model_sampling=types.SimpleNamespace(noise_scaling=lambda sigma, noise, x: x + sigma * noise)))

    def __call__(self, x, sigma, model_options=None, **kwargs):
        s = float(sigma.flatten()[0])
        self.calls.append([float(v) for v in x.flatten()])
        answer = net(x / (s * s + 1) ** 0.5, kd.told(s), 3)
        told = (model_options or {}).get("told")
        if told:
            told({"denoised": x - s * answer, "uncond_denoised": x - s * SHARE * answer})
        return x - s * answer


def run(sampling, name, ladder, steps, options):
    model, noise = Model(), Noise()
    sigmas = kd.LADDERS[ladder](steps, float(kd.TABLE[0]), float(kd.TABLE[-1]))
    more = dict(options)
    if "noise_sampler" in inspect.signature(getattr(sampling, name)).parameters:
        more["noise_sampler"] = lambda *a: noise(dtype=torch.float64)
    result = getattr(sampling, name)(model, tensor(UNIT, torch.float64) * float(sigmas[0]), sigmas, disable=True,
                                     **more)
    rows = model.calls + [[float(v) for v in result.flatten()]]
    return {"sampler": name, "options": options, "ladder": ladder, "steps": steps,
            "rows": [[float(f"{v:.12g}") for v in row] for row in rows]}


CASES = [(name, {}) for name in (
    "sample_heunpp2", "sample_lcm", "sample_euler_cfg_pp", "sample_dpmpp_2m_cfg_pp", "sample_euler_ancestral_cfg_pp")]
CASES += [("sample_euler_ancestral_cfg_pp", {"eta": 0.4, "s_noise": 0.9})]


def main():
    sampling = load(sys.argv[1])
    cases = [run(sampling, name, ladder, steps, options) for name,
             options in CASES for ladder in ("karras", "exponential")
             for steps in STEPS]
    kd.write("comfy.json.gz",
             {"k_diffusion": "as in ComfyUI, calcuis/comfy 8c07c561", "unguided": SHARE, "cases": cases})
    print(len(cases), "cases")


if __name__ == "__main__":
    main()
