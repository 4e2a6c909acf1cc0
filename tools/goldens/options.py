"""What diffusers draws with FreeU, ControlNets in guess mode, a cropped mask, and a range of skipped layers, on the
folders of sd1.py, sdxl.py, sd3.py and flux.py. CPU, f32."""
import argparse
from pathlib import Path

import diffusers
import numpy as np
import PIL.Image
import torch
from safetensors.torch import save_file

from controlnet import net, several
from kept import packed, pixels
from pictures import pictures
from sd1_reference import BANGS, WOMAN, public, versions
from transformer_pictures import picture


def ask(kind, pipeline, folder, *, steps=3, guidance=5.0, width=32, height=24, seeds=(0,), prompt=WOMAN,
        negative="blurry", **more):
    return dict(kind=kind, pipeline=pipeline, folder=folder, prompt=prompt, negative=negative, steps=steps,
                guidance=guidance, width=width, height=height, seeds=list(seeds), **more)


def guess(pipeline, folder, nets, *, scale=(1.0,), start=(0.0,), end=(1.0,), mode=None, image=None, **more):
    return ask("guess", pipeline, folder, nets=list(nets), scale=list(scale), start=list(start), end=list(end),
               mode=mode, image=image, **more)


def crop(pipeline, folder, padding, *, picture=0, mask=0, strength=0.8, nets=(), **more):
    return ask("crop", pipeline, folder, padding=padding, picture=picture, mask=mask, strength=strength,
               nets=list(nets), **more)


ASKS = [
    ask("freeu", "StableDiffusionPipeline", "sd1/base", freeu=[0.9, 0.2, 1.5, 1.6]),
    ask("freeu", "StableDiffusionPipeline", "sd1/four-levels", freeu=[0.7, 1.3, 1.2, 0.8], width=40, height=64,
        seeds=[1]),
    ask("freeu", "StableDiffusionPipeline", "sd1/v-prediction", freeu=[0.5, 0.4, 1.4, 1.6], prompt=BANGS, guidance=1.0,
        width=40, height=24, seeds=[2, 3]),
    ask("freeu", "StableDiffusionXLPipeline", "sdxl/xl-base", freeu=[0.9, 0.2, 1.3, 1.4], width=48, height=32,
        seeds=[4]),
    guess("StableDiffusionControlNetPipeline", "sd1/base", ["edges"], seeds=[5, 6]),
    guess("StableDiffusionControlNetPipeline", "sd1/base", ["edges", "depth"], seeds=[7], scale=[0.7, 0.5],
          start=[0.0, 0.3], end=[0.8, 1.0]),
    guess("StableDiffusionControlNetPipeline", "sd1/base", ["depth"], seeds=[8], guidance=1.0),
    guess("StableDiffusionControlNetImg2ImgPipeline", "sd1/base", ["depth"], seeds=[9], image=0.6),
    guess("StableDiffusionXLControlNetPipeline", "sdxl/xl-base", ["xl"], seeds=[10], scale=[0.5]),
    guess("StableDiffusionXLControlNetUnionPipeline", "sdxl/xl-base", ["xl-union"], seeds=[11], scale=[0.6], mode=[3],
          guidance=1.0),     # with guidance, diffusers fails here
    crop("StableDiffusionInpaintPipeline", "sd1/base", 2, seeds=[12]),
    crop("StableDiffusionInpaintPipeline", "sd1/base", 0, picture=1, mask=2, strength=1.0, width=24, height=40,
         seeds=[13]),
    crop("StableDiffusionInpaintPipeline", "sd1/inpainting", 5, picture=1, mask=3, strength=1.0, seeds=[14]),
    crop("StableDiffusionXLInpaintPipeline", "sdxl/xl-base", 40, picture=1, mask=2, width=48, height=32, seeds=[15]),
    crop("StableDiffusion3InpaintPipeline", "sd3/large", 3, picture=1, mask=3, width=32, height=32, seeds=[16]),
    crop("FluxInpaintPipeline", "flux/dev", 1, seeds=[17]),
    crop("StableDiffusionControlNetInpaintPipeline", "sd1/base", 4, picture=1, mask=3, nets=["edges"], strength=1.0,
         seeds=[18]),
    ask("skipping", "StableDiffusion3Pipeline", "sd3/medium", steps=6, seeds=[19], call={
        "skip_guidance_layers": [0, 2], "skip_layer_guidance_scale": 2.0, "skip_layer_guidance_start": 0.2,
        "skip_layer_guidance_stop": 0.8}),
    ask("skipping", "StableDiffusion3Pipeline", "sd3/three", steps=5, seeds=[20, 21], call={
        "skip_guidance_layers": [1], "skip_layer_guidance_scale": 0.6, "skip_layer_guidance_start": 0.5,
        "skip_layer_guidance_stop": 1.0}),
]


