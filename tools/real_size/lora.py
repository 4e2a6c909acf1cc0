"""Seconds of a training step of a LoRA with diffusers and peft (rank 4, attention, one image), the fastest after the
first step, the peak of resident memory, the trained numbers, the floating-point operations of a step, and the rate of a
plain product of matrices in the same process: `seconds SECONDS peak KILOBYTES trained NUMBERS gflop GFLOP rate
GFLOP_PER_SECOND`. BASE is a diffusers folder of Stable Diffusion 1.5, SDXL, FLUX.2 klein or Z-Image.

    python lora.py BASE DTYPE SIDE [recompute]
"""
import json
import re
import sys
import time
from pathlib import Path

import torch
from diffusers import Flux2KleinPipeline, Flux2Transformer2DModel, UNet2DConditionModel, ZImageTransformer2DModel
from diffusers.training_utils import cast_training_params
from peft import LoraConfig
from tokenizers import Tokenizer
from torch.utils.flop_counter import FlopCounterMode, sdpa_backward_flop_count, sdpa_flop_count

MATRIX = 2048
RANK = 4
BASE, DTYPE, SIDE = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
dtype = torch.bfloat16 if DTYPE == "bf16" else torch.float32
CLIP_TOKENS, KLEIN_TOKENS = 77, 512
SIZES = 6  # SDXL's numbers about an image's size, each embedded
TIME = torch.tensor([500])
# What likeness trains as LoraTargets.ATTENTION, by its caption without templates.
ATTENTION = re.compile(r".*\.(to_[qkv]|to_out(\.0)?|add_[qkv]_proj|to_add_out|to_qkv_mlp_proj)")
CAPTION = "<|im_start|>user\nsks man<|im_end|>\n<|im_start|>assistant\n"


def unet():
    """The network, the shape of its latents, and how it predicts from them."""
    net = UNet2DConditionModel.from_pretrained(BASE, subfolder="unet", torch_dtype=dtype)
    if DTYPE == "bf16":
        net.to(memory_format=torch.channels_last)
    text = torch.randn(1, CLIP_TOKENS, net.config.cross_attention_dim, dtype=dtype)
    added = None
    if net.config.addition_embed_type == "text_time":
        pooled = net.config.projection_class_embeddings_input_dim - SIZES * net.config.addition_time_embed_dim
        added = dict(text_embeds=torch.randn(1, pooled, dtype=dtype), time_ids=torch.full((1, SIZES), float(SIDE)))
    return net, (1, 4, SIDE // scale(), SIDE // scale()), lambda latents: net(
        latents, TIME, encoder_hidden_states=text, added_cond_kwargs=added).sample


def klein():
    net = Flux2Transformer2DModel.from_pretrained(BASE, subfolder="transformer", torch_dtype=dtype)
    shape = (1, net.config.in_channels, SIDE // scale() // 2, SIDE // scale() // 2)
    text = torch.randn(1, KLEIN_TOKENS, net.config.joint_attention_dim, dtype=dtype)
    places = dict(txt_ids=Flux2KleinPipeline._prepare_text_ids(text),
                  img_ids=Flux2KleinPipeline._prepare_latent_ids(torch.empty(shape)))

    def predict(latents):
        packed = net(hidden_states=Flux2KleinPipeline._pack_latents(latents), timestep=TIME / 1000, guidance=None,
                     encoder_hidden_states=text, **places).sample
        return Flux2KleinPipeline._unpack_latents_with_ids(packed, places["img_ids"])

    return net, shape, predict


def zimage():
    net = ZImageTransformer2DModel.from_pretrained(BASE, subfolder="transformer", torch_dtype=dtype)
    tokens = len(Tokenizer.from_file(str(BASE / "tokenizer/tokenizer.json")).encode(CAPTION).ids)
    text = torch.randn(tokens, net.config.cap_feat_dim, dtype=dtype)
    return net, (1, net.config.in_channels, SIDE // scale(), SIDE // scale()), lambda latents: net(
        [latents[0].unsqueeze(1)], TIME / 1000, [text], return_dict=False)[0][0].transpose(0, 1)


def scale():
    """Pixels of an image beside a pixel of its latents."""
    return 2 ** (len(json.loads((BASE / "vae/config.json").read_text("utf-8"))["block_out_channels"]) - 1)


OPENED = {"Flux2KleinPipeline": klein, "ZImagePipeline": zimage}
PIPELINE = json.loads((BASE / "model_index.json").read_text("utf-8"))["_class_name"]
net, SHAPE, predict = OPENED.get(PIPELINE, unet)()
net.requires_grad_(False)
net.add_adapter(LoraConfig(r=RANK, lora_alpha=RANK, init_lora_weights="gaussian", target_modules=[
    name for name, layer in net.named_modules() if isinstance(layer, torch.nn.Linear) and ATTENTION.fullmatch(name)]))
cast_training_params(net, dtype=torch.float32)
if len(sys.argv) > 4:
    net.enable_gradient_checkpointing()
net.train()
learned = [p for p in net.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(learned, lr=1e-4)


def step():
    latents = torch.randn(SHAPE, dtype=dtype)
    noise = torch.randn_like(latents)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=DTYPE == "bf16"):
        answer = predict(latents)
    torch.nn.functional.mse_loss(answer.float(), noise.float()).backward()
    torch.nn.utils.clip_grad_norm_(learned, 1.0)
    optimizer.step()
    optimizer.zero_grad()


def seconds(call, runs):
    times = []
    for _ in range(runs):
        begun = time.perf_counter()
        call()
        times.append(time.perf_counter() - begun)
    return min(times[1:])


fastest = seconds(step, 4)
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
matrix = torch.randn(MATRIX, MATRIX, dtype=dtype)
rate = 2e-9 * MATRIX ** 3 / seconds(lambda: matrix @ matrix, 6)
# Torch counts the attention of GPUs only.
aten = torch.ops.aten
attention = {
    aten._scaled_dot_product_flash_attention_for_cpu:
        lambda *shapes, **_: sdpa_flop_count(*shapes[:3]),
    aten._scaled_dot_product_flash_attention_for_cpu_backward:
        lambda *shapes, **_: sdpa_backward_flop_count(*shapes[:4]),
}
with FlopCounterMode(display=False, custom_mapping=attention) as counter:
    step()
print(f"seconds {fastest:.2f} peak {peak} trained {sum(p.numel() for p in learned)} "
      f"gflop {1e-9 * counter.get_total_flops():.0f} rate {rate:.0f}")
