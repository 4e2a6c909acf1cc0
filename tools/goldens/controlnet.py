"""What diffusers draws with tiny ControlNets of seeded weights on the folders of sd1.py, sdxl.py and flux.py. CPU,
f32."""
import argparse
import json
from pathlib import Path

import diffusers
import PIL.Image
import torch
from diffusers import (ControlNetModel, ControlNetUnionModel, FluxControlNetModel, FluxMultiControlNetModel,
                       UNet2DConditionModel)
from safetensors.torch import save_file

import flux
import kept
from seeded import fill
from sd1_reference import WOMAN, public, versions
from transformer_pictures import picture

# Seed, base and changes of its config.
FLUX = {key: value for key, value in flux.NET.items()} | dict(num_layers=1)
NETS = {
    "edges": (7000, "sd1/base", dict(conditioning_embedding_out_channels=(4, 6))),
    "depth": (7001, "sd1/base",
              dict(conditioning_embedding_out_channels=(8, 4), controlnet_conditioning_channel_order="bgr")),
    "xl": (7002, "sdxl/xl-base", dict(conditioning_embedding_out_channels=(4, 6, 5))),
    "xl-union": (7007, "sdxl/xl-base",
                 dict(conditioning_embedding_out_channels=(4, 6, 5), num_control_type=6, num_trans_channel=16,
                                            num_trans_head=2, num_trans_layer=2, num_proj_channel=16)),
    "xl-small": (7003, "sdxl/xl-base",
                 dict(conditioning_embedding_out_channels=(4, 6, 5), mid_block_type="UNetMidBlock2D")),
    "flux": (7004, None, FLUX),
    "flux-union": (7005, None, FLUX | dict(num_single_layers=0, num_mode=3)),
    "flux-pixels": (7006, None,
                    FLUX | dict(num_layers=2, num_single_layers=0, patch_size=2, conditioning_embedding_channels=4)),
}


def ask(pipeline, folder, nets, *, steps=4, guidance=5.0, width=32, height=24, seeds=(0,), scale=(1.0,), start=(0.0,),
        end=(1.0,), mode=None, image=None, call=None):
    return dict(pipeline=pipeline, folder=folder, nets=list(nets), prompt=WOMAN, negative="blurry", steps=steps,
                guidance=guidance,
                width=width, height=height, seeds=list(seeds), scale=list(scale), start=list(start), end=list(end),
                mode=mode, image=image, call=call or {}, kind="control")


ASKS = [
    ask("StableDiffusionControlNetPipeline", "sd1/base", ["edges"]),
    ask("StableDiffusionControlNetPipeline", "sd1/base", ["edges", "depth"], guidance=1.0, seeds=[3, 4],
        scale=[0.7, 0.5], start=[0.0, 0.3], end=[0.8, 1.0]),
    ask("StableDiffusionControlNetImg2ImgPipeline", "sd1/base", ["depth"], seeds=[5], image=0.6),
    ask("StableDiffusionXLControlNetPipeline", "sdxl/xl-base", ["xl"], seeds=[6], scale=[0.5]),
    ask("StableDiffusionXLControlNetPipeline", "sdxl/xl-base", ["xl-small", "xl"], seeds=[7], scale=[0.5, 0.4],
        start=[0, 0.5], end=[1.0, 1.0]),
    ask("FluxControlNetPipeline", "flux/dev", ["flux"], guidance=3.5, seeds=[8], scale=[0.8]),
    ask("FluxControlNetPipeline", "flux/dev", ["flux-union"], guidance=3.5, seeds=[10], mode=[2], end=[0.6],
        call={"true_cfg_scale": 3.0}),
    ask("FluxControlNetPipeline", "flux/dev", ["flux", "flux-union"], guidance=3.5, seeds=[11], scale=[0.6, 0.5],
        mode=[-1, 1], start=[0.0, 0.0], end=[1.0, 1.0]),
    ask("FluxControlNetImg2ImgPipeline", "flux/dev", ["flux"], guidance=3.5, seeds=[12], image=0.7),
    ask("StableDiffusionXLControlNetUnionPipeline", "sdxl/xl-base", ["xl-union"], seeds=[13], scale=[0.6], mode=[3],
        end=[0.8]),
    ask("StableDiffusionXLControlNetUnionPipeline", "sdxl/xl-base", ["xl-union"] * 2, seeds=[14, 15], scale=[0.7, 0.4],
        mode=[3, 1], start=[0.0, 0.0], end=[1.0, 0.6]),
]


