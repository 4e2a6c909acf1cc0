"""What diffusers draws with other guidance, clip skip, textual inversions, weighted prompts, and in bf16. On the
folders of sd1.py and sdxl.py, CPU."""
import argparse
from pathlib import Path

import diffusers
import torch
from diffusers import DiffusionPipeline
from diffusers.guiders import AdaptiveProjectedGuidance, ClassifierFreeGuidance, ClassifierFreeZeroStarGuidance
from safetensors.torch import save_file

from kept import packed, pixels
from sd1_reference import ACCENTS, BANGS, WOMAN, public, versions

GUIDERS = {"projected": AdaptiveProjectedGuidance, "zero-star": ClassifierFreeZeroStarGuidance,
           "interval": ClassifierFreeGuidance}
# A prompt in the web interface's syntax, and the chunks of weighted text that it stands for.
WEIGHTED = {
    "a (red:1.3) cat": [[["a ", 1], ["red", 1.3], [" cat", 1]]],
    "((old)) [woman] \\(smiling\\) BREAK studio light": [
        [["old", 1.21], [" ", 1], ["woman", 1 / 1.1], [" (smiling)", 1]], [["studio light", 1]]],
    "(a:0.5), " + "a " * 90: [[["a", 0.5], [", " + "a " * 73, 1]], [["a " * 17, 1]]],
}


def ask(kind, *, folder="base", prompt=WOMAN, negative="", guidance=7.5, steps=4, scheduler="DDIMScheduler", seeds=(3,),
        width=32, height=24, **options):
    return dict(kind=kind, folder=folder, prompt=prompt, negative=negative, guidance=guidance, steps=steps, width=width,
                height=height, seeds=list(seeds), scheduler=scheduler, options=options)


ASKS = [
    ask("rescale", rescale=0.7), ask("rescale", rescale=0.3, folder="v-prediction", prompt=BANGS, seeds=[8, 9]),
    ask("clip-skip", skip=1), ask("clip-skip", skip=2, prompt=ACCENTS, negative="blurry"),
    ask("clip-skip", skip=1, folder="v-prediction"),
    ask("inversion", token="<toy>", vectors=1, prompt="a <toy> on a table, <toy>"),
    ask("inversion", token="<style>", vectors=3, prompt="a house in <style>", negative="<style> blurry"),
    ask("projected", eta=0.0, adaptive_projected_guidance_momentum=-0.5, adaptive_projected_guidance_rescale=5.0,
        steps=6),
    ask("projected", eta=1.0, adaptive_projected_guidance_momentum=None, adaptive_projected_guidance_rescale=0.0),
    ask("zero-star", zero_init_steps=1), ask("zero-star", zero_init_steps=0, guidance=3.0, seeds=[1, 2]),
    ask("interval", start=0.2, stop=0.7, steps=7), ask("interval", start=0.0, stop=0.5, guidance_rescale=0.0, steps=5),
] + [ask("weighted", prompt=prompt) for prompt in WEIGHTED] + [
    ask("two-towers", folder="xl-base", token="<toy>", vectors=2, prompt="a <toy> on a table", negative="no <toy>"),
]
# Rounding differs from seed to seed, so a case has many.
HALVES = [ask("bf16", folder=folder, scheduler=scheduler, steps=steps, seeds=range(12)) for folder, scheduler,
          steps in (
    ("base", "DDIMScheduler", 4), ("base", "EulerDiscreteScheduler", 8), ("v-prediction", "UniPCMultistepScheduler", 6),
    ("xl-base", "EulerDiscreteScheduler", 6))]


