"""What a pipeline computes: its parts alone, then whole runs with the latents after every step."""
import sys

import diffusers
import peft
import torch
import transformers

from kept import pixels

PROMPTS = [
    "a photo of an old woman with red hair and glasses, studio light",
    "",
    "portrait, " * 50 + "the end is cut off",
    "Crème brûlée à l'été, Ångström, ĀČĘ, ﬁnance, Ⅷ ½ 'S DON'T we'll",
    "smiling 😀 face 👩🏽‍🦰 with 🎩",
    "東京の女性の肖像、한국어 текст हिन्दी",
    "a <b>bold</b> &amp; \"quoted\" (face:1.2) [x]  \t tabs\n<|endoftext|> after",
    "wow!! hello! ! it's 1999...",
]
WOMAN, EMPTY, LONG, ACCENTS, EMOJI, SCRIPTS, MARKUP, BANGS = PROMPTS


def run(prompt, steps, scheduler=None, *, negative="", guidance=7.5, width=40, height=24, seeds=(0,), **options):
    return dict(prompt=prompt, negative=negative, guidance=guidance, steps=steps, width=width, height=height,
                seeds=list(seeds), scheduler=scheduler, options=options)


RUNS = [run(BANGS, 2, negative="blurry!", seeds=[1]),
        run(WOMAN, 3, "EulerDiscreteScheduler", guidance=4.0, width=24, height=32, seeds=[8, 9])]
MORE_RUNS = {
    "base": [
        run(WOMAN, 5),
        run(ACCENTS, 1, "DDIMScheduler", guidance=1.0, seeds=[7]),
        run(EMOJI, 12, "EulerDiscreteScheduler", negative="blurry, low quality", seeds=[3], width=24, height=40),
        run(SCRIPTS, 5, "EulerAncestralDiscreteScheduler", seeds=[11, 12], width=32, height=24),
        run(LONG, 5, "DPMSolverMultistepScheduler", guidance=3.0, seeds=[2 ** 40 + 5], use_karras_sigmas=True),
        run(MARKUP, 5, "DDPMScheduler", negative=ACCENTS, seeds=[21, 22]),
        run(EMPTY, 2, "DDIMScheduler", guidance=1.5, seeds=[5], width=32, height=32),
        run(WOMAN, 12, seeds=[6], width=32, height=16),
    ],
    "four-levels": [
        run(WOMAN, 2, seeds=[4], width=72, height=56),
        run(EMOJI, 5, "DPMSolverMultistepScheduler", seeds=[14], width=56, height=72, use_karras_sigmas=True),
    ],
}


# Of these variants tests read no more by itself.
READ = {"full-vocabulary": (), "inpainting": ("unet",)}


@torch.no_grad()
def reference(pipe, name, own_scheduler):
    """Tensors by name, and a JSON-able record of the requests behind them.

    A request without a scheduler of its own is recorded with the folder's file as it is: the pipeline may override some
    of its options, and a reader has to do the same.
    """
    pipe.set_progress_bar_config(disable=True)
    parts = [part for part in (text, unet, vae) if part.__name__ in READ.get(name, ("text", "unet", "vae"))]
    tensors = {key: value for part in parts for key, value in part(pipe).items()}
    runs = []
    draws_from_nothing = pipe.unet.config.in_channels == pipe.unet.config.out_channels
    for i, ask in enumerate(RUNS + MORE_RUNS.get(name, []) if draws_from_nothing else []):
        scheduler, outputs = generate(pipe, ask)
        recorded = scheduler if ask["scheduler"] else own_scheduler
        runs.append({key: value for key, value in ask.items() if key != "options"} | {"scheduler": recorded})
        tensors |= {f"run{i}.{key}": value for key, value in outputs.items()}
    record = {"prompts": PROMPTS, "runs": runs, "unet_timestep": 521, "vae_sample_seed": 9,
              "versions": versions()}
    return {key: value.detach().clone().contiguous() for key, value in tensors.items()}, record


def versions():
    modules = (torch, diffusers, transformers, peft)
    return {"python": sys.version.split()[0]} | {module.__name__: module.__version__ for module in modules}


def text(pipe):
    ids = pipe.tokenizer(PROMPTS, padding="max_length", max_length=pipe.tokenizer.model_max_length, truncation=True,
                         return_tensors="pt").input_ids
    output = pipe.text_encoder(ids, output_hidden_states=True)
    return {"text.ids": ids, "text.last_hidden_state": output.last_hidden_state[:3],
            "text.pooled": output.pooler_output, "text.penultimate": output.hidden_states[-2][:2]}


def unet(pipe):
    """One forward at a latent size that the levels do not divide evenly, two samples at one timestep."""
    generator = torch.Generator("cpu").manual_seed(4)
    config = pipe.unet.config
    sample = torch.randn((2, config.in_channels, 9, 7), generator=generator)
    states = torch.randn((2, 11, config.cross_attention_dim), generator=generator)
    output = pipe.unet(sample, 521, encoder_hidden_states=states).sample
    return {"unet.sample": sample, "unet.encoder_hidden_states": states, "unet.output": output}


def vae(pipe):
    generator = torch.Generator("cpu").manual_seed(6)
    latent = torch.randn((1, pipe.vae.config.latent_channels, 5, 3), generator=generator)
    image = torch.rand((1, 3, 24, 40), generator=generator) * 2 - 1
    tensors = {"vae.latent": latent, "vae.decoded": pipe.vae.decode(latent).sample, "vae.image": image}
    encoded = pipe.vae.encode(image)
    if hasattr(encoded, "latents"):
        return tensors | {"vae.encoded": encoded.latents}
    moments = encoded.latent_dist
    drawn = moments.sample(torch.Generator("cpu").manual_seed(9))
    return tensors | {"vae.mean": moments.mean, "vae.logvar": moments.logvar, "vae.drawn": drawn}


def generate(pipe, ask):
    """One call of the pipeline: the scheduler's class and config, and the tensors on the way."""
    original, prepare, steps, start = pipe.scheduler, pipe.prepare_latents, [], []
    if ask["scheduler"]:
        pipe.scheduler = getattr(diffusers, ask["scheduler"]).from_config(original.config, **ask["options"])
    scheduler = {"_class_name": type(pipe.scheduler).__name__} | public(pipe.scheduler.config)
    try:
        pipe.prepare_latents = lambda *args, **kw: start.append(prepare(*args, **kw)) or start[0]
        images = call(pipe, ask, steps)
    finally:
        pipe.scheduler, pipe.prepare_latents = original, prepare
    latents = torch.stack(steps)
    return scheduler, {"start": start[0], "steps": latents, "latents": latents[-1], "images": pixels(images)}


def call(pipe, ask, steps):
    def record(pipe, i, t, kwargs):
        steps.append(kwargs["latents"].clone())
        return {}

    count = len(ask["seeds"])
    return pipe([ask["prompt"]] * count, negative_prompt=[ask["negative"]] * count, guidance_scale=ask["guidance"],
                num_inference_steps=ask["steps"], width=ask["width"], height=ask["height"], output_type="pt",
                generator=[torch.Generator("cpu").manual_seed(seed) for seed in ask["seeds"]],
                callback_on_step_end=record).images


def public(config):
    return {key: value for key, value in config.items() if not key.startswith("_")}
