"""Times the parts of a generation in diffusers and prints them beside JMH's figures for the same parts.

    python steps.py BASE DTYPE SIDE JMH.json

BASE is a diffusers folder, DTYPE f32, bf16 or int8, SIDE the width and height of the image in pixels. The best of four
calls is taken, in bf16 with channels last, which is diffusers' fastest setting on a CPU; with int8, diffusers computes
in bf16. If OpenVINO is installed, its step of a UNet without size conditioning is timed too. If stable-diffusion.cpp is
installed, it generates an image in two steps from the same folder, in the types it chooses; its faster step and its
decoding are printed too.
"""
import json
import sys
import tempfile
from pathlib import Path

import openvino_step
import processes
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel

sys.path.append(str(Path(__file__).resolve().parents[1] / "measuring"))
import ratios  # noqa: E402

BASE, DTYPE, SIDE, JMH = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]
TYPE = torch.float32 if DTYPE == "f32" else torch.bfloat16


def opened(kind, folder):
    network = kind.from_pretrained(BASE, subfolder=folder, torch_dtype=TYPE)
    return network.to(memory_format=torch.channels_last) if DTYPE != "f32" else network


def best(call):
    return ratios.best(call, 4)


@torch.no_grad()
def times(wanted):
    if "step" in wanted:
        unet = opened(UNet2DConditionModel, "unet")
        latents = torch.randn(2, unet.config.in_channels, SIDE // 8, SIDE // 8, dtype=TYPE)
        text = torch.randn(2, 77, unet.config.cross_attention_dim, dtype=TYPE)
        sizes = {"text_embeds": torch.randn(2, 1280, dtype=TYPE), "time_ids": torch.ones(2, 6)}
        yield "step", best(lambda: unet(latents, 500, encoder_hidden_states=text, added_cond_kwargs=sizes))
        del unet
    vae = opened(AutoencoderKL, "vae")
    if "decode" in wanted:
        latents = torch.randn(1, vae.config.latent_channels, SIDE // 8, SIDE // 8, dtype=TYPE)
        yield "decode", best(lambda: vae.decode(latents))
    if "encode" in wanted:
        image = torch.randn(1, 3, SIDE, SIDE, dtype=TYPE)
        yield "encode", best(lambda: vae.encode(image).latent_dist.mode())
    if "prompts" in wanted:
        encoder = opened(CLIPTextModel, "text_encoder")
        yield "prompts", best(lambda: encoder(torch.ones(2, 77, dtype=torch.long)))


ours = {result["benchmark"].rsplit(".", 1)[1]: min(result["primaryMetric"]["rawData"][0])
        for result in json.load(open(JMH))}


def beside(part, **others):
    return ratios.line(f"{DTYPE} {SIDE}x{SIDE} {part}", {"likeness": ours[part]} | others, "ms", 0)


for part, theirs in times(ours):
    print(beside(part, diffusers=theirs), flush=True)
sized = UNet2DConditionModel.load_config(BASE, subfolder="unet").get("addition_embed_type")
if "step" in ours and not sized and openvino_step.is_installed(DTYPE):
    theirs, closeness = openvino_step.measure(BASE, DTYPE, SIDE)
    print(beside("step", OpenVINO=theirs), flush=True)
    if closeness is not None:
        print(f"OpenVINO in 8 bits: {closeness:.1f} dB to its own f32", flush=True)
wanted = {"step", "decode"} & ours.keys()
if command := wanted and processes.cpp():
    with tempfile.TemporaryDirectory() as out:
        run = processes.run(processes.cpp_command(command, processes.single(BASE, out), SIDE, 2, 7.5, out + "/cpp.png"),
                            processes.CPP, processes.plain())
    for part in sorted(wanted):
        print(beside(part, **{"stable-diffusion.cpp": 1000 * getattr(run, part)}))
