"""What diffusers draws from a picture: image-to-image, inpainting with 4 and 9 channels, differential masks, a second
pass over upscaled latents. On the folders of sd1.py, CPU, f32."""
import argparse
import json
from pathlib import Path

import diffusers
import numpy as np
import PIL.Image
import torch
from diffusers import (StableDiffusionImg2ImgPipeline, StableDiffusionInpaintPipeline, StableDiffusionPipeline,
                       StableDiffusionXLImg2ImgPipeline, StableDiffusionXLInpaintPipeline, StableDiffusionXLPipeline)
from safetensors.torch import save_file

from kept import packed, pixels
from sd1_reference import BANGS, EMOJI, WOMAN, public, versions

SCHEDULERS = ["DDIMScheduler", "DDPMScheduler", "PNDMScheduler", "LMSDiscreteScheduler", "EulerDiscreteScheduler",
              "EulerAncestralDiscreteScheduler", "HeunDiscreteScheduler", "KDPM2DiscreteScheduler",
              "KDPM2AncestralDiscreteScheduler", "DPMSolverMultistepScheduler", "DPMSolverSinglestepScheduler",
              "DEISMultistepScheduler", "UniPCMultistepScheduler", "SASolverScheduler", "LCMScheduler", "TCDScheduler"]


def ask(kind, scheduler=None, *, folder="base", prompt=WOMAN, negative="", guidance=7.5, steps=5, strength=None,
        width=None, height=None, seeds=(0,), picture=0, mask=0, **options):
    return dict(kind=kind, folder=folder, prompt=prompt, negative=negative, guidance=guidance, steps=steps,
                strength=strength, width=width, height=height, seeds=list(seeds), scheduler=scheduler, options=options,
                picture=picture, mask=mask)


def every_scheduler():
    for i, name in enumerate(SCHEDULERS):
        yield ask("image", name, strength=(0.5, 0.65, 0.8)[i % 3], steps=7 + i % 3, seeds=[30 + i],
                  guidance=(1.0, 6.0)[i % 2])
        yield ask("inpaint", name, strength=(1.0, 0.7)[i % 2], steps=6 + i % 3, seeds=[60 + i], width=40, height=32,
                  guidance=(5.0, 1.0, 3.0)[i % 3], mask=i % 2)


ASKS = list(every_scheduler()) + [
    ask("image"),
    ask("image", "DPMSolverMultistepScheduler", strength=0.33, steps=10, use_karras_sigmas=True, seeds=[3, 4]),
    ask("image", "DPMSolverMultistepScheduler", strength=0.7, steps=6, algorithm_type="sde-dpmsolver++", seeds=[4]),
    ask("image", "EulerDiscreteScheduler", strength=1.0, steps=3, seeds=[2 ** 40 + 5], picture=1, negative="blurry!"),
    ask("image", "UniPCMultistepScheduler", strength=0.6, steps=8, guidance=1.0, prompt=EMOJI, picture=1),
    ask("image", folder="v-prediction", strength=0.6, prompt=BANGS, seeds=[5]),
    ask("image", folder="four-levels", strength=0.5, steps=4, picture=1, seeds=[1]),
    ask("image", folder="tiny-autoencoder", strength=0.5, steps=4, seeds=[8]),
    ask("image", folder="eight-latents", strength=0.75, steps=4, seeds=[8]),
    ask("inpaint"),
    ask("inpaint", "EulerAncestralDiscreteScheduler", strength=0.6, seeds=[11, 12], picture=1, width=24, height=40),
    ask("inpaint", "DPMSolverMultistepScheduler", strength=0.99, use_karras_sigmas=True, guidance=1.0, mask=1,
        seeds=[7]),
    ask("inpaint", "UniPCMultistepScheduler", steps=10, solver_order=3, seeds=[4]),
    ask("inpaint", folder="v-prediction", strength=0.8, mask=1, seeds=[5]),
    ask("inpaint", folder="tiny-autoencoder", steps=3, seeds=[6]),
    ask("inpaint", folder="inpainting", seeds=[1]),
    ask("inpaint", "DDIMScheduler", folder="inpainting", strength=0.6, guidance=1.0, mask=1, seeds=[2, 3]),
    ask("inpaint", "EulerAncestralDiscreteScheduler", folder="inpainting", picture=1, width=48, height=40, seeds=[4]),
    ask("inpaint", "DPMSolverMultistepScheduler", folder="inpainting", strength=0.85, steps=8, seeds=[9, 10]),
    ask("differential", "DDIMScheduler", steps=8, strength=1.0, seeds=[5]),
    ask("differential", "EulerAncestralDiscreteScheduler", steps=9, strength=0.8, seeds=[6], guidance=1.0),
    ask("differential", "DPMSolverMultistepScheduler", steps=8, strength=0.7, seeds=[7, 8]),
    ask("latents", "EulerAncestralDiscreteScheduler", steps=6, strength=0.6, seeds=[5, 6], width=24, height=32),
    ask("latents", "DPMSolverMultistepScheduler", steps=5, strength=0.7, seeds=[8], width=32, height=24, guidance=1.0),
    ask("image", folder="xl-base", picture=2, guidance=5.0, steps=10, seeds=[1]),
    ask("image", "DPMSolverMultistepScheduler", folder="xl-base", picture=2, strength=0.6, steps=6, negative="blurry!",
        seeds=[2, 3], use_karras_sigmas=True),
    ask("image", "EulerAncestralDiscreteScheduler", folder="xl-words-for-nothing", picture=2, strength=0.8, seeds=[4]),
    ask("image", "DDIMScheduler", folder="xl-means", picture=2, strength=0.5, guidance=1.0, steps=7, seeds=[5]),
    ask("image", folder="xl-refiner", picture=2, prompt=BANGS, steps=12, guidance=4.0, seeds=[6, 7]),
    ask("image", "DDIMScheduler", folder="xl-refiner", picture=2, strength=0.7, negative="blurry!", seeds=[8]),
    ask("inpaint", folder="xl-base", picture=2, steps=4, width=24, height=16, seeds=[1]),
    ask("inpaint", "EulerAncestralDiscreteScheduler", folder="xl-base", picture=2, strength=0.6, mask=1, width=24,
        height=16, guidance=1.0, seeds=[2, 3]),
    ask("inpaint", "DPMSolverMultistepScheduler", folder="xl-words-for-nothing", picture=2, strength=1.0, mask=1,
        width=24, height=16, negative="blurry!", seeds=[4]),
    ask("inpaint", "DDIMScheduler", folder="xl-refiner", picture=2, strength=0.8, width=24, height=16, seeds=[5]),
    ask("inpaint", folder="xl-inpainting", picture=2, steps=4, width=24, height=16, seeds=[1]),
    ask("inpaint", "DPMSolverMultistepScheduler", folder="xl-inpainting", picture=2, strength=0.7, mask=1, width=24,
        height=16, guidance=1.0, seeds=[2, 3]),
    ask("inpaint", "EulerAncestralDiscreteScheduler", folder="xl-inpainting", picture=2, strength=1.0, width=16,
        height=24, negative="blurry!", seeds=[4]),
    ask("inpaint", "EulerDiscreteScheduler", folder="v-prediction", strength=1.0, picture=2, width=24, height=16,
        seeds=[6]),
    ask("inpaint", folder="sd2-inpainting", picture=2, width=24, height=16, seeds=[3]),
    ask("inpaint", "EulerAncestralDiscreteScheduler", folder="sd2-inpainting", strength=0.7, mask=1, picture=2,
        width=24, height=16, seeds=[4, 5]),
    ask("image", "DPMSolverMultistepScheduler", folder="v-prediction", strength=0.7, steps=6, picture=2, guidance=1.0,
        seeds=[7, 8]),
]


