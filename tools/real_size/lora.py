"""Seconds of a training step of a LoRA with diffusers and peft (rank 4, attention, one image), the fastest after the
first step, the peak of resident memory, the floating-point operations of a step, and the rate of a plain product of
matrices in the same process: `seconds SECONDS peak KILOBYTES gflop GFLOP rate GFLOP_PER_SECOND`.

    python lora.py BASE DTYPE SIDE [recompute]
"""
import sys
import time

import torch
from diffusers import UNet2DConditionModel
from diffusers.training_utils import cast_training_params
from peft import LoraConfig
from torch.utils.flop_counter import FlopCounterMode

MATRIX = 2048
BASE, DTYPE, SIDE = sys.argv[1], sys.argv[2], int(sys.argv[3])
dtype = torch.bfloat16 if DTYPE == "bf16" else torch.float32
unet = UNet2DConditionModel.from_pretrained(BASE, subfolder="unet", torch_dtype=dtype).requires_grad_(False)
if DTYPE == "bf16":
    unet.to(memory_format=torch.channels_last)
unet.add_adapter(LoraConfig(r=4, lora_alpha=4, init_lora_weights="gaussian",
                            target_modules=["to_k", "to_q", "to_v", "to_out.0"]))
cast_training_params(unet, dtype=torch.float32)
if len(sys.argv) > 4:
    unet.enable_gradient_checkpointing()
unet.train()
learned = [p for p in unet.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(learned, lr=1e-4)
width = unet.config.cross_attention_dim


def step():
    latents = torch.randn(1, 4, SIDE // 8, SIDE // 8, dtype=dtype)
    noise = torch.randn_like(latents)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=DTYPE == "bf16"):
        answer = unet(latents, torch.tensor([500]), encoder_hidden_states=torch.randn(1, 77, width, dtype=dtype)).sample
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
with FlopCounterMode(display=False) as counter:
    step()
print(f"seconds {fastest:.2f} peak {peak} gflop {1e-9 * counter.get_total_flops():.0f} rate {rate:.0f}")
