"""Tiny pipelines of random shapes and options, saved with their weights, and what diffusers draws with them: for
RandomFoldersTest, which is given the folder (-Dlikeness.folders=DIR). Another seed tries other shapes."""
import argparse
import random
from pathlib import Path

import torch
from safetensors.torch import save_file

import pictures
import sd1
import sdxl
from clip_vocabulary import END, write_tokenizer
from kept import packed
from sd1_reference import PROMPTS, versions
from sd1_variants import CROSS_DOWN, CROSS_UP, DOWN, UP, VOCABULARY, text, tiny_vae, vae
from sdxl_variants import TIME_WIDTH

PREDICTIONS = ("epsilon", "v_prediction", "sample")
EPSILON_ONLY = ("LCMScheduler", "TCDScheduler")


def pick(r, *choices):
    return r.choice(choices)


def random_unet(r, cross, groups, latent, inpainting, xl):
    levels = r.randint(2, 4)
    widths = [groups * r.randint(1, 4) * 2 for _ in range(levels)]
    heads = [r.choice([h for h in (1, 2, 4) if w % h == 0]) for w in widths]
    crossed = [r.random() < 0.6 for _ in range(levels)]
    crossed[r.randrange(levels)] = True
    layers = r.randint(1, 3) if r.random() < 0.6 else tuple(r.randint(1, 3) for _ in range(levels))
    depth = r.randint(1, 2) if r.random() < 0.5 else tuple(r.randint(1, 3) for _ in range(levels))
    return dict(
        sample_size=r.choice((8, 16)), in_channels=2 * latent + 1 if inpainting else latent, out_channels=latent,
        block_out_channels=tuple(widths), layers_per_block=layers, transformer_layers_per_block=depth,
        attention_head_dim=tuple(heads) if r.random() < 0.7 else 1, norm_num_groups=groups, cross_attention_dim=cross,
        use_linear_projection=r.random() < 0.5, act_fn=pick(r, "silu", "silu", "gelu", "mish", "relu", "swish"),
        norm_eps=pick(r, 1e-5, 1e-6),
        mid_block_type=pick(r, "UNetMidBlock2DCrossAttn", "UNetMidBlock2DCrossAttn", None),
        flip_sin_to_cos=r.random() < 0.8, freq_shift=pick(r, 0, 0, 1), downsample_padding=1,
        upcast_attention=r.random() < 0.3, mid_block_scale_factor=pick(r, 1, 1, 0.7),
        only_cross_attention=False if xl or r.random() < 0.8 else tuple(r.random() < 0.5 for _ in range(levels)),
        time_embedding_dim=pick(r, None, None, 40), conv_in_kernel=pick(r, 3, 3, 5), conv_out_kernel=pick(r, 3, 3, 1),
        down_block_types=tuple(CROSS_DOWN if c else DOWN for c in crossed),
        up_block_types=tuple(CROSS_UP if c else UP for c in reversed(crossed)))


def random_vae(r, latent):
    levels = r.randint(1, 4)
    widths = tuple(8 * r.randint(1, 3) for _ in range(levels))
    return dict(vae(levels, block_out_channels=widths, norm_num_groups=pick(r, 4, 8)), latent_channels=latent,
                layers_per_block=r.randint(1, 2), scaling_factor=pick(r, 0.18215, 0.13025, 0.5, 1.0),
                act_fn=pick(r, "silu", "silu", "gelu", "relu"), force_upcast=r.random() < 0.5,
                use_quant_conv=r.random() < 0.7, use_post_quant_conv=r.random() < 0.7,
                mid_block_add_attention=r.random() < 0.8)


def random_text(r, **changes):
    heads = r.randint(1, 5)
    return text(hidden_size=8 * heads, num_attention_heads=heads, intermediate_size=r.choice((24, 48, 100)),
                num_hidden_layers=r.randint(2, 5), projection_dim=r.choice((16, 24)),
                hidden_act=pick(r, "quick_gelu", "gelu"), layer_norm_eps=pick(r, 1e-5, 1e-6),
                eos_token_id=pick(r, 2, VOCABULARY - 1)) | changes


def random_scheduler(r):
    name = r.choice(pictures.SCHEDULERS)
    options = dict(prediction_type="epsilon" if name in EPSILON_ONLY
                   else r.choice(PREDICTIONS[:2 + (name == "DDIMScheduler")]))
    if r.random() < 0.5:
        options["timestep_spacing"] = pick(r, "leading", "trailing", "linspace")
    if r.random() < 0.3:
        options["beta_schedule"] = pick(r, "linear", "scaled_linear", "squaredcos_cap_v2")
    if name in ("DDIMScheduler", "DDPMScheduler", "EulerDiscreteScheduler",
                "DPMSolverMultistepScheduler") and r.random() < 0.2:
        options |= dict(rescale_betas_zero_snr=True, timestep_spacing="trailing")
    if name in ("EulerDiscreteScheduler", "LMSDiscreteScheduler", "HeunDiscreteScheduler",
                "DPMSolverMultistepScheduler",
                "UniPCMultistepScheduler", "DEISMultistepScheduler") and r.random() < 0.4:
        options[pick(r, "use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas")] = True
    if name == "PNDMScheduler":
        options["skip_prk_steps"] = True  # with a Runge-Kutta start a part of a run is refused
    if "Solver" in name or "Multistep" in name:
        if name != "SASolverScheduler" and r.random() < 0.4:
            options["solver_order"] = r.randint(1, 3)
    return name, options


