"""Runs diffusers' schedulers with random options, beyond the chosen ones of schedulers_cases.py.

Usage: python tools/goldens/schedulers_random.py [SEED [RUNS_PER_CLASS]]
Every option of a class may take any of the values of POOL, alone or with others; the step count, the strength, eta and
the caller's own timesteps and sigmas vary too. What diffusers refuses, or where it becomes NaN, is recorded as such.
Output, from seed 1 with 16 runs for each class unless others are given:
schedulers/src/test/resources/golden/diffusers/random.json.gz
"""

import gzip
import inspect
import json
import pathlib
import random
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from diffusers import schedulers as published  # noqa: E402
from schedulers import OUT, attempt, gap, in_double, rounded  # noqa: E402
from schedulers_cases import CASES  # noqa: E402

STEPS = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 20, 23, 25, 28, 30, 33, 40, 50, 60]
POOL = {
    "beta_schedule": ["linear", "scaled_linear", "scaled_linear", "squaredcos_cap_v2"],
    "num_train_timesteps": [1000, 1000, 1000, 100, 500, 250],
    "prediction_type": ["epsilon", "sample", "v_prediction"],
    "timestep_spacing": ["linspace", "leading", "trailing"],
    "steps_offset": [0, 1, 1, 2],
    "solver_order": [1, 2, 3],
    "predictor_order": [1, 2, 3, 4],
    "corrector_order": [1, 2, 3, 4],
    "final_sigmas_type": ["zero", "sigma_min"],
    "clip_sample_range": [0.5, 1.0, 1.7],
    "dynamic_thresholding_ratio": [0.5, 0.7, 0.995],
    "sample_max_value": [1.0, 1.5, 3.0],
    "lambda_min_clipped": [-5.1, -1.0],
    "sigma_schedule": ["karras", "exponential"],
    "sigma_data": [0.5, 1.0],
    "rho": [5.0, 7.0],
    "shift": [1.0, 3.0, 0.7],
    "flow_shift": [1.0, 3.0],
    "shift_terminal": [0.02, 0.1],
    "time_shift_type": ["exponential", "linear"],
    "interpolation_type": ["linear", "log_linear"],
    "timestep_type": ["discrete", "continuous"],
    "timestep_scaling": [10.0, 5.0],
    "original_inference_steps": [50, 100, 20],
    "snr_shift_scale": [1.0, 3.0],
    "scaler": [1.0, 2.0],
    "eta": [0.0, 0.3, 1.0],
    "s_noise": [1.0, 0.9],
    "disable_corrector": [[], [0], [0, 2, 3]],
    "beta_start": [0.00085, 0.0001],
    "beta_end": [0.012, 0.02],
}
OWN = {
    ("DDPMScheduler", "beta_schedule"): ["linear", "scaled_linear", "squaredcos_cap_v2", "laplace", "sigmoid"],
    ("HeunDiscreteScheduler", "beta_schedule"): ["linear", "scaled_linear", "squaredcos_cap_v2", "exp"],
    ("DDPMScheduler", "variance_type"): ["fixed_small", "fixed_small_log", "fixed_large", "learned", "learned_range"],
    ("DDPMParallelScheduler", "variance_type"): ["fixed_small", "fixed_small_log", "fixed_large", "learned_range"],
    ("UnCLIPScheduler", "variance_type"): ["fixed_small_log", "learned_range"],
    ("DPMSolverMultistepScheduler", "variance_type"): [None, "learned", "learned_range"],
    ("DPMSolverSinglestepScheduler", "variance_type"): [None, "learned_range"],
    ("DPMSolverMultistepInverseScheduler", "variance_type"): [None, "learned_range"],
    ("SASolverScheduler", "variance_type"): [None, "learned_range"],
    ("DPMSolverMultistepScheduler", "algorithm_type"): ["dpmsolver++", "sde-dpmsolver++", "dpmsolver", "sde-dpmsolver"],
    ("DPMSolverMultistepInverseScheduler", "algorithm_type"): ["dpmsolver++", "dpmsolver"],
    ("DPMSolverSinglestepScheduler", "algorithm_type"): ["dpmsolver++", "dpmsolver", "sde-dpmsolver++"],
    ("EDMDPMSolverMultistepScheduler", "algorithm_type"): ["dpmsolver++", "sde-dpmsolver++"],
    ("SASolverScheduler", "algorithm_type"): ["data_prediction", "noise_prediction"],
    ("UniPCMultistepScheduler", "solver_type"): ["bh1", "bh2"],
    ("DEISMultistepScheduler", "solver_type"): ["logrho"],
    ("CMStochasticIterativeScheduler", "num_train_timesteps"): [40, 18, 151],
    ("ConsistencyDecoderScheduler", "num_train_timesteps"): [1024],
    ("DDPMWuerstchenScheduler", "s"): [0.008, 0.02],
    ("FlowMatchEulerDiscreteScheduler", "invert_sigmas"): [False, False, True],
    ("FlowMatchLCMScheduler", "invert_sigmas"): [],
    ("MiniMaxH3Scheduler", "shift"): [1.0, 3.0, 12.0],
    ("UniPCMultistepScheduler", "shift_terminal"): [],
    ("CosineDPMSolverMultistepScheduler", "solver_order"): [1, 2],
    ("SCMScheduler", "prediction_type"): [],
    ("UnCLIPScheduler", "beta_schedule"): [],
    ("UnCLIPScheduler", "prediction_type"): ["epsilon", "sample"],
    ("PNDMScheduler", "prediction_type"): ["epsilon", "v_prediction"],
}
MIDPOINT_OR_HEUN = ["midpoint", "heun"]
EXPLODING = {"EulerDiscreteScheduler", "EulerAncestralDiscreteScheduler"}
NOT_BEGUN_INSIDE = {"LMSDiscreteScheduler", "PNDMScheduler", "SASolverScheduler"}  # see docs/reference/schedulers.md
FIXED = {"SCMScheduler", "ConsistencyDecoderScheduler", "MiniMaxH3Scheduler"}
OWN_TIMESTEPS = FIXED | {"DDPMWuerstchenScheduler", "CMStochasticIterativeScheduler", "LTXEulerAncestralRFScheduler"}
WITHOUT_SAMPLE = {"CosineDPMSolverMultistepScheduler", "EDMEulerScheduler", "EDMDPMSolverMultistepScheduler",
                  "EulerAncestralDiscreteScheduler", "KDPM2DiscreteScheduler", "KDPM2AncestralDiscreteScheduler",
                  "DPMSolverSDEScheduler"}