class Golden:
    def __init__(self, tiny):
        self.tiny = tiny

    def pipeline(self, request, dtype=torch.float32):
        xl = request["folder"].startswith("xl-")
        pipe = DiffusionPipeline.from_pretrained(self.tiny / request["folder"], torch_dtype=dtype,
                                                 **({} if xl else {"safety_checker": None}))
        pipe.scheduler = getattr(diffusers, request["scheduler"]).from_config(pipe.scheduler.config)
        request["config"] = {"_class_name": request["scheduler"]} | public(pipe.scheduler.config)
        pipe.set_progress_bar_config(disable=True)
        return pipe

    @torch.no_grad()
    def run(self, request):
        pipe, kind, options = self.pipeline(request), request["kind"], request["options"]
        if kind == "rescale":
            return self.call(pipe, request, guidance_rescale=options["rescale"])
        if kind == "clip-skip":
            # The pipeline looks for the last norm where transformers 4 had it.
            object.__setattr__(pipe.text_encoder, "text_model", pipe.text_encoder)
            return self.call(pipe, request, clip_skip=options["skip"])
        if kind == "inversion":
            width = pipe.text_encoder.config.hidden_size
            vectors = torch.randn((options["vectors"], width), generator=torch.Generator().manual_seed(17)) * 0.5
            pipe.load_textual_inversion({options["token"]: vectors.clone() if len(vectors) > 1 else vectors[0].clone()})
            return self.call(pipe, request) | {"vectors": vectors}
        if kind == "two-towers":
            return self.two_towers(pipe, request)
        if kind == "weighted":
            return self.call(pipe, request, prompt_embeds=self.weighted(pipe, WEIGHTED[request["prompt"]]),
                             negative_prompt_embeds=self.weighted(pipe, [[["", 1]]] * len(WEIGHTED[request["prompt"]])))
        pipe.unet.forward = guided(pipe, GUIDERS[kind](guidance_scale=request["guidance"], **options), request["steps"])
        return self.call(pipe, request)

    def weighted(self, pipe, chunks):
        """States times weights, brought back to their mean; chunks side by side."""
        states = []
        for chunk in chunks:
            ids, weights = [pipe.tokenizer.bos_token_id], [1.0]
            for text, weight in chunk:
                own = pipe.tokenizer(text, add_special_tokens=False).input_ids
                ids, weights = ids + own, weights + [weight] * len(own)
            assert len(ids) <= 76, len(ids)
            fill = 77 - len(ids)
            ids, weights = ids + [pipe.tokenizer.eos_token_id] * fill, weights + [1.0] * fill
            state = pipe.text_encoder(torch.tensor([ids]))[0]
            scaled = state * torch.tensor(weights)[None, :, None]
            states.append(scaled * (state.mean() / scaled.mean()))
        return torch.cat(states, 1)

    def two_towers(self, pipe, request):
        """A word with vectors for each tower, as SDXL's embedding files have them."""
        vectors, token = {}, request["options"]["token"]
        for seed, name, tower, words in ((17, "clip_l", pipe.text_encoder, pipe.tokenizer),
                                         (18, "clip_g", pipe.text_encoder_2, pipe.tokenizer_2)):
            shape = (request["options"]["vectors"], tower.config.hidden_size)
            vectors[name] = torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * 0.5
            pipe.load_textual_inversion(vectors[name].clone(), token=token, text_encoder=tower, tokenizer=words)
        return self.call(pipe, request) | vectors

    @torch.no_grad()
    def distance(self, request):
        """How far bf16 draws from f32, from the same noise: the sum of squares over the pictures."""
        pipe = self.pipeline(request)
        shape = (1, 4, request["height"] // pipe.vae_scale_factor, request["width"] // pipe.vae_scale_factor)
        noise = torch.cat([torch.randn(shape, generator=torch.Generator().manual_seed(seed))
                           for seed in request["seeds"]])
        exact = self.call(pipe, request, latents=noise)["images"]
        half = self.call(self.pipeline(request, torch.bfloat16), request, latents=noise.to(torch.bfloat16))["images"]
        return (half.float() - exact).square().sum().item()

    def call(self, pipe, request, prompt_embeds=None, **options):
        count, last = len(request["seeds"]), []

        def record(pipe, i, t, kwargs):
            last[:] = [kwargs["latents"].clone()]
            return {}

        if prompt_embeds is None:
            nothing = request["folder"].startswith("xl-") and not request["negative"]
            options |= {"prompt": [request["prompt"]] * count,
                        "negative_prompt": None if nothing else [request["negative"]] * count}
        images = pipe(prompt_embeds=prompt_embeds, guidance_scale=request["guidance"], width=request["width"],
                      height=request["height"], num_inference_steps=request["steps"], output_type="pt",
                      generator=[torch.Generator("cpu").manual_seed(seed) for seed in request["seeds"]],
                      callback_on_step_end=record, **options).images
        return {"latents": last[0], "images": images}


def guided(pipe, guider, steps):
    """Answers both halves with what the guider makes of them, which the pipeline's own guidance then leaves as it
    is."""
    forward, count = pipe.unet.forward, []

    def answer(sample, timestep, **kwargs):
        guider.set_state(step=len(count), num_inference_steps=steps, timestep=timestep)
        if not count and getattr(guider, "adaptive_projected_guidance_momentum", None) is not None:
            from diffusers.guiders.adaptive_projected_guidance import MomentumBuffer
            guider.momentum_buffer = MomentumBuffer(guider.adaptive_projected_guidance_momentum)
        count.append(1)
        negative, positive = forward(sample, timestep, **kwargs)[0].chunk(2)
        return (torch.cat([guider.forward(positive, negative).pred] * 2),)

    return answer


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", type=Path, required=True, help="folder that sd1.py wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder of test resources")
    args = parser.parse_args()
    torch.set_num_threads(1)
    golden, tensors = Golden(args.tiny), {}
    for i, request in enumerate(ASKS):
        drawn = golden.run(request)
        tensors |= {f"run{i}.{name}": tensor.contiguous()
                    for name, tensor in (drawn | {"images": pixels(drawn["images"])}).items()}
        print(i, request["kind"], flush=True)
    for request in HALVES:
        request["distance"] = golden.distance(request)
        print(request["folder"], request["distance"], flush=True)
    args.out.mkdir(parents=True, exist_ok=True)
    save_file(tensors, args.out / "reference.safetensors")
    packed(args.out / "reference.json.gz", {"runs": ASKS + HALVES, "versions": versions()})


if __name__ == "__main__":
    main()
