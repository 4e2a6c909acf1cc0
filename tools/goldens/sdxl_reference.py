"""What an SDXL pipeline computes: what it tells the UNet, its parts alone, then whole runs with every step's
latents."""
import torch
from diffusers import StableDiffusionXLPipeline, schedulers

from kept import pixels
from sd1_reference import ACCENTS, BANGS, EMOJI, LONG, PROMPTS, WOMAN, public, run, vae, versions

SIZES = dict(original_size=(48, 96), crops_coords_top_left=(3, 5), target_size=(40, 24))
NEGATIVE_SIZES = dict(negative_original_size=(20, 30), negative_crops_coords_top_left=(1, 2),
                      negative_target_size=(64, 56))
RUNS = [
    (run(WOMAN, 3, negative=None, seeds=[1]), {}),
    (run(BANGS, 3, "EulerAncestralDiscreteScheduler", negative="blurry!", guidance=4.0, width=24, height=32,
         seeds=[8, 9]), {}),
    (run(ACCENTS, 2, "DDIMScheduler", negative=None, guidance=1.0, seeds=[7]), SIZES),
    (run(EMOJI, 4, "DPMSolverMultistepScheduler", negative="low quality", seeds=[2 ** 40 + 5], width=56, height=32,
         use_karras_sigmas=True), SIZES | NEGATIVE_SIZES),
    (run(LONG, 2, "DDPMScheduler", negative=None, seeds=[3, 4]), SIZES),
]


@torch.no_grad()
def reference(pipe):
    """Tensors by name, and a JSON-able record of the requests behind them."""
    pipe.set_progress_bar_config(disable=True)
    tensors = conditioning(pipe) | unet(pipe) | vae(pipe)
    runs = []
    for i, (ask, sizes) in enumerate(RUNS if type(pipe) is StableDiffusionXLPipeline else []):
        scheduler, outputs = generate(pipe, ask, sizes)
        runs.append({key: value for key, value in ask.items() if key != "options"}
                    | {"scheduler": scheduler, "sizes": sizes})
        tensors |= {f"run{i}.{key}": value for key, value in outputs.items()}
    record = {"prompts": PROMPTS, "runs": runs, "unet_timestep": 521, "vae_sample_seed": 9, "versions": versions()}
    return {key: value.detach().clone().contiguous() for key, value in tensors.items()}, record


def conditioning(pipe):
    """What the pipeline tells the UNet for the first prompts, with and without a negative one."""
    tensors = {}
    for name, negative in (("none", None), ("words", ["blurry!"] * 4)):
        tokens, unwanted, pooled, unwanted_pooled = pipe.encode_prompt(PROMPTS[:4], negative_prompt=negative)
        if not torch.equal(unwanted, unwanted[:1].expand_as(unwanted)):
            raise SystemExit("what stands for the negative prompt differs between prompts")
        tensors |= {f"text.{name}.negative": unwanted[:1], f"text.{name}.negative_pooled": unwanted_pooled[:1]}
    return tensors | {"text.tokens": tokens, "text.pooled": pooled}


def unet(pipe):
    """One forward at a latent size that the levels do not divide evenly, two samples at one timestep."""
    generator = torch.Generator("cpu").manual_seed(4)
    config = pipe.unet.config
    pooled_width = pipe.text_encoder_2.config.projection_dim
    ids = (config.projection_class_embeddings_input_dim - pooled_width) // config.addition_time_embed_dim
    sample = torch.randn((2, config.in_channels, 9, 7), generator=generator)
    states = torch.randn((2, 11, config.cross_attention_dim), generator=generator)
    pooled = torch.randn((2, pooled_width), generator=generator)
    sizes = torch.tensor([[1024, 768, 0, 32, 1024, 1024], [512, 512, 7, 0, 96, 88]])[:, :ids].float()
    output = pipe.unet(sample, 521, encoder_hidden_states=states,
                       added_cond_kwargs={"text_embeds": pooled, "time_ids": sizes}).sample
    return {"unet.sample": sample, "unet.encoder_hidden_states": states, "unet.pooled": pooled, "unet.time_ids": sizes,
            "unet.output": output}


def generate(pipe, ask, sizes):
    """One call of the pipeline: the scheduler's class and config, and the tensors on the way."""
    original, prepare, steps, start = pipe.scheduler, pipe.prepare_latents, [], []
    if ask["scheduler"]:
        pipe.scheduler = getattr(schedulers, ask["scheduler"]).from_config(original.config, **ask["options"])
    scheduler = {"_class_name": type(pipe.scheduler).__name__} | public(pipe.scheduler.config)
    try:
        pipe.prepare_latents = lambda *args, **kw: start.append(prepare(*args, **kw)) or start[0]
        images = call(pipe, ask, sizes, steps)
    finally:
        pipe.scheduler, pipe.prepare_latents = original, prepare
    latents = torch.stack(steps)
    return scheduler, {"start": start[0], "steps": latents, "latents": latents[-1], "images": pixels(images)}


def call(pipe, ask, sizes, steps):
    def record(pipe, i, t, kwargs):
        steps.append(kwargs["latents"].clone())
        return {}

    count = len(ask["seeds"])
    negative = None if ask["negative"] is None else [ask["negative"]] * count
    return pipe([ask["prompt"]] * count, negative_prompt=negative, guidance_scale=ask["guidance"],
                num_inference_steps=ask["steps"], width=ask["width"], height=ask["height"], output_type="pt",
                generator=[torch.Generator("cpu").manual_seed(seed) for seed in ask["seeds"]],
                callback_on_step_end=record, **sizes).images
