"""What diffusers computes where adapters hook into it: forward hooks behind transformer blocks, which add
cross-attention to identity tokens as PuLID does, and prompts whose encoded token is replaced from a step on, as
PhotoMaker does; and ControlNets that attend to tokens in place of the prompts, as InstantID's does. CPU, f32."""
import argparse
from pathlib import Path

import diffusers
import PIL.Image
import torch
from diffusers import DDIMScheduler, DiffusionPipeline
from safetensors.torch import save_file

import controlnet
from kept import packed
from sd1_reference import WOMAN, public, versions
from seeded import network, noise, token_positions

# Folder, double blocks, single blocks, and weights of the additions behind them.
BEHIND = [("flux/dev", [0], [1], [1.0]), ("flux/dev", [0, 1], [0, 1], [0.6, 1.4]), ("klein/base", [1], [0, 1], [0.8]),
          ("chroma/base", [0], [0, 1], [1.0])]
TEXT = 7
# Folder, the position of the replaced token in the encoded prompt, the first step with it, and whether a token that the
# prompt has after it is left out before encoding.
REPLACED = [("base", 2, 2, False), ("base", 3, 0, False), ("base", 2, 3, True), ("xl-base", 2, 1, True),
            ("xl-base", 4, 2, False)]

# Folder, ControlNets and their scales, which of them attend to tokens, number of tokens, guidance, and end of the
# ControlNets.
TOKENS = [("sdxl/xl-base", ["xl"], [0.8], [0], 5, 5.0, 1.0), ("sdxl/xl-base", ["xl"], [0.5], [0], 4, 1.0, 0.6),
          ("sdxl/xl-base", ["xl", "xl-small"], [0.8, 0.5], [0], 5, 4.0, 1.0),
          ("sd1/base", ["edges"], [1.0], [0], 3, 5.0, 1.0),
          ("sd1/base", ["edges", "depth"], [0.7, 0.6], [0, 1], 6, 6.0, 1.0)]


def addition(image, identity, weights):
    """Cross-attention with one head of the image's tokens to the identity's."""
    query = image @ weights["q"]
    scores = query @ (identity @ weights["k"]).transpose(1, 2) / query.shape[-1] ** 0.5
    return scores.softmax(-1) @ (identity @ weights["v"])


@torch.no_grad()
def behind(golden, folder, doubles, singles, scales):
    net = network(golden, folder, "transformer")
    width = net.config.num_attention_heads * net.config.attention_head_dim
    told = {"identity": noise(5, 1, 3, 10), "q": noise(6, width, 8) / width ** 0.5, "k": noise(7, 10, 8),
            "v": noise(8, 10, width)}

    def hook(module, args, kwargs, output):
        text, image = output if isinstance(output, tuple) else (output[:, :TEXT], output[:, TEXT:])
        for scale in scales:
            image = image + scale * addition(image, told["identity"], told)
        return (text, image) if isinstance(output, tuple) else torch.cat([text, image], 1)

    for block in [net.transformer_blocks[i] for i in doubles] + [net.single_transformer_blocks[i] for i in singles]:
        block.register_forward_hook(hook, with_kwargs=True)
    told |= {"image": noise(1, 2, 6, net.config.in_channels), "text": noise(2, 2, TEXT, net.config.joint_attention_dim)}
    more, axes = {}, 3
    if folder.startswith("flux"):
        told["pooled"] = noise(3, 2, net.config.pooled_projection_dim)
        more = {"pooled_projections": told["pooled"], "guidance": torch.tensor([3.5]).expand(2)}
    if folder.startswith("klein"):
        more, axes = {"guidance": None}, 4
    if folder.startswith("chroma"):
        more = {"attention_mask": torch.ones(2, TEXT + 6)}
    rows = torch.zeros(6, axes)
    rows[:, :3] = token_positions()
    words = torch.zeros(TEXT, axes)
    if axes == 4:
        words[:, 3] = torch.arange(TEXT)
    output = net(hidden_states=told["image"], timestep=torch.tensor([0.5]).expand(2),
                 encoder_hidden_states=told["text"], img_ids=rows, txt_ids=words, **more).sample
    return told | {"output": output}