NOT_DRAWN = {"trained_betas", "sigma_min", "sigma_max", "noise_sampler_seed", "solver_p", "tau_func",
             "scale_factors", "upscale_mode", "base_shift", "max_shift", "base_image_seq_len", "max_image_seq_len"}
LADDERS = ["use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas", "use_flow_sigmas"]


def values(name, option, default):
    if (name, option) in OWN:
        return OWN[name, option]
    if option == "prediction_type" and name in WITHOUT_SAMPLE:
        return ["epsilon", "v_prediction"]
    if option == "solver_type":
        return MIDPOINT_OR_HEUN
    if isinstance(default, bool):
        return [False, True]
    return POOL.get(option, [])


def config(name, draw):
    chosen = {}
    for option, parameter in inspect.signature(getattr(published, name).__init__).parameters.items():
        known = [] if option in NOT_DRAWN or option in LADDERS else values(name, option, parameter.default)
        if known and draw.random() < 0.45:
            chosen[option] = draw.choice(known)
    options = inspect.signature(getattr(published, name).__init__).parameters
    ladders = [o for o in LADDERS if o in options]
    if ladders and draw.random() < 0.5:
        chosen[draw.choice(ladders)] = True
    if chosen.get("algorithm_type") in ("dpmsolver", "sde-dpmsolver") and "final_sigmas_type" in options:
        chosen["final_sigmas_type"] = "sigma_min"
    if chosen.get("use_flow_sigmas") and draw.random() < 0.9:
        chosen["prediction_type"] = "flow_prediction"
    if "sigma_min" in options and options["sigma_min"].default is None and draw.random() < 0.2:
        chosen.update(sigma_min=0.05, sigma_max=10.0)
    if "trained_betas" in options and draw.random() < 0.08:
        chosen.update(trained_betas=[0.002 + 0.0003 * i for i in range(100)], num_train_timesteps=100)
    return chosen


