"""Three LoRA steps on the tiny SDXL pipeline as diffusers' train_dreambooth_lora_sdxl takes them, with given noise:
both text encoders learn."""
import torch
import torch.nn.functional as F
from diffusers import DDPMScheduler, StableDiffusionXLPipeline
from peft import LoraConfig
from safetensors.torch import save_file

from arguments import base_and_out
from clip_vocabulary import write_json
from sd1_reference import BANGS, WOMAN, versions

STEPS, BATCH, RANK, RATE, CLIP_NORM = 3, 2, 2, 1e-3, 1.0
TARGETS = {"unet": ["to_k", "to_q", "to_v", "to_out.0"], "text_encoder": ["q_proj", "k_proj", "v_proj", "out_proj"],
           "text_encoder_2": ["q_proj", "k_proj", "v_proj", "out_proj"]}


def attach(pipe):
    parameters = {}
    generator = torch.Generator("cpu").manual_seed(90)
    for part, targets in TARGETS.items():
        module = getattr(pipe, part)
        module.requires_grad_(False)
        module.add_adapter(LoraConfig(r=RANK, lora_alpha=RANK, target_modules=targets, init_lora_weights="gaussian"))
        for name, parameter in sorted(module.named_parameters()):
            if ".lora_" in name:
                parameter.data = 0.3 * torch.randn(parameter.shape, generator=generator) / parameter[0].numel() ** 0.5
                key = f"{part}.{name}".replace(".default.", ".")
                if part == "text_encoder" and ".text_model." not in key:
                    key = key.replace("text_encoder.", "text_encoder.text_model.")
                parameters[key] = parameter
    return parameters


def conditioning(pipe, prompts):
    tokens, pooled = [], None
    for tokenizer, encoder in ((pipe.tokenizer, pipe.text_encoder), (pipe.tokenizer_2, pipe.text_encoder_2)):
        ids = tokenizer(prompts, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
        output = encoder(ids, output_hidden_states=True)
        tokens.append(output.hidden_states[-2])
        pooled = output[0]
    return torch.cat(tokens, dim=-1), pooled


def main():
    base, out = base_and_out(__doc__)
    pipe = StableDiffusionXLPipeline.from_pretrained(base, add_watermarker=False)
    parameters = attach(pipe)
    start = {f"start.{name}": leaf.detach().clone().contiguous() for name, leaf in parameters.items()}
    generator = torch.Generator("cpu").manual_seed(91)
    channels = pipe.unet.config.in_channels
    latents = torch.randn((STEPS, BATCH, channels, 8, 6), generator=generator)
    noise = torch.randn((STEPS, BATCH, channels, 8, 6), generator=generator)
    timesteps = torch.randint(0, 1000, (STEPS, BATCH), generator=generator)
    schedule = DDPMScheduler.from_config(pipe.scheduler.config)
    factor = pipe.vae_scale_factor
    sizes = torch.tensor([[8.0 * factor, 6.0 * factor, 0, 0, 8.0 * factor, 6.0 * factor]] * BATCH)
    optimizer = torch.optim.AdamW(parameters.values(), lr=RATE)
    tensors, losses = dict(start), []
    for step in range(STEPS):
        tokens, pooled = conditioning(pipe, [WOMAN, BANGS])
        answer = pipe.unet(schedule.add_noise(latents[step], noise[step], timesteps[step]), timesteps[step], tokens,
                           added_cond_kwargs={"text_embeds": pooled, "time_ids": sizes}, return_dict=False)[0]
        loss = F.mse_loss(answer.float(), noise[step].float())
        loss.backward()
        if step == 0:
            tensors |= {f"gradient.{name}": leaf.grad.clone() for name,
                        leaf in parameters.items() if leaf.grad is not None}
        torch.nn.utils.clip_grad_norm_(parameters.values(), CLIP_NORM)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.detach())
    tensors |= {f"after.{name}": leaf.detach().clone().contiguous() for name, leaf in parameters.items()}
    save_file(tensors | {"latents": latents, "noise": noise, "timesteps": timesteps.float(),
                         "loss": torch.stack(losses)},
              out / "sdxl.safetensors")
    write_json(out / "sdxl.json", {"base": base.name, "rank": RANK, "rate": RATE, "prompts": [WOMAN, BANGS],
                                        "versions": versions()})


if __name__ == "__main__":
    main()
