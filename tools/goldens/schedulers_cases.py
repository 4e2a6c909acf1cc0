"""The runs of tools/goldens/schedulers.py: for each class a list of cases, each run at STEPS steps unless it names its own.

A case: `config` (constructor options), `strength` (image-to-image), `step` (arguments of step), `learned` (the network
answers a variance too), `set` (arguments of set_timesteps instead of the step count), `steps`, `note`.
"""

STEPS = [1, 2, 4, 10, 25, 50]
FEW = [1, 2, 10]
SD = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
SPACINGS = ["linspace", "leading", "trailing"]


def sd(**options):
    return {"config": {**SD, **options}}


def few(**options):
    return {"config": {**SD, **options}, "steps": FEW}


def predictions(*names):
    return [few(prediction_type=name) for name in names]


def strengths(**options):
    return [{"config": {**SD, **options}, "strength": s, "steps": [4, 10, 25]} for s in (0.3, 0.6, 0.75)]


CLIPPING = [
    few(clip_sample=True, clip_sample_range=0.5),
    few(clip_sample=False, thresholding=True, dynamic_thresholding_ratio=0.7, sample_max_value=1.5),
]
RESPACED = [few(use_karras_sigmas=True), few(use_exponential_sigmas=True), few(use_beta_sigmas=True)]
ALL_STEPS_RESPACED = [sd(use_karras_sigmas=True)]
BETAS = [few(beta_schedule="linear", beta_start=0.0001, beta_end=0.02), few(beta_schedule="squaredcos_cap_v2")]

CASES = {
    "DDPMScheduler": (
        [{}]
        + [sd(timestep_spacing=s, clip_sample=False) for s in SPACINGS]
        + [few(clip_sample=False, prediction_type=p) for p in ("sample", "v_prediction")]
        + [few(clip_sample=False, beta_schedule=b) for b in ("linear", "squaredcos_cap_v2", "laplace", "sigmoid")]
        + [few(clip_sample=False, variance_type=v) for v in ("fixed_small_log", "fixed_large", "fixed_large_log")]
        + [{**few(clip_sample=False, variance_type="learned_range"), "learned": True}]
        + [few(clip_sample=False, steps_offset=1), few(clip_sample=False, num_train_timesteps=100)]
        + [few(clip_sample=False, rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing")]
        + [few(trained_betas=[0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6], num_train_timesteps=12,
               clip_sample=False)]
        + [{"config": {**SD, "clip_sample": False}, "set": {"timesteps": [900, 700, 300, 20]}, "steps": [4]}]
        + CLIPPING
        + strengths(clip_sample=False)
    ),
    "DDIMScheduler": (
        [{}]
        + [sd(timestep_spacing=s, clip_sample=False) for s in SPACINGS]
        + [few(clip_sample=False, prediction_type=p) for p in ("sample", "v_prediction")]
        + [{**few(clip_sample=False), "step": {"eta": eta}} for eta in (0.3, 1.0)]
        + [few(clip_sample=False, steps_offset=1, set_alpha_to_one=False), few(clip_sample=False, set_alpha_to_one=False)]
        + [few(clip_sample=False, rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing")]
        + [few(clip_sample=False, num_train_timesteps=100)]
        + [few(clip_sample=False, beta_schedule="squaredcos_cap_v2")]
        + CLIPPING
        + strengths(clip_sample=False, steps_offset=1, set_alpha_to_one=False)
    ),
    "PNDMScheduler": (
        [{"steps": [4, 10, 25, 50]}]
        + [sd(skip_prk_steps=True, timestep_spacing=s) for s in SPACINGS]
        + [sd(skip_prk_steps=True, steps_offset=1, set_alpha_to_one=False)]
        + [few(skip_prk_steps=True, prediction_type="v_prediction", set_alpha_to_one=True)]
        + [{"config": {**SD, "prediction_type": "v_prediction", "timestep_spacing": s}, "steps": [4, 10, 50]} for s in SPACINGS]
        + [few(skip_prk_steps=True, beta_schedule="squaredcos_cap_v2")]
        + strengths(skip_prk_steps=True, steps_offset=1, set_alpha_to_one=False)
    ),
    "EulerDiscreteScheduler": (
        [{}]
        + [sd(timestep_spacing=s) for s in SPACINGS]
        + predictions("sample", "v_prediction")
        + RESPACED + ALL_STEPS_RESPACED + BETAS
        + [few(use_karras_sigmas=True, sigma_min=0.05, sigma_max=10.0), few(interpolation_type="log_linear")]
        + [few(final_sigmas_type="sigma_min"), few(steps_offset=1, timestep_spacing="leading")]
        + [few(rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing")]
        + [few(timestep_type="continuous", prediction_type="v_prediction", use_karras_sigmas=True)]
        + [{"config": SD, "set": {"timesteps": [999, 700, 300, 20]}, "steps": [4]}]
        + [{"config": SD, "set": {"sigmas": [14.0, 5.0, 1.0, 0.2, 0.0]}, "steps": [4]}]
        + strengths(steps_offset=1, timestep_spacing="leading") + strengths(use_karras_sigmas=True)
    ),
    "EulerAncestralDiscreteScheduler": (
        [{}]
        + [sd(timestep_spacing=s) for s in SPACINGS]
        + predictions("v_prediction") + BETAS
        + [few(rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing")]
        + strengths()
    ),
    "DPMSolverMultistepScheduler": (
        [{}]
        + [sd(timestep_spacing=s) for s in SPACINGS]
        + [sd(solver_order=o, solver_type=t) for o in (1, 2, 3) for t in ("midpoint", "heun")]
        + [few(algorithm_type=a, solver_order=o, solver_type=t, final_sigmas_type=f)
           for a, f in (("sde-dpmsolver++", "zero"), ("dpmsolver", "sigma_min"), ("sde-dpmsolver", "sigma_min"))
           for o in (1, 2, 3) for t in ("midpoint", "heun") if (a, o) != ("sde-dpmsolver", 3)]
        + [{"config": {**SD, "algorithm_type": "sde-dpmsolver", "solver_order": 3, "final_sigmas_type": "sigma_min"}, "steps": [10]}]
        + [sd(algorithm_type="sde-dpmsolver++", use_karras_sigmas=True)]
        + predictions("sample", "v_prediction")
        + RESPACED + ALL_STEPS_RESPACED + BETAS
        + [few(use_lu_lambdas=True), few(use_flow_sigmas=True, prediction_type="flow_prediction", flow_shift=3.0)]
        + [few(final_sigmas_type="sigma_min", euler_at_final=True), few(final_sigmas_type="sigma_min")]
        + [{"config": {**SD, "lower_order_final": False, "solver_order": 3}, "steps": [4, 10]}]
        + [few(use_karras_sigmas=True, beta_schedule="squaredcos_cap_v2")]
        + [few(lambda_min_clipped=-1.0), few(lambda_min_clipped=-1.0, timestep_spacing="trailing")]
        + [few(thresholding=True, dynamic_thresholding_ratio=0.7, sample_max_value=1.5)]
        + [few(algorithm_type="dpmsolver", final_sigmas_type="sigma_min", thresholding=True, dynamic_thresholding_ratio=0.7)]
        + [few(algorithm_type="dpmsolver", final_sigmas_type="sigma_min", prediction_type=p) for p in ("sample", "v_prediction")]
        + [few(rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing")]
        + [{"config": SD, "set": {"timesteps": [999, 700, 300, 20]}, "steps": [4]}]
        + [{"config": SD, "steps": [998, 999, 1000]}]
        + strengths() + strengths(use_karras_sigmas=True, algorithm_type="sde-dpmsolver++")
    ),
}
