"""What a tiny Chroma draws with PuLID for FLUX.1, as the node ApplyPulidFlux of ComfyUI-PuLID-Flux-Chroma applies it: the
published attentions behind every second double block and every fourth single block, in both predictions alike.

    python pulid_chroma.py --tiny FOLDER --pulid CHECKOUT --node CHECKOUT --facexlib CHECKOUT --out FOLDER

Networks and faces are those of pulid.py. Several photos make the tokens together, as in PuLID's own code; the node
offers means of single photos instead. CPU, f32.
"""
import argparse
import importlib
import re
import sys
from pathlib import Path

import torch
from diffusers import ChromaPipeline, ChromaTransformer2DModel
from safetensors.torch import save_file
from torch import nn

import pulid
from kept import packed
from published import COMMITS
from sd1_reference import WOMAN, versions
from seeded import fill, noise

NET, ATTENTIONS, LORA = 6950, 6951, 6952
BLOCKS = (3, 5)
LAYERS = ("transformer_blocks.1.attn.to_q", "single_transformer_blocks.2.proj_out")
LORA_SCALE = 0.7
# Weight, photos, guidance, first step, end step, whether a LoRA is beside.
CASES = [(1.0, [1], 4.0, 0, 4, False), (0.6, [2], 1.0, 0, 4, False), (1.0, [1, 2, 3], 3.0, 0, 4, False),
         (0.9, [3], 4.0, 1, 3, False), (1.0, [3], 4.0, 0, 4, True)]


def intervals(node):
    """The published numbers of the class that needs ComfyUI to be imported."""
    source = Path(node, "pulidflux.py").read_text("utf-8")
    return [int(re.search(rf"self\.{kind}_interval = (\d+)", source).group(1)) for kind in ("double", "single")]


class Applied:
    """The node's additions, as hooks behind the blocks of diffusers' network."""

    def __init__(self, args, net):
        double, single = intervals(args.node)
        width = net.config.num_attention_heads * net.config.attention_head_dim
        sys.path.append(args.node)
        ca = importlib.import_module("encoders_flux").PerceiverAttentionCA
        count = -(-len(net.transformer_blocks) // double) - (-len(net.single_transformer_blocks) // single)
        self.attentions = nn.ModuleList([ca(dim=width, dim_head=8, heads=16, kv_dim=pulid.TOKEN) for _ in range(count)])
        self.shapes = {f"pulid_ca.{name}": shape for name, shape in fill(self.attentions, ATTENTIONS).items()}
        self.tokens, self.weight, self.text = None, 0.0, 0
        followed = [block for i, block in enumerate(net.transformer_blocks) if i % double == 0]
        for i, block in enumerate(followed):
            block.register_forward_hook(lambda _, given, out, i=i: self.behind_double(i, out))
        for i, block in enumerate(block for i, block in enumerate(net.single_transformer_blocks) if i % single == 0):
            block.register_forward_hook(lambda _, given, out, i=i: self.behind_single(len(followed) + i, out))

    def added(self, i, image):
        tokens = self.tokens.expand(image.shape[0], -1, -1)
        return image + self.weight * self.attentions[i](tokens, image)

    def behind_double(self, i, out):
        text, image = out
        self.text = text.shape[1]
        return out if self.tokens is None else (text, self.added(i, image))

    def behind_single(self, i, out):
        if self.tokens is None:
            return out
        return torch.cat([out[:, :self.text], self.added(i, out[:, self.text:])], 1)


def merged(net):
    tensors, state = {}, net.state_dict()
    for i, name in enumerate(LAYERS):
        out, into = state[f"{name}.weight"].shape
        down, up = noise(LORA + 2 * i, 2, into) / into ** 0.5, noise(LORA + 2 * i + 1, out, 2)
        state[f"{name}.weight"] += LORA_SCALE * up @ down
        tensors |= {f"transformer.{name}.lora_A.weight": down, f"transformer.{name}.lora_B.weight": up}
    net.load_state_dict(state)
    return tensors


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", required=True, type=Path, help="the folder that has chroma")
    parser.add_argument("--pulid", required=True, help="a checkout of ToTheBeginning/PuLID")
    parser.add_argument("--node", required=True, help="a checkout of PaoloC68/ComfyUI-PuLID-Flux-Chroma")
    parser.add_argument("--facexlib", required=True, help="a checkout of xinntao/facexlib")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    faces = pulid.Faces(args)
    former, shapes = pulid.encoder(args, pulid.ENCODER, "pulid_encoder.", pulid.TOKEN)
    pipe = ChromaPipeline.from_pretrained(str(args.tiny / "chroma/base"))
    pipe.set_progress_bar_config(disable=True)
    net = ChromaTransformer2DModel.from_config(
        dict(pipe.transformer.config) | dict(num_layers=BLOCKS[0], num_single_layers=BLOCKS[1]))
    base = {"seed": NET, "tensors": fill(net, NET)}
    pipe.transformer = net
    applied = Applied(args, net)
    runs, results = [], {}
    lora = None
    for i, (weight, photos, guidance, start, end, beside) in enumerate(CASES):
        if beside:
            lora = merged(net)
        tokens = faces.tokens(former, photos)[0]
        applied.weight = weight
        width, height, seed, steps = 40, 24, 5, 4
        applied.tokens = tokens if start == 0 else None

        def step(pipe, k, t, values):
            applied.tokens = tokens if start <= k + 1 < end else None
            return {}

        latents = pipe(prompt=WOMAN, negative_prompt="blurry", width=width, height=height, guidance_scale=guidance,
                       num_inference_steps=steps, output_type="latent", callback_on_step_end=step,
                       generator=torch.Generator("cpu").manual_seed(seed)).images
        results[f"run{i}.latents"] = pipe._unpack_latents(latents, height, width, pipe.vae_scale_factor)
        runs.append(dict(weight=weight, photos=photos, guidance=guidance, start=start / steps, end=end / steps, lora=beside,
                         prompt=WOMAN, negative="blurry", width=width, height=height, steps=steps, seed=seed))
    results |= {f"lora.{name}": value for name, value in lora.items()}
    args.out.mkdir(parents=True, exist_ok=True)
    save_file({name: value.detach().clone().contiguous() for name, value in results.items()},
              args.out / "reference.safetensors")
    packed(args.out / "reference.json.gz", {
        "commits": {name: COMMITS[name] for name in ("facexlib", "pulid", "pulid-chroma")}, "runs": runs, "base": base,
        "blocks": list(BLOCKS), "encoder": {"seed": pulid.ENCODER, "tensors": shapes},
        "attentions": {"seed": ATTENTIONS, "tensors": applied.shapes}, "versions": versions()})


if __name__ == "__main__":
    main()
