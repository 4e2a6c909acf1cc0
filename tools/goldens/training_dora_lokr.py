"""Three steps of DoRA and of LoKr on the tiny base pipeline's middle block as diffusers' DreamBooth script with peft
takes them, on what training_lora.py gives each step; the text encoder stays."""
import copy

import torch
from diffusers import StableDiffusionPipeline
from peft import LoKrConfig, LoraConfig
from safetensors.torch import save_file

from arguments import base_and_out
from clip_vocabulary import write_json
from sd1_reference import BANGS, WOMAN, versions
from training_lora import CLIP_NORM, RATE, STEPS, inputs, loss_of

MODULES = r"mid_block\..*(attn[12]\.to_[qv]|resnets\.0\.conv1)"
RANK, ALPHA = 2, 1  # of DoRA
WHOLE = 1000  # LoKr of a rank that no factor reaches keeps both whole
FORMS = {
    "dora": LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=MODULES, use_dora=True),
    "lokr": LoKrConfig(r=WHOLE, alpha=WHOLE, target_modules=MODULES),
}
SEEDS = {"dora": 97, "lokr": 98}


def attach(unet, form, seed):
    """peft's leaves by the names they have in files, with numbers that change the answer."""
    unet.requires_grad_(False)
    unet.add_adapter(copy.deepcopy(FORMS[form]))
    generator = torch.Generator("cpu").manual_seed(seed)
    leaves = {}
    for name, leaf in sorted(unet.named_parameters()):
        if not leaf.requires_grad:
            continue
        noise = torch.randn(leaf.shape, generator=generator)
        # Lengths stay near the weight's own, or the network falls apart.
        leaf.data = leaf.data * (1 + 0.1 * noise) if "magnitude" in name else 0.3 * noise / leaf[0].numel() ** 0.5
        leaves["unet." + name.replace(".default.weight", ".weight").replace(".default", "")] = leaf
    return leaves


def in_file(name, tensor):
    """Lengths are [out] in files, under a name without `weight`."""
    plain = name.replace("magnitude_vector.weight", "magnitude_vector")
    return plain, (tensor.flatten() if "magnitude" in name else tensor).detach().clone().contiguous()


def train(base, form, seed):
    pipe = StableDiffusionPipeline.from_pretrained(base, safety_checker=None)
    pipe.text_encoder.requires_grad_(False)
    leaves = attach(pipe.unet, form, seed)
    optimizer = torch.optim.AdamW(leaves.values(), lr=RATE)
    given, losses, tensors = inputs(pipe), [], {}

    def keep(what, values):
        for name, tensor in values.items():
            plain, value = in_file(name, tensor)
            tensors[f"{what}.{plain}"] = value

    keep("start", leaves)
    for step in range(STEPS):
        loss = loss_of(pipe, given, step)
        loss.backward()
        if step == 0:
            keep("gradient", {name: leaf.grad for name, leaf in leaves.items()})
        torch.nn.utils.clip_grad_norm_(leaves.values(), CLIP_NORM)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.detach())
    keep("after", leaves)
    return tensors | {"loss": torch.stack(losses)}


def main():
    base, out = base_and_out(__doc__)
    torch.set_num_threads(2)
    for form, seed in SEEDS.items():
        save_file(train(base, form, seed), out / f"{form}.safetensors")
    write_json(out / "forms.json",
               {"modules": MODULES, "rank": RANK, "alpha": ALPHA, "rate": RATE, "clip_norm": CLIP_NORM,
                                    "seeds": list(SEEDS.values()), "prompts": [WOMAN, BANGS], "versions": versions()})


if __name__ == "__main__":
    main()