def masks():
    """The masks of pictures.py and two for its second picture: shades in a corner, and a wide bar whose surroundings
    are no whole number of times as large as what is drawn."""
    shades, bar = np.zeros((57, 64), "uint8"), np.zeros((57, 64), "uint8")
    shades[40:57, 50:61] = np.linspace(10, 255, 11).round()
    bar[20:29, 3:62] = 255
    return pictures()[1] + [PIL.Image.fromarray(mask, "L") for mask in (shades, bar)]


def opened(tiny, ask, controlnet):
    absent = dict.fromkeys({"sd1": ["safety_checker"],
                            "sd3": ["text_encoder_3", "tokenizer_3"] * (ask["folder"] == "sd3/medium")}
                           .get(ask["folder"].split("/")[0], []))
    own = {"controlnet": controlnet} if controlnet else {}
    pipe = getattr(diffusers, ask["pipeline"]).from_pretrained(Path(tiny, ask["folder"]), **own, **absent)
    pipe.set_progress_bar_config(disable=True)
    ask["scheduler"] = {"_class_name": type(pipe.scheduler).__name__} | public(pipe.scheduler.config)
    return pipe


@torch.no_grad()
def draw(tiny, ask):
    modules = [net(tiny, name)[0] for name in ask.get("nets", [])]
    pipe = opened(tiny, ask, modules[0] if len(modules) == 1 else modules)
    count = len(ask["seeds"])
    call = dict(prompt=[ask["prompt"]] * count, num_inference_steps=ask["steps"], guidance_scale=ask["guidance"],
                output_type="pt",
                generator=[torch.Generator("cpu").manual_seed(seed) for seed in ask["seeds"]], width=ask["width"],
                height=ask["height"])
    if "flux" not in ask["folder"]:
        call["negative_prompt"] = [ask["negative"]] * count
    if ask["kind"] == "freeu":
        pipe.enable_freeu(**dict(zip(("s1", "s2", "b1", "b2"), ask["freeu"])))
    if ask["kind"] == "guess":
        shown = [PIL.Image.fromarray(picture(ask["width"] + 8 * i, ask["height"])[:, ::1 - 2 * (i % 2)])
                 for i in range(len(modules))]
        ask["pictures"] = [list(image.size) for image in shown]
        call |= dict(controlnet_conditioning_scale=several(0, ask["scale"], modules), guess_mode=True,
                     control_guidance_start=several(0, ask["start"], modules),
                     control_guidance_end=several(0, ask["end"], modules))
        call["control_image" if ask["image"] or ask["mode"] else "image"] = several(0, shown, modules)
        if ask["image"]:
            call |= {"image": PIL.Image.fromarray(picture(ask["width"], ask["height"])), "strength": ask["image"]}
        if ask["mode"]:
            call |= {"control_mode": ask["mode"], "output_type": "latent"}
    if ask["kind"] == "crop":
        before = pictures()[0][ask["picture"]]
        call |= dict(image=before, mask_image=masks()[ask["mask"]], strength=ask["strength"],
                     padding_mask_crop=ask["padding"], output_type="pil")
        if modules:
            call |= dict(control_image=before.transpose(PIL.Image.Transpose.FLIP_LEFT_RIGHT),
                         controlnet_conditioning_scale=1.0)
    if ask["pipeline"] == "StableDiffusion3InpaintPipeline":
        # Of diffusers' Stable Diffusion 3 pipelines, inpainting alone decodes latents without their shift
        # (transformer_pictures.py).
        decode = pipe.vae.decode
        pipe.vae.decode = lambda z, *args, **kwargs: decode(z + pipe.vae.config.shift_factor, *args, **kwargs)
    return pipe(**call | ask.get("call", {})).images


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", required=True,
                        help="folder with sd1, sdxl, sd3 and flux, as their scripts wrote them")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    tensors = {f"mask{i}": torch.tensor(np.array(mask)) for i, mask in enumerate(masks()) if i > 1}
    for i, one in enumerate(ASKS):
        images = draw(args.tiny, one)
        if one["kind"] == "crop":
            tensors[f"run{i}.picture"] = torch.tensor(np.array(images[0]))
        elif one.get("mode"):
            tensors[f"run{i}.latents"] = images.contiguous()
        else:
            tensors[f"run{i}.images"] = pixels(images)
        print(i, one["kind"], one["folder"], flush=True)
    save_file(tensors, args.out / "reference.safetensors")
    packed(args.out / "reference.json.gz", {"runs": ASKS, "versions": versions()})


if __name__ == "__main__":
    main()
