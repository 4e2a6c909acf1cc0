"""Seconds of a training step of a LoRA with diffusers and peft (rank 4, attention, one image), the fastest after the
first step, and the peak of resident memory: `seconds SECONDS peak KILOBYTES`.

    python lora.py BASE DTYPE SIDE [recompute]
"""
import sys
import time

import torch
from diffusers import UNet2DConditionModel
from diffusers.training_utils import cast_training_params
from peft import LoraConfig

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
times = []
for _ in range(4):
    begun = time.perf_counter()
    latents = torch.randn(1, 4, SIDE // 8, SIDE // 8, dtype=dtype)
    noise = torch.randn_like(latents)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=DTYPE == "bf16"):
        answer = unet(latents, torch.tensor([500]), encoder_hidden_states=torch.randn(1, 77, width, dtype=dtype)).sample
    torch.nn.functional.mse_loss(answer.float(), noise.float()).backward()
    torch.nn.utils.clip_grad_norm_(learned, 1.0)
    optimizer.step()
    optimizer.zero_grad()
    times.append(time.perf_counter() - begun)
peak = next(line.split()[1] for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(f"seconds {min(times[1:]):.2f} peak {peak}")