class Maker:
    def __init__(self, args):
        self.args, self.out = args, Path(args.out)

    def make(self, i, r):
        """Saves one pipeline and returns its folder's name."""
        xl, latent, groups = r.random() < 0.45, r.choice((4, 4, 4, 8)), r.choice((4, 8))
        refiner = xl and r.random() < 0.3
        if xl:
            latent = 4
        inpainting = r.random() < 0.3
        first, second = random_text(r), random_text(r)
        cross = second["hidden_size"] + (0 if refiner else first["hidden_size"]) if xl else first["hidden_size"]
        unet = random_unet(r, cross, groups, latent, inpainting, xl)
        name = ("xl-" if xl else "sd-") + str(i)
        words = [self.out / name / "words", self.out / name / "words2"]
        write_tokenizer(self.args.clip, words[0], sd1.MERGES, END if xl or r.random() < 0.5 else "!")
        write_tokenizer(self.args.clip, words[1], sd1.MERGES, "!")
        if xl:
            ids = 5 if refiner else 6
            unet |= dict(addition_embed_type="text_time", addition_time_embed_dim=TIME_WIDTH,
                         projection_class_embeddings_input_dim=ids * TIME_WIDTH + second["projection_dim"])
            sdxl.VARIANTS[name] = dict(unet=unet, vae=random_vae(r, latent), text=None if refiner else first,
                                       text_2=second, zeros=r.random() < 0.6)
            pipe = sdxl.pipeline(name, *words)
            sdxl.fill_parts(pipe, 5000 + 10 * i)
        else:
            tiny = r.random() < 0.15 and latent == 4
            variant = dict(unet=unet, vae=tiny_vae() if tiny else random_vae(r, latent), text=first,
                           vae_class="AutoencoderTiny" if tiny else "AutoencoderKL")
            pipe = sd1.pipeline(variant, words[0])
            sd1.fill_parts(pipe, 5000 + 10 * i)
        pipe.save_pretrained(self.out / name)
        return name, inpainting, refiner, pipe.vae_scale_factor

    def asks(self, r, name, inpainting, refiner, factor):
        kinds = ["inpaint"] if inpainting else ["image", "inpaint"] if refiner else ["text", "image", "inpaint"]
        for kind in kinds:
            scheduler, options = random_scheduler(r)
            steps = r.randint(3, 9)
            strength = None if kind == "text" else r.choice((1.0, 0.99, r.uniform(0.35, 1), r.uniform(0.35, 1)))
            unit = max(8, factor)
            asked = pictures.ask(
                kind, scheduler, folder=name, prompt=r.choice(PROMPTS),
                negative=r.choice(["", "", "blurry!", PROMPTS[3]]),
                guidance=r.choice((1.0, 2.5, 7.5)), steps=steps, strength=strength, picture=r.randint(0, 2),
                mask=r.randint(0, 1), width=unit * r.randint(2, 5), height=unit * r.randint(2, 5),
                seeds=[r.randrange(2 ** 31)] if r.random() < 0.6 else list(range(n := r.randrange(1000), n + 2)),
                **options)
            more = {"clip_skip": pick(r, 0, 0, 1)}
            if kind == "text" or name.startswith("xl"):
                more["guidance_rescale"] = pick(r, 0, 0, 0.7)
            yield asked | {"more": {option: value for option, value in more.items() if value}}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clip", required=True, help="folder with CLIP's published vocab.json and merges.txt")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=20, help="folders")
    args = parser.parse_args()
    torch.set_num_threads(1)
    r, maker, golden = random.Random(args.seed), Maker(args), pictures.Golden(args.out)
    asked, tensors = [], {}
    for i in range(args.count):
        made = maker.make(i, r)
        for request in maker.asks(r, *made):
            try:
                drawn = golden.run(request)
            except Exception as e:  # an option that the pipeline or the scheduler refuses
                print("refused by diffusers:", request["kind"], request["folder"], request["scheduler"],
                      request["options"], e)
                continue
            if not torch.isfinite(drawn["images"]).all():
                print("not finite:", request["folder"], request["scheduler"], request["options"])
                continue
            tensors |= {f"run{len(asked)}.{name}": tensor.contiguous() for name, tensor in drawn.items()}
            print(len(asked), request["kind"], request["folder"], request["scheduler"], request["options"], flush=True)
            asked.append(request)
        save(args.out, golden, asked, tensors)


def save(out, golden, asked, tensors):
    save_file(tensors | pictures.shown(golden), out / "reference.safetensors")
    packed(out / "reference.json.gz", {"runs": asked, "versions": versions()})


if __name__ == "__main__":
    main()
