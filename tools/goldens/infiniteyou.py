"""What InfiniteYou's published pipeline draws on a tiny FLUX.1 with seeded weights, from given face embeddings and given
control images. CPU, f32.

    python infiniteyou.py --tiny FOLDER --infiniteyou CHECKOUT --out FOLDER
"""
import argparse
import sys
from pathlib import Path

import diffusers.models.controlnets.controlnet_flux
import numpy as np
import PIL.Image
import torch
from diffusers import FluxControlNetModel
from safetensors.torch import save_file

import controlnet
import flux
from kept import packed
from published import COMMITS, module
from sd1_reference import WOMAN, versions
from seeded import fill, noise

FACE, TOKENS, WIDTH, HEADS = 512, 8, 64, 1
PROJECTION, NET, LORA = 6900, 6901, 6902
LAYERS = ("transformer_blocks.1.attn.to_q", "single_transformer_blocks.0.proj_out")
LORA_SCALE = 0.7
# Scale, photos, guidance, the share of the steps, true CFG, whether a LoRA is beside, whether the control image is black.
CASES = [(1.0, [1], 3.5, 0.0, 1.0, 1.0, False, False), (0.6, [2], 4.0, 0.0, 1.0, 1.0, False, True),
         (1.0, [1, 2, 3], 3.5, 0.0, 1.0, 1.0, False, False), (0.9, [3], 3.5, 0.25, 1.0, 1.0, False, False),
         (1.0, [2], 3.5, 0.0, 0.6, 1.0, False, True), (0.8, [1], 1.0, 0.0, 1.0, 3.0, False, False),
         (1.0, [3], 3.5, 0.0, 1.0, 1.0, True, True)]


def pipeline(tiny, checkout):
    # The module's place when the pipeline was published.
    sys.modules["diffusers.models.controlnet_flux"] = diffusers.models.controlnets.controlnet_flux
    net = FluxControlNetModel(**flux.NET | dict(num_layers=1, num_single_layers=1))
    shapes = fill(net, NET)
    config = {"_class_name": "FluxControlNetModel"} | flux.NET | dict(num_layers=1, num_single_layers=1)
    pipe = module(checkout, "pipelines.pipeline_flux_infusenet").FluxInfuseNetPipeline.from_pretrained(
        str(tiny / "flux/dev"), controlnet=net)
    pipe.set_progress_bar_config(disable=True)
    projection = module(checkout, "pipelines.resampler").Resampler(
        dim=WIDTH, depth=4, dim_head=64, heads=HEADS, num_queries=TOKENS, embedding_dim=FACE,
        output_dim=flux.NET["joint_attention_dim"], ff_mult=4)
    names = {f"image_proj.{name}": shape for name, shape in fill(projection, PROJECTION).items()}
    return pipe, projection, {"net": {"seed": NET, "config": config, "tensors": shapes},
                              "adapter": {"seed": PROJECTION, "tensors": names}}


def lora(net):
    """A LoRA of two layers, by diffusers' names."""
    made, modules = {}, dict(net.named_modules())
    for i, name in enumerate(LAYERS):
        out, into = modules[name].weight.shape
        made[f"transformer.{name}.lora_A.weight"] = noise(LORA + 2 * i, 2, into) / into ** 0.5
        made[f"transformer.{name}.lora_B.weight"] = noise(LORA + 2 * i + 1, out, 2)
    return made


def face(seed):
    """Embeddings of InfiniteYou's recogniser have length 1."""
    return torch.nn.functional.normalize(noise(seed, 1, 1, FACE), dim=-1)


@torch.no_grad()
def draw(pipe, projection, scale, photos, guidance, start, end, true_cfg, beside, black):
    width, height, seed, steps = 40, 24, 5, 4
    shown = np.zeros((height, width, 3), np.uint8) if black else controlnet.picture(width, height)
    tokens = torch.cat([projection(face(photo)) for photo in photos], 1)
    pipe.set_adapters(["beside"], [LORA_SCALE if beside else 0.0])
    more = {} if true_cfg == 1 else dict(negative_prompt="blurry", true_guidance_scale=true_cfg)
    torch.manual_seed(seed)
    latents = pipe(prompt=WOMAN, controlnet_prompt_embeds=tokens, control_image=PIL.Image.fromarray(shown),
                   guidance_scale=guidance, num_inference_steps=steps, controlnet_guidance_scale=1.0,
                   controlnet_conditioning_scale=scale, control_guidance_start=start, control_guidance_end=end,
                   width=width, height=height, output_type="latent", **more).images
    asks = dict(kind="infiniteyou", scale=scale, photos=photos, guidance=guidance, start=start, end=end, true_cfg=true_cfg,
                lora=LORA_SCALE if beside else 0.0, black=black, prompt=WOMAN, negative="blurry", width=width,
                height=height, steps=steps, seeds=[seed])
    return asks, pipe._unpack_latents(latents, height, width, pipe.vae_scale_factor)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", required=True, type=Path, help="the folder that has flux")
    parser.add_argument("--infiniteyou", required=True, help="a checkout of bytedance/InfiniteYou")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    pipe, projection, networks = pipeline(args.tiny, args.infiniteyou)
    beside = lora(pipe.transformer)
    pipe.load_lora_weights(dict(beside), adapter_name="beside")
    runs = [draw(pipe, projection, *case) for case in CASES]
    tensors = {f"run{i}.latents": latents for i, (_, latents) in enumerate(runs)}
    tensors |= {f"face{seed}": face(seed)[0, 0] for seed in (1, 2, 3)}
    tensors |= {f"lora.{name}": value for name, value in beside.items()}
    args.out.mkdir(parents=True, exist_ok=True)
    save_file({name: value.detach().clone().contiguous() for name, value in tensors.items()},
              args.out / "reference.safetensors")
    packed(args.out / "reference.json.gz", {
        "runs": [asks for asks, _ in runs], "commits": {"infiniteyou": COMMITS["infiniteyou"]}, "versions": versions()}
        | networks)


if __name__ == "__main__":
    main()
