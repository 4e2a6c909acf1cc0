"""The runs of tools/goldens/schedulers.py: for each class a list of cases, each run at STEPS steps unless it names its
own.

A case: `config` (constructor options), `strength` (image-to-image), `step` (arguments of step), `learned` (the network
answers a variance too), `set` (arguments of set_timesteps instead of the step count), `with` (arguments beside it),
`without_last` (the last timestep is only an end), `previous` (step is told the next timestep), `as` (a class whose step
has other arguments), `steps`. CogVideoX's second draw of a step repeats the first, since that one is dropped. """

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
        + [few(clip_sample=False, rescale_betas_zero_snr=True, prediction_type="v_prediction",
               timestep_spacing="trailing")]
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
        + [few(clip_sample=False, steps_offset=1, set_alpha_to_one=False),
           few(clip_sample=False, set_alpha_to_one=False)]
        + [few(clip_sample=False, rescale_betas_zero_snr=True, prediction_type="v_prediction",
               timestep_spacing="trailing")]
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
        + [{"config": {**SD, "prediction_type": "v_prediction", "timestep_spacing": s}, "steps": [4, 10, 50]}
           for s in SPACINGS]
        + [few(skip_prk_steps=True, beta_schedule="squaredcos_cap_v2")]
        + strengths(skip_prk_steps=True, steps_offset=1, set_alpha_to_one=False)
    ),
    "EulerDiscreteScheduler": (
        [{}]
        + [sd(timestep_spacing=s) for s in SPACINGS]
        + predictions("sample", "v_prediction")
        + RESPACED + ALL_STEPS_RESPACED + BETAS
        + [few(use_karras_sigmas=True, sigma_min=0.05, sigma_max=10.0), few(interpolation_type="log_linear")]
        + [few(interpolation_type="log_linear", **{f"use_{l}_sigmas": True}, timestep_spacing=t)
           for l in ("karras", "exponential", "beta") for t in ("linspace", "trailing")]
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
        + [{"config": {**SD, "algorithm_type": "sde-dpmsolver", "solver_order": 3, "final_sigmas_type": "sigma_min"},
            "steps": [10]}]
        + [sd(algorithm_type="sde-dpmsolver++", use_karras_sigmas=True)]
        + predictions("sample", "v_prediction")
        + RESPACED + ALL_STEPS_RESPACED + BETAS
        + [few(use_lu_lambdas=True), few(use_flow_sigmas=True, prediction_type="flow_prediction", flow_shift=3.0)]
        + [few(final_sigmas_type="sigma_min", euler_at_final=True), few(final_sigmas_type="sigma_min")]
        + [{"config": {**SD, "lower_order_final": False, "solver_order": 3}, "steps": [4, 10]}]
        + [few(use_karras_sigmas=True, beta_schedule="squaredcos_cap_v2")]
        + [few(lambda_min_clipped=-1.0), few(lambda_min_clipped=-1.0, timestep_spacing="trailing")]
        + [few(thresholding=True, dynamic_thresholding_ratio=0.7, sample_max_value=1.5)]
        + [few(algorithm_type="dpmsolver", final_sigmas_type="sigma_min", thresholding=True,
               dynamic_thresholding_ratio=0.7)]
        + [few(algorithm_type="dpmsolver", final_sigmas_type="sigma_min", prediction_type=p)
           for p in ("sample", "v_prediction")]
        + [few(rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing")]
        + [{"config": SD, "set": {"timesteps": [999, 700, 300, 20]}, "steps": [4]}]
        + [{"config": SD, "steps": [998, 999, 1000]}]
        + strengths() + strengths(use_karras_sigmas=True, algorithm_type="sde-dpmsolver++")
    ),
    "DDIMInverseScheduler": (
        [sd(clip_sample=False, timestep_spacing=t) for t in ("leading", "trailing")]
        + [sd(clip_sample=True, set_alpha_to_one=False, timestep_spacing=t) for t in ("leading", "trailing")]
        + [few(clip_sample=True)]
        + [few(clip_sample=False, prediction_type=p, set_alpha_to_one=False) for p in ("sample", "v_prediction")]
    ),
    "DDIMParallelScheduler": [{}, few(clip_sample=False, prediction_type="v_prediction", timestep_spacing="trailing")],
    "DDPMParallelScheduler": [{}, few(clip_sample=False, prediction_type="v_prediction", timestep_spacing="trailing")],
    "CogVideoXDDIMScheduler": (
        [{}, few(snr_shift_scale=1.0, prediction_type="v_prediction"), few(clip_sample=True)]
        + [few(rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing")]
    ),
    "UnCLIPScheduler": (
        [{"previous": True, "steps": [1, 2, 4, 10, 25, 50]},
         {"previous": True, "config": {"clip_sample": False}, "steps": [2, 10, 25]}]
        + [{"previous": True, "config": {"prediction_type": "sample", "clip_sample_range": 0.5}, "steps": [2, 10]}]
        + [{"previous": True, "learned": True, "config": {"variance_type": "learned_range"}, "steps": [2, 10, 25]}]
    ),
    "HeunDiscreteScheduler": (
        [{}]
        + [sd(timestep_spacing=s) for s in SPACINGS]
        + predictions("sample", "v_prediction")
        + RESPACED + BETAS + [few(beta_schedule="exp"), few(clip_sample=True, clip_sample_range=0.5)]
        + [{"config": SD, "set": {"timesteps": [999, 700, 300, 20]}, "steps": [4]}]
        + strengths()
    ),
    "KDPM2DiscreteScheduler": (
        [{}] + [sd(timestep_spacing=s) for s in SPACINGS] + predictions("v_prediction") + RESPACED + BETAS + strengths()
    ),
    "KDPM2AncestralDiscreteScheduler": (
        [{}] + [sd(timestep_spacing=s) for s in SPACINGS] + predictions("v_prediction") + RESPACED + BETAS + strengths()
    ),
    "LMSDiscreteScheduler": (
        [{}] + [sd(timestep_spacing=s) for s in SPACINGS] + predictions("sample", "v_prediction") + RESPACED + BETAS
    ),
    "DPMSolverSDEScheduler": (
        [{}] + [sd(timestep_spacing=s) for s in SPACINGS] + predictions("v_prediction") + RESPACED + BETAS + strengths()
    ),
    "DPMSolverSinglestepScheduler": (
        [{}]
        + [sd(solver_order=o, solver_type=t) for o in (1, 2, 3) for t in ("midpoint", "heun")]
        + [few(algorithm_type="dpmsolver", final_sigmas_type="sigma_min", solver_order=o, solver_type=t)
           for o in (1, 2, 3) for t in ("midpoint", "heun")]
        + [few(algorithm_type="sde-dpmsolver++", solver_order=o, solver_type=t) for o in (1, 2, 3)
           for t in ("midpoint", "heun")]
        + [{"config": {**SD, "final_sigmas_type": "sigma_min", "solver_order": o}, "steps": [4, 9, 10, 11, 12]}
           for o in (2, 3)]
        + [{"config": {**SD, "lower_order_final": True, "solver_order": o}, "steps": [4, 9, 10, 11, 12]}
           for o in (2, 3)]
        + predictions("sample", "v_prediction") + RESPACED + BETAS
        + [few(use_flow_sigmas=True, prediction_type="flow_prediction", flow_shift=3.0), few(lambda_min_clipped=-1.0)]
        + [few(thresholding=True, dynamic_thresholding_ratio=0.7, sample_max_value=1.5)]
        + strengths()
    ),
    "UniPCMultistepScheduler": (
        [{}]
        + [sd(timestep_spacing=s) for s in SPACINGS]
        + [sd(solver_order=o, solver_type=t) for o in (1, 2, 3) for t in ("bh1", "bh2")]
        + [few(solver_order=o, solver_type=t, final_sigmas_type="sigma_min") for o in (1, 2, 3) for t in ("bh1", "bh2")]
        + [few(solver_order=o, predict_x0=False, final_sigmas_type="sigma_min") for o in (1, 2, 3)]
        + predictions("sample", "v_prediction") + RESPACED + BETAS
        + [few(disable_corrector=[0, 1]), few(thresholding=True, dynamic_thresholding_ratio=0.7, sample_max_value=1.5)]
        + [few(use_flow_sigmas=True, prediction_type="flow_prediction", flow_shift=s) for s in (1.0, 3.0)]
        + [few(use_flow_sigmas=True, prediction_type="flow_prediction", final_sigmas_type="sigma_min", solver_order=1)]
        + [few(use_flow_sigmas=True, prediction_type="flow_prediction", use_karras_sigmas=True)]
        + [{"config": {**SD, "use_flow_sigmas": True, "prediction_type": "flow_prediction",
                       "use_dynamic_shifting": True, "shift_terminal": 0.1}, "with": {"mu": 0.8}, "steps": [4, 10]}]
        + [few(rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing")]
        + [few(use_karras_sigmas=True, final_sigmas_type="sigma_min"),
           few(lower_order_final=False, final_sigmas_type="sigma_min")]
        + [{"config": {**SD, "lower_order_final": False}, "steps": [4]}]
        + strengths()
    ),
    "DEISMultistepScheduler": (
        [{}]
        + [sd(timestep_spacing=s) for s in SPACINGS]
        + [sd(solver_order=o) for o in (1, 3)]
        + predictions("sample", "v_prediction") + RESPACED + BETAS + [sd(use_karras_sigmas=True, solver_order=3)]
        + [few(use_flow_sigmas=True, prediction_type="flow_prediction", flow_shift=3.0)]
        + [few(thresholding=True, dynamic_thresholding_ratio=0.7, sample_max_value=1.5), few(lower_order_final=False)]
        + strengths()
    ),
    "SASolverScheduler": (
        [{}]
        + [sd(timestep_spacing=s) for s in SPACINGS]
        + [{"config": {**SD, "predictor_order": p, "corrector_order": c}, "steps": [2, 10, 25]}
           for p, c in ((1, 1), (2, 1), (1, 2), (3, 3), (3, 4), (4, 2))]
        + [{"config": {**SD, "predictor_order": p, "corrector_order": c, "algorithm_type": "noise_prediction"},
            "steps": [2, 10]}
           for p, c in ((1, 1), (2, 2), (3, 3))]
        + predictions("sample", "v_prediction") + RESPACED + BETAS + [few(lower_order_final=False)]
        + [few(use_flow_sigmas=True, prediction_type="flow_prediction", flow_shift=3.0)]
        + strengths()
    ),
    "LCMScheduler": (
        [{}, few(), few(timestep_scaling=5.0, original_inference_steps=100),
         few(clip_sample=True, clip_sample_range=0.5)]
        + [few(prediction_type=p, set_alpha_to_one=False) for p in ("sample", "v_prediction")]
        + [few(thresholding=True, dynamic_thresholding_ratio=0.7, sample_max_value=1.5)]
        + [few(rescale_betas_zero_snr=True, prediction_type="v_prediction")]
        + [{"config": SD, "set": {"timesteps": [999, 759, 499, 259]}, "steps": [4]}]
        + strengths()
    ),
    "TCDScheduler": (
        [{}, few(), few(original_inference_steps=100)]
        + [{**few(), "step": {"eta": eta}} for eta in (0.0, 0.8, 1.0)]
        + [few(prediction_type=p) for p in ("sample", "v_prediction")]
        + [{"config": SD, "set": {"timesteps": [999, 759, 499, 259]}, "steps": [4]}]
        + strengths()
    ),
    "FlowMatchEulerDiscreteScheduler": (
        [{}, {"config": {"shift": 3.0}}, {"config": {"stochastic_sampling": True, "shift": 3.0}}]
        + [{"config": {"shift": 3.0, f"use_{l}_sigmas": True}, "steps": FEW} for l in ("karras", "exponential", "beta")]
        + [{"config": {"use_dynamic_shifting": True, "time_shift_type": t}, "with": {"mu": m}, "steps": FEW}
           for t in ("exponential", "linear") for m in (0.5, 1.15)]
        + [{"config": {"shift": 2.0, "shift_terminal": 0.1}, "steps": [2, 10]}]
        + [{"config": {"use_dynamic_shifting": True, "shift_terminal": 0.02}, "with": {"mu": 0.9}, "steps": [10]}]
        + [{"config": {"shift": 2.0}, "set": {"sigmas": [1.0, 0.75, 0.5, 0.25]}, "steps": [4]}]
        + [{"config": {"use_dynamic_shifting": True}, "set": {"sigmas": [1.0, 0.75, 0.5, 0.25], "mu": 1.0},
            "steps": [4]}]
        + [{"config": {"shift": 3.0}, "set": {"timesteps": [1000.0, 800.0, 500.0, 100.0]}, "steps": [4]}]
        + [{"config": {"shift": 3.0}, "strength": s, "steps": [4, 10]} for s in (0.3, 0.6)]
    ),
    "FlowMatchHeunDiscreteScheduler": (
        [{}, {"config": {"shift": 3.0}}]
    ),
    "FlowMatchLCMScheduler": (
        [{}, {"config": {"shift": 3.0}}, {"config": {"use_dynamic_shifting": True}, "with": {"mu": 0.7}, "steps": FEW}]
        + [{"config": {"shift": 3.0, "use_karras_sigmas": True}, "steps": FEW}]
    ),
    "FlowMapEulerDiscreteScheduler": [{}, {"config": {"shift": 3.0}},
                                      {"set": {"sigmas": [1.0, 0.6, 0.3]}, "steps": [3]}],
    "LTXEulerAncestralRFScheduler": (
        [{}, {"config": {"eta": 0.5}}, {"config": {"eta": 0.0}, "steps": FEW},
         {"config": {"s_noise": 0.8}, "steps": FEW}]
        + [{"set": {"sigmas": [1.0, 0.75, 0.5, 0.25, 0.0]}, "steps": [4], "without_last": True}]
    ),
    "EDMEulerScheduler": (
        [{}, {"config": {"prediction_type": "v_prediction"}},
         {"config": {"sigma_schedule": "exponential"}, "steps": [2, 10]}]
        + [{"config": {"final_sigmas_type": "sigma_min", "rho": 5.0, "sigma_data": 1.0}, "steps": FEW}]
    ),
    "EDMDPMSolverMultistepScheduler": (
        [{}, {"config": {"prediction_type": "v_prediction"}},
         {"config": {"sigma_schedule": "exponential"}, "steps": [2, 10]}]
        + [{"config": {"solver_order": o, "solver_type": t, "algorithm_type": a}, "steps": FEW + [25]}
           for a in ("dpmsolver++", "sde-dpmsolver++") for o in (1, 2, 3) for t in ("midpoint", "heun")
           if (a, o) != ("sde-dpmsolver++", 3)]
        + [{"config": {"final_sigmas_type": "sigma_min", "euler_at_final": True}, "steps": FEW}]
        + [{"config": {"thresholding": True, "dynamic_thresholding_ratio": 0.7, "sample_max_value": 1.5}, "steps": FEW}]
    ),
    "CosineDPMSolverMultistepScheduler": (
        [{}, {"config": {"prediction_type": "epsilon"}, "steps": FEW},
         {"config": {"solver_type": "heun"}, "steps": FEW + [25]}]
        + [{"config": {"solver_order": 1, "sigma_schedule": "karras"}, "steps": FEW}]
    ),
    "IPNDMScheduler": [{}],
    "CMStochasticIterativeScheduler": (
        [{"steps": [1, 2, 4, 10, 25]}, {"config": {"clip_denoised": False}, "steps": [1, 2, 4, 10]}]
        + [{"config": {"s_noise": 0.5, "sigma_data": 1.0, "rho": 5.0}, "steps": [2, 4]}]
        + [{"set": {"timesteps": [22, 0]}, "steps": [2]}]
    ),
    "ConsistencyDecoderScheduler": [{"steps": [2]}],
    "SCMScheduler": (
        [{"steps": [2], "without_last": True}]
        + [{"with": {"intermediate_timesteps": None}, "steps": [1, 4, 10], "without_last": True,
            "config": {"sigma_data": s}}
           for s in (0.5, 1.0)]
    ),
    "CogVideoXDPMScheduler": (
        [{"as": "cogvideo"}]
        + [{"as": "cogvideo", **few(prediction_type="v_prediction", timestep_spacing=t, snr_shift_scale=1.0)}
           for t in ("linspace", "trailing")]
        + [{"as": "cogvideo",
            **few(rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing")}]
    ),
    "DDPMWuerstchenScheduler": (
        [{"as": "wuerstchen", "without_last": True, "config": c}
         for c in ({}, {"scaler": 2.0}, {"scaler": 0.5, "s": 0.02})]
    ),
    "DPMSolverMultistepInverseScheduler": (
        [sd(timestep_spacing=s, solver_order=o) for s in SPACINGS for o in (1, 2, 3)]
        + predictions("sample", "v_prediction") + [few(solver_type="heun"), few(euler_at_final=True),
                                                   few(lambda_min_clipped=-1.0)]
        + [few(algorithm_type="dpmsolver"), few(use_karras_sigmas=True), few(use_exponential_sigmas=True)]
        + [few(thresholding=True, dynamic_thresholding_ratio=0.7, sample_max_value=1.5)]
    ),
    "KarrasVeScheduler": (
        [{"as": "karras_ve", "steps": [4, 10, 25, 50]}]  # 2 steps from 10000 to 0 leave the reference 2e-10 of rounding
        + [{"as": "karras_ve", "steps": [4, 10, 25], "config": c}
           for c in ({"s_churn": 0}, {"sigma_max": 20.0, "sigma_min": 0.1, "s_churn": 10, "s_noise": 1.0},
                     {"s_min": 0.5, "s_max": 400})]
    ),
    "MiniMaxH3Scheduler": [{"steps": [2, 4, 10, 25]}, {"config": {"shift": 3.0}, "steps": [2, 10]}],
}