@torch.no_grad()
def replaced(tiny, folder, position, start, shorter):
    xl = folder.startswith("xl-")
    pipe = DiffusionPipeline.from_pretrained(tiny / folder, **({} if xl else {"safety_checker": None}))
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    seeds, steps = [3, 4], 4
    told = dict(prompt=WOMAN, negative_prompt="blurry", device="cpu", num_images_per_prompt=len(seeds),
                do_classifier_free_guidance=True)

    def encode(cut):
        originals = {}
        for name in ("tokenizer", "tokenizer_2"):
            words = getattr(pipe, name, None)
            if cut and words is not None:
                originals[name] = words
                setattr(pipe, name, Shortened(words, WOMAN, position))
        states = pipe.encode_prompt(**told)
        for name, words in originals.items():
            setattr(pipe, name, words)
        return states

    plain, changed = encode(False), encode(shorter)
    vector = noise(9, plain[0].shape[-1])
    fused = changed[0].clone()
    fused[:, position] = 0.5 * fused[:, position] + vector
    both = {}
    for name, states, tokens in (("plain", plain, plain[0]), ("changed", changed, fused)):
        both[name] = {"prompt_embeds": torch.cat([plain[1], tokens])}
        if xl:
            both[name]["add_text_embeds"] = torch.cat([plain[3], states[2]])
    now = both["changed" if start == 0 else "plain"]
    last = []

    def swap(pipe, i, t, kwargs):
        last[:] = [kwargs["latents"].clone()]
        return dict(both["changed"]) if i + 1 >= start else {}

    count = len(seeds)
    first = {"prompt_embeds": now["prompt_embeds"][count:], "negative_prompt_embeds": now["prompt_embeds"][:count]}
    inputs = ["latents", "prompt_embeds"]
    if xl:
        first |= {"pooled_prompt_embeds": now["add_text_embeds"][count:],
                  "negative_pooled_prompt_embeds": now["add_text_embeds"][:count]}
        inputs.append("add_text_embeds")
    pipe(**first, guidance_scale=6.0, width=32, height=24, num_inference_steps=steps, output_type="latent",
         generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds], callback_on_step_end=swap,
         callback_on_step_end_tensor_inputs=inputs)
    asks = dict(kind="replaced", folder=folder, prompt=WOMAN, negative="blurry", guidance=6.0, steps=steps, width=32,
                height=24, seeds=seeds, position=position, start=start, shorter=shorter,
                config={"_class_name": "DDIMScheduler"} | public(pipe.scheduler.config))
    return asks, {"vector": vector, "latents": last[0]}


@torch.no_grad()
def controlled(tiny, folder, names, scales, own, count, guidance, end):
    nets = [controlnet.net(tiny, name)[0] for name in names]
    xl = folder.startswith("sdxl")
    kind = diffusers.StableDiffusionXLControlNetPipeline if xl else diffusers.StableDiffusionControlNetPipeline
    several = len(nets) > 1
    pipe = kind.from_pretrained(Path(tiny, folder), controlnet=nets if several else nets[0],
                                **({} if xl else {"safety_checker": None}))
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    told = {"wanted": noise(10, 1, count, pipe.unet.config.cross_attention_dim),
            "unwanted": noise(11, 1, count, pipe.unet.config.cross_attention_dim)}

    def attend_to_tokens(net):
        forward = net.forward

        def replaced(sample, timestep, encoder_hidden_states, **kwargs):
            rows = sample.shape[0]
            halves = [told["wanted"].expand(rows, -1, -1)] if guidance <= 1 else [
                told[name].expand(rows // 2, -1, -1) for name in ("unwanted", "wanted")]
            return forward(sample, timestep, torch.cat(halves), **kwargs)

        net.forward = replaced

    for i in own:
        attend_to_tokens(nets[i])
    width, height, seeds, steps = 32, 24, [5, 6], 4
    shown = [PIL.Image.fromarray(controlnet.picture(width + 8 * i, height)[:, ::1 - 2 * (i % 2)])
             for i in range(len(nets))]
    latents = pipe(prompt=[WOMAN] * 2, negative_prompt=["blurry"] * 2, image=shown if several else shown[0],
                   width=width, height=height, controlnet_conditioning_scale=scales if several else scales[0],
                   control_guidance_end=[end] * len(nets) if several else end, guidance_scale=guidance,
                   num_inference_steps=steps, output_type="latent",
                   generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds]).images
    asks = dict(kind="controlled", folder=folder, nets=names, scale=scales, start=[0.0] * len(nets),
                end=[end] * len(nets),
                pictures=[list(image.size) for image in shown], own=own, prompt=WOMAN, negative="blurry",
                guidance=guidance, steps=steps, width=width, height=height, seeds=seeds,
                scheduler={"_class_name": "DDIMScheduler"} | public(pipe.scheduler.config))
    return asks, told | {"latents": latents}


class Shortened:
    """A tokenizer that leaves out the token behind a position of one prompt."""

    def __init__(self, words, prompt, position):
        self.words, self.prompt, self.position = words, prompt, position

    def __getattr__(self, name):
        return getattr(self.words, name)

    def __call__(self, text, *args, **kwargs):
        found = self.words(text, *args, **kwargs)
        for i, row in enumerate([text] if isinstance(text, str) else text):
            if row == self.prompt:
                ids = found.input_ids[i].tolist()
                end = ids.index(self.words.eos_token_id)
                own = ids[:self.position + 1] + ids[self.position + 2:end + 1]
                found.input_ids[i] = torch.tensor(own + [self.words.pad_token_id] * (len(ids) - len(own)))
        return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--golden", required=True, help="the folder of test resources that has flux, klein and chroma")
    parser.add_argument("--tiny", required=True, type=Path, help="the folders of sd1.py and sdxl.py")
    parser.add_argument("--whole", required=True, type=Path, help="the folder that has sd1 and sdxl, for controlnet.py")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    args.out.mkdir(parents=True, exist_ok=True)
    runs = [(dict(kind="behind", folder=one[0], doubles=one[1], singles=one[2], scales=one[3]),
             behind(args.golden, *one))
            for one in BEHIND]
    runs += [replaced(args.tiny, *one) for one in REPLACED]
    runs += [controlled(args.whole, *one) for one in TOKENS]
    save_file({f"run{i}.{key}": value.contiguous() for i, (_, tensors) in enumerate(runs)
               for key, value in tensors.items()},
              args.out / "reference.safetensors")
    packed(args.out / "reference.json.gz", {"runs": [asks for asks, _ in runs], "versions": versions()})


if __name__ == "__main__":
    main()
