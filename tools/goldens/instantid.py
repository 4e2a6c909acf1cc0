"""What InstantID's published pipeline draws on a tiny SDXL with seeded weights, from a given face embedding and a given
image of keypoints. CPU, f32."""
import argparse
import sys
from pathlib import Path

import diffusers.models.controlnets.multicontrolnet
import PIL.Image
import torch
from diffusers import DDIMScheduler
from safetensors.torch import save_file

import controlnet
from ipadapter_kinds import attention, plus
from kept import packed
from sd1_reference import WOMAN, public, versions
from seeded import noise, seeded_tensors

FACE, TOKENS, WIDTH, HEADS = 512, 6, 48, 1
SEED = 6700
NET = "xl"
# Weight of the adapter and scale of the ControlNet, guidance, the ControlNet's share of the steps, and the seed of the
# face.
CASES = [(0.8, 0.8, 5.0, 0.0, 1.0, 1), (0.5, 0.3, 4.0, 0.0, 1.0, 2), (1.0, 0.6, 1.0, 0.0, 1.0, 1),
         (0.8, 0.8, 5.0, 0.0, 0.6, 3), (0.7, 0.9, 3.0, 0.3, 1.0, 2)]


def pipeline(tiny, published):
    sys.path.insert(0, str(published))
    # The module's place when the pipeline was published.
    sys.modules["diffusers.pipelines.controlnet.multicontrolnet"] = diffusers.models.controlnets.multicontrolnet
    from ip_adapter.resampler import Resampler
    from pipeline_stable_diffusion_xl_instantid import StableDiffusionXLInstantIDPipeline
    net, record = controlnet.net(tiny, NET)
    pipe = StableDiffusionXLInstantIDPipeline.from_pretrained(Path(tiny, "sdxl/xl-base"), controlnet=net)
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    cross = pipe.unet.config.cross_attention_dim
    shapes = {f"image_proj.{name}": shape for name, shape in plus(cross, FACE, TOKENS, WIDTH, HEADS).items()}
    shapes |= attention(pipe.unet)
    tensors = seeded_tensors(shapes, SEED)
    # The published sizes of the projection are constants of the pipeline.
    pipe.image_proj_model = Resampler(dim=WIDTH, depth=4, dim_head=64, heads=HEADS, num_queries=TOKENS,
                                      embedding_dim=FACE, output_dim=cross, ff_mult=4).eval()
    pipe.image_proj_model.load_state_dict(part(tensors, "image_proj."))
    pipe.image_proj_model_in_features = FACE
    file = published / "tiny.bin"
    torch.save({"ip_adapter": part(tensors, "ip_adapter.")}, file)
    pipe.set_ip_adapter(file, TOKENS, 1.0)
    file.unlink()
    return pipe, {"seed": SEED, "tensors": shapes}


def part(tensors, prefix):
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


@torch.no_grad()
def draw(pipe, weight, scale, guidance, start, end, face):
    width, height, seed, steps = 32, 24, 9, 4
    shown = PIL.Image.fromarray(controlnet.picture(width, height))
    # Embeddings before normalisation are longer than 1.
    embedding = 3 * noise(face, 1, FACE) / FACE ** 0.5
    images = pipe(prompt=WOMAN, negative_prompt="blurry", image=shown, image_embeds=embedding, width=width,
                  height=height,
                  controlnet_conditioning_scale=scale, control_guidance_start=start, control_guidance_end=end,
                  ip_adapter_scale=weight, guidance_scale=guidance, num_inference_steps=steps, output_type="latent",
                  generator=torch.Generator("cpu").manual_seed(seed)).images
    asks = dict(kind="instantid", folder="sdxl/xl-base", net=NET, weight=weight, scale=scale, start=start, end=end,
                guidance=guidance, prompt=WOMAN, negative="blurry", width=width, height=height, steps=steps,
                seeds=[seed], scheduler={"_class_name": "DDIMScheduler"} | public(pipe.scheduler.config))
    return asks, {"face": embedding, "latents": images}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiny", required=True, type=Path, help="the folder that has sdxl")
    parser.add_argument("--instantid", required=True, type=Path, help="a checkout of instantX-research/InstantID")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    pipe, adapter = pipeline(args.tiny, args.instantid)
    runs = [draw(pipe, *case) for case in CASES]
    save_file({f"run{i}.{key}": value.contiguous() for i, (_, tensors) in enumerate(runs)
               for key, value in tensors.items()},
              args.out / "reference.safetensors")
    packed(args.out / "reference.json.gz",
           {"runs": [asks for asks, _ in runs], "adapter": adapter, "versions": versions()})


if __name__ == "__main__":
    main()
