"""Three steps of diffusers' train_dreambooth on the tiny base pipeline: every weight of the UNet, with given noise."""
import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import save_file

from arguments import base_and_out
from training_lora import BATCH, CLIP_NORM, STEPS, inputs, loss_of

RATE = 1e-4
WHOLE = ["conv_in.weight", "time_embedding.linear_1.weight", "down_blocks.0.resnets.0.norm1.weight",
         "mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight", "conv_out.bias"]


def main():
    base, out = base_and_out(__doc__)
    pipe = StableDiffusionPipeline.from_pretrained(base, safety_checker=None)
    pipe.unet.train()
    pipe.text_encoder.requires_grad_(False)
    parameters = dict(pipe.unet.named_parameters())
    start = {name: value.detach().clone() for name, value in parameters.items()}
    optimizer = torch.optim.AdamW(parameters.values(), lr=RATE)
    given, losses, tensors = inputs(pipe), [], {}
    for step in range(STEPS):
        loss = loss_of(pipe, given, step)
        loss.backward()
        if step == 0:
            tensors |= {f"gradient-norm.{name}": leaf.grad.norm() for name, leaf in parameters.items()}
            tensors |= {f"gradient.{name}": parameters[name].grad.clone() for name in WHOLE}
        torch.nn.utils.clip_grad_norm_(parameters.values(), CLIP_NORM)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.detach())
    tensors |= {f"way.{name}": (leaf.detach() - start[name]).norm() for name, leaf in parameters.items()}
    tensors |= {f"after.{name}": parameters[name].detach().clone() for name in WHOLE}
    assert given["latents"].shape[1] == BATCH
    save_file(tensors | {"loss": torch.stack(losses)}, out / "dreambooth.safetensors")


if __name__ == "__main__":
    main()
