"""What peft writes beyond plain LoRA on single layers of the tiny base pipeline: AdaLoRA, a bias of the second factor
on layers with and without one of their own, and LoRA on an embedding table."""
import json

import torch
from peft import AdaLoraConfig, LoraConfig, get_peft_model
from peft.utils import get_peft_model_state_dict
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel

from arguments import base_and_out
from clip_vocabulary import write_json
from kinds_layers import written
from sd1_reference import versions

BIASED = "mid_block.attentions.0.transformer_blocks.0.attn1.to_out.0"
LINEAR = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
TEXT = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k"
CONV = "down_blocks.0.resnets.0.conv1"
INPUTS = {BIASED: (1, 2, 64), LINEAR: (1, 2, 64), TEXT: (1, 2, 32), CONV: (1, 32, 2, 2)}
KINDS = {
    "adalora": (AdaLoraConfig(target_modules=[LINEAR, BIASED, CONV], init_r=6, target_r=4, lora_alpha=3, total_step=10),
                [LINEAR, BIASED, CONV]),
    "lora-bias": (LoraConfig(target_modules=[BIASED, LINEAR, TEXT, CONV], r=4, lora_alpha=6, lora_bias=True),
                  [BIASED, LINEAR, TEXT, CONV]),
}
TABLE = "embeddings.token_embedding"
IDS = [0, 1, 5, 17, 99, 320]


def kept(config):
    """peft's settings as diffusers writes them into a header, of what decides the scale."""
    said = config.to_dict()
    return {key: said[key] for key in ("init_r", "r", "lora_alpha") if key in said}


def embedding(base, generator, out):
    """A text encoder with factors on its table and beside one layer, as diffusers names them; and rows of the table."""
    model = CLIPTextModel.from_pretrained(base / "text_encoder")
    config = LoraConfig(target_modules=["token_embedding", "layers.0.self_attn.q_proj"], r=3, lora_alpha=2)
    tuned = get_peft_model(model, config).eval()
    for key, parameter in sorted(tuned.named_parameters()):
        if parameter.requires_grad:
            parameter.data = parameter.data + 0.2 * torch.randn(parameter.shape, generator=generator)
    state = get_peft_model_state_dict(tuned, save_embedding_layers=False)
    state = {key: value.contiguous() for key, value in state.items()}
    name = next(key for key, _ in tuned.named_modules() if key.endswith(TABLE))
    rows = tuned.get_submodule(name)(torch.tensor([IDS]))
    hidden = model(torch.tensor([IDS])).last_hidden_state
    return state, kept(config), rows.contiguous(), hidden.contiguous()


@torch.no_grad()
def main():
    base, out = base_and_out(__doc__)
    generator = torch.Generator("cpu").manual_seed(3400)
    inputs = {path: torch.randn(shape, generator=generator) for path, shape in INPUTS.items()}
    tensors = {f"input.{path}": value for path, value in inputs.items()}
    for name, (config, paths) in KINDS.items():
        file = out / f"{name}.safetensors"
        unet, _ = written(base, config, generator, file)
        tensors |= {f"{name}.{path}": unet.get_submodule(path)(inputs[path]).contiguous() for path in paths}
        settle(file, kept(config))
    state, settings, rows, hidden = embedding(base, generator, out)
    file = out / "lora-embedding.safetensors"
    save_file(state, file)
    settle(file, settings)
    tensors |= {"lora-embedding.rows": rows, "lora-embedding.hidden": hidden}
    save_file(tensors, out / "peft-other-reference.safetensors")
    write_json(out / "peft-other-reference.json", {"kinds": list(KINDS), "ids": IDS, "versions": versions()})


def settle(file, settings):
    """Puts the settings into the header of a file."""
    save_file(load_file(file), file, {"lora_adapter_metadata": json.dumps(settings)})


if __name__ == "__main__":
    main()
