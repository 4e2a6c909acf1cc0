"""Diffusers folders of the transformers and autoencoders of FLUX.2 klein base 4B and Z-Image at real size, in bf16 with
random weights that take their whole space on disk. Values do not change time or memory. The text encoder is narrow: a
training frees it after the captions, and each caption still has its real number of tokens and channels.

    python identity_folders.py TOKENIZER OUT [klein] [zimage]

TOKENIZER is a folder with a Qwen tokenizer of any size. OUT needs 8.2 GB for klein and 12.8 GB for Z-Image.
"""
import sys
from pathlib import Path

import torch

sys.path.append(str(Path(__file__).resolve().parents[1] / "measuring"))
import model_shapes  # noqa: E402

# Of the real text encoder: width and number of layers, which the transformers read.
NARROW = dict(hidden_size=2560, num_hidden_layers=36, intermediate_size=64, num_attention_heads=1,
              num_key_value_heads=1, head_dim=64)
# A prime number of values, repeated: random numbers for billions of weights would take many minutes.
CYCLE = 4_194_301


def write(file, tensors):
    normal = torch.randn(CYCLE, generator=torch.Generator().manual_seed(1))

    def content(out, name, tensor):
        if tensor.dtype == torch.int64:
            out.write(bytes(8 * tensor.numel()))
            return
        deviation, mean = model_shapes.spread(name, tensor)
        values = (normal * deviation + mean).to(torch.bfloat16).view(torch.int16).numpy().tobytes()
        left = 2 * tensor.numel()
        while left > 0:
            out.write(values[:left])
            left -= len(values)

    model_shapes.write(file, tensors, lambda tensor: torch.bfloat16, content)


def main():
    tokenizer, out, names = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:] or ["klein", "zimage"]
    model_shapes.QWEN.update(NARROW)
    # The shapes' owner looks for the tokenizer in a folder by its kind.
    kinds = out / "tokenizers"
    kinds.mkdir(parents=True, exist_ok=True)
    if not (kinds / "qwen").exists():
        (kinds / "qwen").symlink_to(tokenizer.resolve())
    families = model_shapes.family(False)
    for name in names:
        if not (out / name).exists():
            pipeline, scheduler, parts = families[name]
            model_shapes.folder(out / name, kinds, pipeline, scheduler, parts, write)
        print(f"{out / name}: written", flush=True)


if __name__ == "__main__":
    main()