def case(name, draw):
    made = {"class": name, "config": config(name, draw), "steps": draw.choice(STEPS)}
    settings = made["config"]
    setting = inspect.signature(getattr(published, name).set_timesteps).parameters
    if settings.get("variance_type") in ("learned", "learned_range"):
        made["learned"] = True
    if "mu" in setting and (settings.get("use_dynamic_shifting") or settings.get("use_flow_sigmas")
                            and draw.random() < 0.3):
        made["with"] = {"mu": draw.choice([0.5, 0.8, 1.15])}
    if name in ("DDIMScheduler", "DDIMParallelScheduler", "TCDScheduler",
                "CogVideoXDDIMScheduler") and draw.random() < 0.4:
        made["step"] = {"eta": draw.choice([0.2, 0.5, 1.0])}
    if name == "CogVideoXDPMScheduler":
        made["as"] = "cogvideo"
    if name == "DDPMWuerstchenScheduler":
        made.update({"as": "wuerstchen", "without_last": True})
    if name == "UnCLIPScheduler":
        made.update({"previous": True, "steps": max(2, made["steps"])})
    if settings.get("rescale_betas_zero_snr") and name not in EXPLODING:  # noise alone says nothing of the image
        settings["prediction_type"] = "v_prediction"
    if name == "SCMScheduler":
        made.update({"without_last": True} if made["steps"] == 2
                    else {"without_last": True, "with": {"intermediate_timesteps": None}})
    if name == "ConsistencyDecoderScheduler":
        made["steps"] = 2
    if name == "DPMSolverSDEScheduler" or name == "CosineDPMSolverMultistepScheduler":
        made["steps"] = min(made["steps"], 30)
    if settings.get("invert_sigmas"):  # only Euler's method without an image, see docs/reference/schedulers.md
        settings["stochastic_sampling"] = False
    own = draw.random()
    trained = settings.get("num_train_timesteps", 1000)
    if "timesteps" in setting and own < 0.12 and name not in OWN_TIMESTEPS:
        made["steps"] = min(made["steps"], 12)
        made["set"] = {"timesteps": sorted(draw.sample(range(1, trained), made["steps"]), reverse=True),
                       **made.pop("with", {})}
    elif "sigmas" in setting and own < 0.25 and "FlowM" in name:
        made["steps"] = min(made["steps"], 12)
        made["set"] = {"sigmas": [1.0] + sorted((round(draw.uniform(0.05, 0.98), 3) for _ in range(made["steps"] - 1)),
                                                reverse=True)}
        made["set"].update(made.pop("with", {}))
    elif hasattr(getattr(published, name), "add_noise") or hasattr(getattr(published, name), "scale_noise"):
        strength = draw.choice([0.15, 0.3, 0.5, 0.6, 0.75, 0.9])
        if (draw.random() < 0.3 and name not in NOT_BEGUN_INSIDE and not settings.get("invert_sigmas")
                and not made.get("as") and int(made["steps"] * strength) > 0):
            made["strength"] = strength
    return made


def unusable(result, made):
    """What makes a finished run of the reference no run to follow; docs/reference/schedulers.md has the list."""
    if not result["timesteps"]:
        return "no steps"
    if made["class"] == "DPMSolverMultistepInverseScheduler" and len(result["timesteps"]) < made["steps"]:
        return "repeated timesteps, taken out of step with their sigmas"
    if any(t < 0 and t == int(t) for t in result["timesteps"]):
        return "a timestep below 0"
    return "" if all(len(row) == 3 for row in result["rows"]) else "the sample changes its shape"


def recorded(made, single, double):
    f32 = attempt(single, made, made["steps"], torch.float32)
    f64 = attempt(double, made, made["steps"], torch.float64)
    why = f64 if isinstance(f64, str) else f32 if isinstance(f32, str) else unusable(f64, made)
    if why:
        return {**made, "refused": why[:200]}
    entry = {**made, "f64": rounded(f64, 12)}
    if gap(f32, f64) > 1e-4:
        entry["gap"] = gap(f32, f64)
    return entry


def main():
    seed, count = (int(v) for v in (sys.argv[1:] + ["1", "16"][len(sys.argv) - 1:]))
    # KarrasVeScheduler, deprecated, has another step than the others and no options beyond its numbers.
    names = sorted(name for name in CASES if name.endswith("Scheduler") and "KarrasVe" not in name)
    cases = []
    for name in names:
        draw = random.Random(f"{seed} {name}")
        single = getattr(published, name)
        double = in_double(single)
        cases += [recorded(case(name, draw), single, double) for _ in range(count)]
        mine = cases[-count:]
        print(name, sum("refused" in c for c in mine), "refused,", sum("gap" in c for c in mine), "coarse")
    text = json.dumps({"seed": seed, "cases": cases}, separators=(",", ":"), default=str)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "random.json.gz").write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    main()