def pictures():
    """Pictures whose sides are no multiples of 8, and two masks: a hard one and one with every shade."""
    def waves(width, height, phase):
        y, x = np.mgrid[0:height, 0:width]
        channels = [127.5 + 127.5 * np.sin((x * (i + 2) + y * (3 - i)) / 9 + phase + i) for i in range(3)]
        return PIL.Image.fromarray(np.stack(channels, -1).round().astype("uint8"))

    y, x = np.mgrid[0:31, 0:45]
    hard = np.where((x - 20) ** 2 + (y - 14) ** 2 < 100, 255, 0)
    soft = (x * 255 / 44 + y).clip(0, 255)
    return ([waves(45, 31, 0), waves(64, 57, 1), waves(21, 18, 2)],
            [PIL.Image.fromarray(mask.round().astype("uint8"), "L") for mask in (hard, soft)])


class Golden:
    def __init__(self, tiny):
        self.tiny = tiny
        self.pictures, self.masks = pictures()
        self.opened = {}

    def pipeline(self, kind, request):
        name = request["folder"]
        xl = name.startswith("xl-")
        if name not in self.opened:
            inpainting = StableDiffusionXLInpaintPipeline if xl else StableDiffusionInpaintPipeline
            own = {"add_watermarker": False} if xl else {"safety_checker": None}
            self.opened[name] = inpainting.from_pretrained(self.tiny / name, **own)
        own = self.opened[name].components
        if request["scheduler"]:
            own["scheduler"] = getattr(diffusers, request["scheduler"]).from_config(own["scheduler"].config,
                                                                                  **request["options"])
        classes = {"image": StableDiffusionImg2ImgPipeline, "differential": StableDiffusionImg2ImgPipeline,
                   "inpaint": StableDiffusionInpaintPipeline, "text": StableDiffusionPipeline}
        if xl:
            options = json.loads(self.tiny.joinpath(name, "model_index.json").read_text("utf-8"))
            options = {key: options.get(key, key.startswith("force"))
                       for key in ("force_zeros_for_empty_prompt",
                                   "requires_aesthetics_score")[:1 if kind == "text" else 2]}
            classes = {"image": StableDiffusionXLImg2ImgPipeline, "inpaint": StableDiffusionXLInpaintPipeline,
                       "text": StableDiffusionXLPipeline}
            own |= options | {"add_watermarker": False}
        else:
            own["requires_safety_checker"] = False
        pipe = classes[kind](**own)
        request["config"] = {"_class_name": type(pipe.scheduler).__name__} | public(pipe.scheduler.config)
        pipe.set_progress_bar_config(disable=True)
        return pipe

    @torch.no_grad()
    def run(self, request):
        if request["kind"] == "latents":
            return self.second_pass(request)
        if request["kind"] == "text":
            return self.call(self.pipeline("text", request), request, width=request["width"], height=request["height"])
        pipe = self.pipeline(request["kind"], request)
        count = len(request["seeds"])
        options = {"image": [self.pictures[request["picture"]]] * count}
        if request["strength"]:
            options["strength"] = request["strength"]
        if request["kind"] == "inpaint":
            options |= {"mask_image": [self.masks[request["mask"]]] * count}
            options |= {side: request[side] for side in ("width", "height") if request[side]}
        if request["kind"] == "differential":
            options["callback_on_step_end"] = Differential(self.masks[1]).after(pipe)
        return self.call(pipe, request, **options)

    def second_pass(self, request):
        """Draws small, enlarges the latents 1.5 times, and draws over them."""
        drawn = self.call(self.pipeline("text", request), request, width=request["width"], height=request["height"])
        large = torch.nn.functional.interpolate(drawn["latents"], scale_factor=1.5, mode="bilinear")
        pipe = self.pipeline("image", request)
        return self.call(pipe, request, image=large, strength=request["strength"])

    def call(self, pipe, request, callback_on_step_end=None, **options):
        last = []

        def record(pipe, i, t, kwargs):
            changed = callback_on_step_end(pipe, i, t, kwargs) if callback_on_step_end else {}
            last[:] = [changed.get("latents", kwargs["latents"]).clone()]
            return changed

        count = len(request["seeds"])
        # An SDXL pipeline takes no negative prompt and an empty one for two things; the first is what nearly everyone
        # means.
        nothing = request["folder"].startswith("xl-") and not request["negative"]
        images = pipe([request["prompt"]] * count, negative_prompt=None if nothing else [request["negative"]] * count,
                      guidance_scale=request["guidance"], num_inference_steps=request["steps"], output_type="pt",
                      generator=[torch.Generator("cpu").manual_seed(seed) for seed in request["seeds"]],
                      callback_on_step_end=record, **request.get("more", {}), **options).images
        return {"latents": last[0], "images": pixels(images)}


