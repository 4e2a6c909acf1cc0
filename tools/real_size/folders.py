"""Diffusers folders of the size and layout of Stable Diffusion 1.5 and SDXL with random weights in half precision: time
and memory of opening and generating do not depend on the values. `--narrow` is an SDXL of a fifth of the width and
with two layers in each text encoder, with a ControlNet for it in the folder `controlnet`; it prints the products of a
step, and of what identity methods add to it."""
import argparse
import sys
from pathlib import Path

import torch
from diffusers import (AutoencoderKL, ControlNetModel, EulerDiscreteScheduler, PNDMScheduler, StableDiffusionPipeline,
                       StableDiffusionXLPipeline, UNet2DConditionModel)
from torch.utils.flop_counter import FlopCounterMode
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

sys.path.append(str(Path(__file__).resolve().parents[1] / "measuring"))
import model_shapes  # noqa: E402

BETAS = {name: value for name, value in model_shapes.BETAS.items() if name != "timestep_spacing"}
XL = model_shapes.XL
NARROW = dict(block_out_channels=(64, 128, 256), attention_head_dim=(1, 2, 4))
NARROW_VAE = dict(block_out_channels=(32, 32, 32, 32))


def tokenizer(clip, padding):
    return CLIPTokenizer(str(clip / "vocab.json"), str(clip / "merges.txt"), pad_token=padding, model_max_length=77)


def autoencoder(size, scale, **options):
    return AutoencoderKL(**model_shapes.VAE | dict(sample_size=size, scaling_factor=scale, force_upcast=True) | options)


def text(kind, **options):
    return kind(CLIPTextConfig(vocab_size=49408, **options))


def sd15(clip):
    return StableDiffusionPipeline(
        unet=UNet2DConditionModel(**model_shapes.SD15), vae=autoencoder(512, 0.18215),
        text_encoder=text(CLIPTextModel, **model_shapes.CLIP), tokenizer=tokenizer(clip, "<|endoftext|>"),
        scheduler=PNDMScheduler(skip_prk_steps=True, **BETAS), safety_checker=None, feature_extractor=None,
        requires_safety_checker=False)


def sdxl(clip):
    return StableDiffusionXLPipeline(
        unet=UNet2DConditionModel(**XL), vae=autoencoder(1024, 0.13025),
        text_encoder=text(CLIPTextModel, **model_shapes.CLIP),
        text_encoder_2=text(CLIPTextModelWithProjection, **model_shapes.BIGG),
        tokenizer=tokenizer(clip, "<|endoftext|>"), tokenizer_2=tokenizer(clip, "!"),
        scheduler=EulerDiscreteScheduler(**BETAS), add_watermarker=False)


def narrow(clip):
    few = dict(num_hidden_layers=2)
    return StableDiffusionXLPipeline(
        unet=UNet2DConditionModel(**XL | NARROW), vae=autoencoder(1024, 0.13025, **NARROW_VAE),
        text_encoder=text(CLIPTextModel, **model_shapes.CLIP | few),
        text_encoder_2=text(CLIPTextModelWithProjection, **model_shapes.BIGG | few),
        tokenizer=tokenizer(clip, "<|endoftext|>"), tokenizer_2=tokenizer(clip, "!"),
        scheduler=EulerDiscreteScheduler(**BETAS), add_watermarker=False)


def products(network, side, **more):
    """Floating-point operations of a forward pass with two rows, by torch's counter, without computing it."""
    with torch.device("meta"):
        given = (torch.empty(2, 4, side // 8, side // 8), torch.empty(2), torch.empty(2, 77, 2048))
        ids = dict(text_embeds=torch.empty(2, 1280), time_ids=torch.empty(2, 6))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.to("meta", torch.float32)(*given, added_cond_kwargs=ids, **more)
    return counter.get_total_flops()


def count(side):
    """Prints the operations of a step of the narrow SDXL, and those that identity methods add."""
    with torch.device("meta"):
        unet = UNet2DConditionModel(**XL | NARROW)
    net = ControlNetModel.from_unet(unet, load_weights_from_unet=False)
    step = products(unet, side)
    cross = [(module.to_q.in_features, name) for name, module in unet.named_modules() if name.endswith("attn2")]
    tokens = {width: (side // 8 // scale) ** 2 for width, scale in zip(NARROW["block_out_channels"][1:], (2, 4))}

    def attend(count):
        # Scores and sums over the values, two operations each, in two rows.
        return sum(2 * 4 * tokens[width] * count * width for width, _ in cross)

    def lora(rank):
        layers = [module for name, module in unet.named_modules()
                  if name.endswith(("to_q", "to_out.0")) or ".attn1." in name and name.endswith(("to_k", "to_v"))]
        return sum(2 * 2 * tokens[layer.out_features] * rank * (layer.in_features + layer.out_features)
                   for layer in layers)

    with torch.device("meta"):
        image = torch.empty(2, 3, side, side)
    added = {"instantid": attend(16), "controlnet": products(net, side, controlnet_cond=image, return_dict=False),
             "pulid": attend(52) + attend(52) // 2, "photomaker": lora(64)}
    print(f"a step {step / 1e9:.1f} GFLOP", *(f"{name} {value / 1e9:.2f} ({100 * value / step:.2f} %)"
                                               for name, value in added.items()), sep=", ")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", type=Path, required=True,
                        help="folder with CLIP's published vocab.json and merges.txt")
    parser.add_argument("--sd15", type=Path, help="receives a Stable Diffusion 1.5 of 2.1 GB")
    parser.add_argument("--sdxl", type=Path, help="receives an SDXL of 6.9 GB")
    parser.add_argument("--narrow", type=Path, help="receives a narrow SDXL of 0.6 GB and its ControlNet")
    parser.add_argument("--side", type=int, default=256, help="pixels along a side, for the products of a step")
    args = parser.parse_args()
    torch.manual_seed(1)
    torch.set_default_dtype(torch.float16)
    for make, out in ((sd15, args.sd15), (sdxl, args.sdxl)):
        if out:
            make(args.clip).save_pretrained(out)
    if args.narrow:
        pipe = narrow(args.clip)
        pipe.save_pretrained(args.narrow)
        ControlNetModel.from_unet(pipe.unet).save_pretrained(args.narrow / "controlnet")
        torch.set_default_dtype(torch.float32)
        count(args.side)


if __name__ == "__main__":
    main()
