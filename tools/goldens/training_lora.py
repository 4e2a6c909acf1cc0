"""Three LoRA training steps on the tiny base pipeline as diffusers' train_dreambooth_lora does them, with given noise;
and the numbers below them: noising, targets, weighted losses, AdamW."""
import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler, StableDiffusionPipeline
from diffusers.training_utils import compute_snr
from safetensors.torch import load_file, save_file

from clip_vocabulary import write_json
from lora import published
from sd1_reference import BANGS, WOMAN, versions

STEPS, BATCH, RATE, CLIP_NORM = 3, 2, 1e-3, 1.0
GAMMA = 5.0
PREDICTIONS = ("epsilon", "v_prediction", "sample")


def lora_parameters(pipe):
    """Trainable leaves by name, as peft's raw spelling has them with the published text encoder prefix."""
    leaves = {f"{part}.{name}".replace(".default.", "."): parameter for part in ("unet", "text_encoder")
              for name, parameter in getattr(pipe, part).named_parameters() if ".lora_" in name}
    return published(leaves)


def inputs(pipe):
    generator = torch.Generator("cpu").manual_seed(77)
    shape = (STEPS, BATCH, 4, 9, 7)
    ids = pipe.tokenizer([WOMAN, BANGS], padding="max_length", max_length=77, truncation=True,
                         return_tensors="pt").input_ids
    return {"latents": torch.randn(shape, generator=generator), "noise": torch.randn(shape, generator=generator),
            "timesteps": torch.randint(0, 1000, (STEPS, BATCH), generator=generator), "ids": ids}


def loss_of(pipe, given, step):
    schedule = DDPMScheduler.from_config(pipe.scheduler.config)
    latents, noise, timesteps = given["latents"][step], given["noise"][step], given["timesteps"][step]
    states = pipe.text_encoder(given["ids"])[0]
    answer = pipe.unet(schedule.add_noise(latents, noise, timesteps), timesteps, states, return_dict=False)[0]
    return F.mse_loss(answer.float(), noise.float(), reduction="mean")


def train(base, loras):
    pipe = StableDiffusionPipeline.from_pretrained(base, safety_checker=None)
    pipe.load_lora_weights(loras, weight_name="attention.safetensors", adapter_name="default")
    pipe.unet.train(), pipe.text_encoder.train()
    parameters = lora_parameters(pipe)
    for leaf in parameters.values():
        leaf.requires_grad_(True)
    optimizer = torch.optim.AdamW(parameters.values(), lr=RATE)
    given, losses, norms, tensors = inputs(pipe), [], [], {}
    for step in range(STEPS):
        loss = loss_of(pipe, given, step)
        loss.backward()
        if step == 0:
            tensors |= {f"gradient.{name}": leaf.grad.clone() for name, leaf in parameters.items()}
        norms.append(torch.nn.utils.clip_grad_norm_(parameters.values(), CLIP_NORM))
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.detach())
    tensors |= {f"after.{name}": leaf.detach().clone() for name, leaf in parameters.items()}
    return given | tensors | {"loss": torch.stack(losses), "norm": torch.stack(norms)}


def objectives():
    """Noisy latents, targets and losses, plain and min-SNR weighted, for each prediction type."""
    generator = torch.Generator("cpu").manual_seed(78)
    latents, noise, answer = (torch.randn((4, 4, 5, 3), generator=generator) for _ in range(3))
    timesteps = torch.tensor([0, 20, 500, 999])
    schedule = DDPMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear")
    snr = compute_snr(schedule, timesteps)
    clipped = torch.minimum(snr, torch.full_like(snr, GAMMA))
    targets = {"epsilon": noise, "v_prediction": schedule.get_velocity(latents, noise, timesteps), "sample": latents}
    weights = {"epsilon": clipped / snr, "v_prediction": clipped / (snr + 1), "sample": clipped}
    tensors = {"latents": latents, "noise": noise, "answer": answer, "timesteps": timesteps, "snr": snr,
               "noisy": schedule.add_noise(latents, noise, timesteps)}
    for name in PREDICTIONS:
        errors = F.mse_loss(answer, targets[name], reduction="none").mean(dim=(1, 2, 3))
        tensors |= {f"{name}.target": targets[name].clone(), f"{name}.loss": errors.mean(),
                    f"{name}.weighted": (errors * weights[name]).mean()}
    return tensors


def adamw():
    """Five steps of torch.optim.AdamW on one parameter with given gradients; twice, with other constants."""
    generator = torch.Generator("cpu").manual_seed(79)
    start, gradients = torch.randn((6, 5), generator=generator), torch.randn((5, 6, 5), generator=generator)
    tensors = {"adamw.start": start, "adamw.gradients": gradients}
    for name, options in {"standard": {}, "other": dict(betas=(0.8, 0.99), eps=1e-4, weight_decay=0.2)}.items():
        leaf = start.clone().requires_grad_(True)
        optimizer = torch.optim.AdamW([leaf], lr=0.01, **options)
        steps = []
        for gradient in gradients:
            leaf.grad = gradient.clone()
            optimizer.step()
            steps.append(leaf.detach().clone())
        tensors[f"adamw.{name}"] = torch.stack(steps)
    return tensors


def clipping():
    """Two gradients scaled to a joint length, once too long and once short enough."""
    generator = torch.Generator("cpu").manual_seed(80)
    tensors = {}
    for name, longest in {"long": 1.0, "short": 100.0}.items():
        leaves = [torch.zeros(4, 3, requires_grad=True), torch.zeros(7, requires_grad=True)]
        for i, leaf in enumerate(leaves):
            leaf.grad = torch.randn(leaf.shape, generator=generator)
            tensors[f"clip.{name}.{i}.before"] = leaf.grad.clone()
        tensors[f"clip.{name}.norm"] = torch.nn.utils.clip_grad_norm_(leaves, longest)
        tensors |= {f"clip.{name}.{i}.after": leaf.grad.clone() for i, leaf in enumerate(leaves)}
    return tensors


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", required=True, type=Path, help="the base folder that sd1.py wrote")
    parser.add_argument("--loras", required=True, type=Path, help="the folder that lora.py wrote")
    parser.add_argument("--out", required=True, type=Path, help="folder for the LoRA training steps")
    parser.add_argument("--parts", required=True, type=Path, help="folder for objectives and AdamW")
    args = parser.parse_args()
    torch.set_num_threads(2)
    for folder in (args.out, args.parts):
        folder.mkdir(parents=True, exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in train(args.base, args.loras).items()},
              args.out / "reference.safetensors")
    write_json(args.out / "reference.json", {
        "base": args.base.name, "start": "attention.safetensors", "rate": RATE, "clip_norm": CLIP_NORM, "steps": STEPS,
        "prompts": [WOMAN, BANGS], "optimizer": "AdamW, betas 0.9 and 0.999, eps 1e-8, weight decay 0.01",
        "versions": versions()})
    save_file(objectives() | adamw() | clipping(), args.parts / "reference.safetensors")
    write_json(args.parts / "reference.json", {"gamma": GAMMA, "rate": 0.01, "versions": versions()})


if __name__ == "__main__":
    main()