def shown(golden):
    """The pictures and masks by name, for the record."""
    kinds = (("picture", golden.pictures), ("mask", golden.masks))
    return {f"{kind}{i}": torch.tensor(np.array(image)) for kind, images in kinds for i, image in enumerate(images)}


class Differential:
    """Levin and Fried 2023, arXiv:2306.00950, algorithm 1: before step i, what is brighter than i/n in the map that
    says how much to keep is the picture with the noise of that step."""

    def __init__(self, mask):
        self.mask = mask

    def after(self, pipe):
        prepare, add, known = pipe.prepare_latents, pipe.scheduler.add_noise, {}

        def prepared(*args, **kwargs):
            def remember(image, noise, timestep):
                known.update(image=image, noise=noise)
                return add(image, noise, timestep)
            pipe.scheduler.add_noise = remember
            latents = prepare(*args, **kwargs)
            pipe.scheduler.add_noise = add
            h, w = latents.shape[-2:]
            change = pipe.image_processor.__class__(vae_scale_factor=pipe.vae_scale_factor, do_normalize=False,
                                                    do_convert_grayscale=True)
            grey = change.preprocess(self.mask, height=h * pipe.vae_scale_factor, width=w * pipe.vae_scale_factor)
            known["keep"] = 1 - torch.nn.functional.interpolate(grey, size=(h, w))
            return latents

        def blend(pipe, i, t, kwargs):
            n = pipe.num_timesteps
            if i + 1 == n:
                return {}
            timestep = pipe.scheduler.timesteps[len(pipe.scheduler.timesteps) - n + i + 1]
            noised = add(known["image"], known["noise"], timestep[None])
            keep = (known["keep"] > (i + 1) / n).to(noised.dtype)
            return {"latents": noised * keep + kwargs["latents"] * (1 - keep)}

        pipe.prepare_latents = prepared
        return blend


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", type=Path, required=True, help="folder that sd1.py wrote")
    parser.add_argument("--out", type=Path, required=True, help="folder of test resources")
    args = parser.parse_args()
    torch.set_num_threads(1)
    golden, tensors = Golden(args.tiny), {}
    for i, request in enumerate(ASKS):
        tensors |= {f"run{i}.{name}": tensor.contiguous() for name, tensor in golden.run(request).items()}
        print(i, request["kind"], request["folder"], request["scheduler"], flush=True)
    tensors |= shown(golden)
    args.out.mkdir(parents=True, exist_ok=True)
    save_file(tensors, args.out / "reference.safetensors")
    packed(args.out / "reference.json.gz", {"runs": ASKS, "versions": versions()})


if __name__ == "__main__":
    main()
