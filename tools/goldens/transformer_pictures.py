"""What diffusers draws from a picture with a transformer: image-to-image, inpainting, Fill, Kontext, FLUX.2's
editing."""
import argparse
from pathlib import Path

import diffusers
import numpy as np
import PIL.Image
import torch
from safetensors.torch import save_file

from clip_vocabulary import write_json
from kept import pixels
from sd1_reference import BANGS, WOMAN, public, versions


def ask(pipeline, folder, *, prompt=WOMAN, steps=4, guidance=3.5, strength=None, width=40, height=24, seed=0,
        mask=False, shown=None, call=None):
    """`shown` is the size of the picture where it is not the request's."""
    return dict(shown=shown or (width, height), pipeline=pipeline, folder=folder, prompt=prompt, steps=steps,
                guidance=guidance, strength=strength, width=width, height=height, seed=seed, mask=mask, call=call or {})


ASKS = {"joint": [
    ask("FluxImg2ImgPipeline", "flux/dev", steps=5, strength=0.7),
    ask("FluxImg2ImgPipeline", "flux/schnell", steps=4, strength=0.5, seed=3),
    ask("FluxInpaintPipeline", "flux/dev", steps=5, strength=0.8, seed=4, mask=True),
    ask("FluxFillPipeline", "flux/fill", prompt=BANGS, guidance=30.0, seed=5, mask=True),
    ask("FluxFillPipeline", "flux/fill", guidance=10.0, steps=6, strength=0.7, seed=6, mask=True),
    ask("FluxKontextPipeline", "flux/dev", seed=7, call={"_auto_resize": False, "max_area": 40 * 24}),
    ask("StableDiffusion3Img2ImgPipeline", "sd3/three", steps=5, guidance=5.0, strength=0.6, seed=8),
    ask("StableDiffusion3InpaintPipeline", "sd3/large", steps=5, guidance=5.0, strength=0.7, seed=9, mask=True),
    ask("StableDiffusion3InpaintPipeline", "sd3/large", prompt=BANGS, guidance=1.0, strength=1.0, seed=10, mask=True),
], "qwen": [
    ask("ZImageImg2ImgPipeline", "zimage/turbo", steps=5, guidance=3.0, strength=0.6, width=24, seed=1),
    ask("ZImageInpaintPipeline", "zimage/turbo", steps=4, guidance=0.0, strength=0.8, width=24, seed=2, mask=True),
    ask("ZImageInpaintPipeline", "zimage/turbo", steps=2, guidance=2.0, strength=1.0, height=16, seed=3, mask=True),
    ask("Flux2KleinPipeline", "klein/base", guidance=3.0, width=24, height=16, shown=(67, 64), steps=2, seed=4),
    ask("Flux2KleinInpaintPipeline", "klein/base", guidance=2.0, steps=4, strength=0.7, width=24, height=16, seed=5,
        mask=True),
]}


def picture(width, height):
    """A coloured slope with a dark square, every pixel another."""
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.stack([x * 255 // max(1, width - 1), y * 255 // max(1, height - 1), (x * 7 + y * 13) % 256], -1)
    rgb[height // 3:height // 2, width // 3:width // 2] = 20
    return rgb.astype(np.uint8)


def hole(width, height):
    mask = np.zeros((height, width), np.uint8)
    mask[height // 4:height // 4 * 3, width // 2:] = 255
    return mask


@torch.no_grad()
def draw(tiny, ask):
    pipe = getattr(diffusers, ask["pipeline"]).from_pretrained(Path(tiny, ask["folder"]))
    pipe.set_progress_bar_config(disable=True)
    width, height = ask["width"], ask["height"]
    call = dict(prompt=ask["prompt"], image=PIL.Image.fromarray(picture(*ask["shown"])), width=width, height=height,
                num_inference_steps=ask["steps"], guidance_scale=ask["guidance"], output_type="pt",
                generator=[torch.Generator("cpu").manual_seed(ask["seed"])]) | ask["call"]
    if ask["mask"]:
        call["mask_image"] = PIL.Image.fromarray(hole(width, height))
    if ask["strength"]:
        call["strength"] = ask["strength"]
    scheduler = {"_class_name": type(pipe.scheduler).__name__} | public(pipe.scheduler.config)
    if ask["pipeline"] == "StableDiffusion3InpaintPipeline":
        return shifted(pipe, call), scheduler
    return pipe(**call).images, scheduler


def shifted(pipe, call):
    """Of diffusers' Stable Diffusion 3 pipelines, inpainting alone decodes latents without their shift; decoded as the
    others do. The script ends where that is no longer so."""
    decode, seen = pipe.vae.decode, []

    def decoded(z, *args, **kwargs):
        seen.append(z)
        return decode(z + pipe.vae.config.shift_factor, *args, **kwargs)

    pipe.vae.decode = decoded
    images = pipe(**call).images
    latents = pipe(**call | {"output_type": "latent",
                             "generator": [g.manual_seed(g.initial_seed()) for g in call["generator"]]})
    if not torch.equal(seen[0], latents.images / pipe.vae.config.scaling_factor):
        raise SystemExit("diffusers' inpainting now undoes the shift of the latents: leave it alone")
    return images


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", required=True, help="folder with what flux.py, sd3.py and zimage_klein.py wrote")
    parser.add_argument("--asks", default="joint", choices=list(ASKS))
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    torch.set_num_threads(1)
    out, tensors, runs = Path(args.out), {}, []
    out.mkdir(parents=True, exist_ok=True)
    for i, one in enumerate(ASKS[args.asks]):
        images, scheduler = draw(args.tiny, one)
        tensors[f"run{i}.images"] = pixels(images)
        tensors[f"run{i}.picture"] = torch.from_numpy(picture(*one["shown"]))
        if one["mask"] or args.asks == "joint":
            tensors[f"run{i}.mask"] = torch.from_numpy(hole(one["width"], one["height"]))
        runs.append(one | {"scheduler": scheduler})
    save_file(tensors, out / "reference.safetensors")
    write_json(out / "reference.json", {"runs": runs, "versions": versions()})


if __name__ == "__main__":
    main()