def net(tiny, name):
    seed, base, changes = NETS[name]
    if base:
        unet = UNet2DConditionModel.from_pretrained(Path(tiny, base, "unet"))
        kind = ControlNetUnionModel if "num_control_type" in changes else ControlNetModel
        config = dict(kind.from_unet(unet, load_weights_from_unet=False).config) | changes
        module = kind(**{key: value for key, value in config.items() if not key.startswith("_")})
    else:
        module = FluxControlNetModel(**changes)
    return module, {"seed": seed, "tensors": fill(module, seed),
                    "config": {"_class_name": type(module).__name__} | json.loads(module.to_json_string())}


def several(kind, values, nets):
    return values[0] if len(nets) == 1 else values


@torch.no_grad()
def draw(tiny, ask, modules):
    chosen = [modules[name] for name in ask["nets"]]
    isflux = ask["folder"].startswith("flux")
    isunion = "Union" in ask["pipeline"]
    controlnet = chosen[0] if len(chosen) == 1 or isunion else FluxMultiControlNetModel(chosen) if isflux else chosen
    absent = {"safety_checker": None} if ask["folder"].startswith("sd1") else {}
    pipe = getattr(diffusers, ask["pipeline"]).from_pretrained(Path(tiny, ask["folder"]), controlnet=controlnet,
                                                               **absent)
    pipe.set_progress_bar_config(disable=True)
    ask["scheduler"] = {"_class_name": type(pipe.scheduler).__name__} | public(pipe.scheduler.config)
    count, width, height = len(ask["seeds"]), ask["width"], ask["height"]
    shown = [PIL.Image.fromarray(picture(width + 8 * i, height)[:, ::1 - 2 * (i % 2)]) for i in range(len(chosen))]
    call = dict(prompt=[ask["prompt"]] * count, num_inference_steps=ask["steps"], guidance_scale=ask["guidance"],
                output_type="latent" if isunion else "pt",
                generator=[torch.Generator("cpu").manual_seed(seed) for seed in ask["seeds"]],
                controlnet_conditioning_scale=several(0, ask["scale"], chosen),
                control_guidance_start=several(0, ask["start"], chosen),
                control_guidance_end=several(0, ask["end"], chosen))
    if not isflux or "true_cfg_scale" in ask["call"]:
        call["negative_prompt"] = [ask["negative"]] * count
    key = "control_image" if isflux or isunion or ask["image"] else "image"
    call[key] = several(0, shown, chosen)
    if ask["image"]:
        call |= {"image": PIL.Image.fromarray(picture(width, height)), "strength": ask["image"]}
    call |= {"width": width, "height": height}
    if ask["mode"]:
        call["control_mode"] = several(0, ask["mode"], chosen)
    return pipe(**call | ask["call"]).images, shown


@torch.no_grad()
def pixels(module):
    """One forward of the network that looks at pixels; no tiny autoencoder is as coarse as its layers."""
    generator = torch.Generator("cpu").manual_seed(5)
    c = module.config
    inputs = {"hidden": torch.randn((1, 6, c.in_channels), generator=generator),
              "picture": torch.rand((1, 3, 32, 48), generator=generator) * 2 - 1,
              "text": torch.randn((1, 5, c.joint_attention_dim), generator=generator),
              "pooled": torch.randn((1, c.pooled_projection_dim), generator=generator), "time": torch.tensor([0.4]),
              "guidance": torch.tensor([3.0]),
              "positions": torch.stack([torch.zeros(6), torch.arange(6) // 3, torch.arange(6) % 3], 1)}
    blocks, singles = module(inputs["hidden"], inputs["picture"], None, 0.75, inputs["text"], inputs["pooled"],
                             inputs["time"],
                             inputs["positions"], torch.zeros(5, 3), inputs["guidance"], return_dict=False)
    assert singles is None
    return {f"pixels.{name}": value.contiguous() for name, value in (inputs | {"blocks": torch.stack(blocks)}).items()}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", required=True, help="folder with sd1, sdxl and flux, as their scripts wrote them")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    modules, recipes = {}, {}
    for name in NETS:
        modules[name], recipes[name] = net(args.tiny, name)
    tensors = pixels(modules["flux-pixels"])
    for i, one in enumerate(ASKS):
        images, shown = draw(args.tiny, one, modules)
        # Latents say more in fewer bytes.
        tensors |= ({f"run{i}.latents": images} if "Union" in one["pipeline"]
                    else {f"run{i}.images": kept.pixels(images)})
        one["pictures"] = [list(image.size) for image in shown]
    save_file(tensors, args.out / "reference.safetensors")
    kept.packed(args.out / "reference.json.gz", {"runs": ASKS, "versions": versions()})
    kept.packed(args.out / "nets.json.gz", recipes)


if __name__ == "__main__":
    main()
