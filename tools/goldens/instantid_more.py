"""What InstantID's published pipeline draws with a LoRA beside, and from the tokens of three faces. CPU, f32.

    python instantid_more.py --tiny FOLDER --instantid CHECKOUT --out FOLDER

The networks are those of instantid.py. The published pipeline takes one face; the tokens of several, which it makes one
by one, are joined here, as IP-Adapters join those of several references.
"""
import argparse
from pathlib import Path

import PIL.Image
import torch
from safetensors.torch import save_file

import controlnet
import instantid
from kept import packed
from published import COMMITS
from sd1_reference import WOMAN, public, versions
from seeded import noise

LORA, LORA_SCALE = 6710, 0.7
LAYERS = ("attn1.to_q", "attn2.to_out.0")
# Weight of the adapter and scale of the ControlNet, guidance, the ControlNet's share of the steps, the seeds of the
# faces, and whether a LoRA is beside.
CASES = [(0.8, 0.8, 5.0, 0.0, 1.0, [1], True), (0.5, 0.6, 4.0, 0.0, 1.0, [2], True),
         (0.8, 0.8, 5.0, 0.0, 1.0, [1, 2, 3], False), (0.6, 0.4, 1.0, 0.0, 1.0, [3, 1, 2], False),
         (0.8, 0.9, 4.0, 0.25, 0.75, [1, 2, 3], True)]


def lora(unet):
    """A LoRA of two layers of the first block with a transformer, by diffusers' names."""
    made, modules = {}, dict(unet.named_modules())
    block = next(name for name in modules if name.endswith("transformer_blocks.0"))
    for i, layer in enumerate(LAYERS):
        out, into = modules[f"{block}.{layer}"].weight.shape
        made[f"unet.{block}.{layer}.lora_A.weight"] = noise(LORA + 2 * i, 2, into) / into ** 0.5
        made[f"unet.{block}.{layer}.lora_B.weight"] = noise(LORA + 2 * i + 1, out, 2)
    return made


def face(seed):
    """Embeddings before normalisation are longer than 1."""
    return 3 * noise(seed, 1, instantid.FACE) / instantid.FACE ** 0.5


@torch.no_grad()
def draw(pipe, weight, scale, guidance, start, end, faces, beside):
    width, height, seed, steps = 32, 24, 9, 4
    alone = type(pipe)._encode_prompt_image_emb
    pipe._encode_prompt_image_emb = lambda given, *more: torch.cat(
        [alone(pipe, one[None], *more) for one in given], 1)
    for processor in pipe.unet.attn_processors.values():
        if hasattr(processor, "num_tokens"):
            processor.num_tokens = len(faces) * instantid.TOKENS
    pipe.set_adapters(["beside"], [LORA_SCALE if beside else 0.0])
    images = pipe(prompt=WOMAN, negative_prompt="blurry", image=PIL.Image.fromarray(controlnet.picture(width, height)),
                  image_embeds=torch.cat([face(one) for one in faces]), width=width, height=height,
                  controlnet_conditioning_scale=scale, control_guidance_start=start, control_guidance_end=end,
                  ip_adapter_scale=weight, guidance_scale=guidance, num_inference_steps=steps, output_type="latent",
                  generator=torch.Generator("cpu").manual_seed(seed)).images
    asks = dict(kind="instantid", folder="sdxl/xl-base", net=instantid.NET, weight=weight, scale=scale, start=start,
                end=end, guidance=guidance, faces=faces, lora=LORA_SCALE if beside else 0.0, prompt=WOMAN,
                negative="blurry", width=width, height=height, steps=steps, seeds=[seed],
                scheduler={"_class_name": "DDIMScheduler"} | public(pipe.scheduler.config))
    return asks, images


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", required=True, type=Path, help="the folder that has sdxl")
    parser.add_argument("--instantid", required=True, type=Path, help="a checkout of instantX-research/InstantID")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    pipe, _ = instantid.pipeline(args.tiny, args.instantid)
    beside = lora(pipe.unet)
    pipe.load_lora_weights(dict(beside), adapter_name="beside")
    runs = [draw(pipe, *case) for case in CASES]
    tensors = {f"run{i}.latents": latents for i, (_, latents) in enumerate(runs)}
    tensors |= {f"face{seed}": face(seed)[0] for seed in (1, 2, 3)}
    tensors |= {f"lora.{name}": value for name, value in beside.items()}
    args.out.mkdir(parents=True, exist_ok=True)
    save_file({name: value.detach().clone().contiguous() for name, value in tensors.items()},
              args.out / "reference.safetensors")
    packed(args.out / "reference.json.gz", {"runs": [asks for asks, _ in runs],
                                            "commits": {"instantid": COMMITS["instantid"]}, "versions": versions()})


if __name__ == "__main__":
    main()
