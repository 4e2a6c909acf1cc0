"""What diffusers draws with a LoRA of lora.py at other weights in each block (set_adapters with a dict), on the tiny
base pipeline."""
import tempfile
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import save_file

from arguments import base_and_out
from clip_vocabulary import write_json
from lora import REQUEST, write_file
from sd1_reference import generate, versions

# The short form of each dict, for tests.
CASES = {
    "down=0.5,mid=0.2,up=0.9,text_encoder=0.6": {"unet": {"down": 0.5, "mid": 0.2, "up": 0.9}, "text_encoder": 0.6},
    "up.1.0=0.1,up.1.1=0.7,down.0=0.3": {"unet": {"up": {"block_1": [0.1, 0.7]}, "down": {"block_0": 0.3}}},
    "mid=-0.5": {"unet": {"mid": -0.5}},
}


@torch.no_grad()
def main():
    base, out = base_and_out(__doc__, threads=1)
    folder = tempfile.mkdtemp()
    write_file(base, Path(folder), "wide")
    tensors = {}
    for i, weights in enumerate(CASES.values()):
        pipe = StableDiffusionPipeline.from_pretrained(base, safety_checker=None)
        pipe.set_progress_bar_config(disable=True)
        pipe.load_lora_weights(folder, weight_name="wide.safetensors", adapter_name="wide")
        pipe.set_adapters("wide", adapter_weights=[weights])
        tensors[f"case{i}.latents"] = generate(pipe, REQUEST)[1]["latents"].contiguous()
    save_file(tensors, out / "blocks.safetensors")
    write_json(out / "blocks.json", {"base": base.name, "weights": list(CASES), "versions": versions()})


if __name__ == "__main__":
    main()
