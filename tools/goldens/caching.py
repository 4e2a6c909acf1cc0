"""What tomesd's merged tokens make of UNets and diffusers' first-block cache of transformers, with seeded weights. CPU,
f32."""
import argparse
from pathlib import Path

import tomesd
import torch
from diffusers import FirstBlockCacheConfig
from diffusers.hooks import apply_first_block_cache
from diffusers.hooks.hooks import CacheContext, _set_cache_context
from safetensors.torch import save_file

from kept import packed
from seeded import network, noise, token_positions
from sd1_reference import versions

# Folder, share of the tokens, how much smaller than the latents the largest picture is that is attended to, size.
MERGED = [("sd1/base", 0.5, 1, (12, 10)), ("sd1/base", 0.75, 1, (9, 11)), ("sdxl/xl-base", 0.3, 2, (16, 12))]
# Folder and threshold; how far each call's picture is from the first's.
CACHED = [("flux/dev", 0.1), ("sd3/medium", 0.1)]
WAYS = [0.0, 0.02, 0.05, 0.6, 0.62]


def merged(golden, folder, share, downsample, size):
    unet = network(golden, folder, "unet")
    more = {}
    if unet.config.addition_embed_type:
        pooled = unet.config.projection_class_embeddings_input_dim - 6 * unet.config.addition_time_embed_dim
        more = dict(added_cond_kwargs=dict(text_embeds=noise(3, 2, pooled), time_ids=noise(4, 2, 6)))
    tomesd.apply_patch(unet, ratio=share, max_downsample=downsample, use_rand=False)
    told = {"sample": noise(1, 2, 4, *size), "text": noise(2, 2, 7, unet.config.cross_attention_dim)}
    out = unet(told["sample"], torch.tensor([521]), told["text"], **more).sample
    return told | more.get("added_cond_kwargs", {}) | {"output": out}


def cached(golden, folder, threshold):
    net = network(golden, folder, "transformer")
    last = net.transformer_blocks[-1]
    if getattr(last, "context_pre_only", False):
        keep_text(last)
    apply_first_block_cache(net, FirstBlockCacheConfig(threshold=threshold))
    _set_cache_context(net, CacheContext("both"))
    flux = folder.startswith("flux")
    shape = (2, 6, net.config.in_channels) if flux else (2, net.config.in_channels, 6, 4)
    told = {"first": noise(1, *shape), "other": noise(2, *shape),
            "text": noise(3, 2, 7, net.config.joint_attention_dim),
            "pooled": noise(4, 2, net.config.pooled_projection_dim)}
    outputs = []
    for way in WAYS:
        picture = torch.lerp(told["first"], told["other"], way)
        time = torch.tensor([0.5]) if flux else torch.tensor([500.0])
        more = dict(guidance=torch.tensor([3.5]), txt_ids=torch.zeros(7, 3), img_ids=token_positions()) if flux else {}
        outputs.append(net(hidden_states=picture, timestep=time.expand(2), encoder_hidden_states=told["text"],
                           pooled_projections=told["pooled"], **more).sample)
    return told | {"ways": torch.tensor(WAYS), "output": torch.stack(outputs)}


def keep_text(block):
    """Has Stable Diffusion 3's last block, which leaves the text behind, say that it stays: the cache wants some."""
    forward = block.forward

    def kept(hidden_states, encoder_hidden_states, *args, **kwargs):
        return encoder_hidden_states, forward(hidden_states, encoder_hidden_states, *args, **kwargs)[1]

    block.forward = kept


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--golden", required=True, help="the folder of test resources that has sd1, sdxl, flux and sd3")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    runs = [(dict(kind="merged", folder=one[0], share=one[1]), merged(args.golden, *one)) for one in MERGED]
    runs += [(dict(kind="cached", folder=one[0], threshold=one[1]), cached(args.golden, *one)) for one in CACHED]
    save_file({f"run{i}.{key}": value.contiguous() for i, (_, tensors) in enumerate(runs)
               for key, value in tensors.items()},
              args.out / "reference.safetensors")
    packed(args.out / "reference.json.gz",
           {"runs": [asks for asks, _ in runs], "versions": versions() | {"tomesd": "0.1.3"}})


if __name__ == "__main__":
    main()
