"""What PuLID's published code draws on tiny bases with seeded weights, from given face embeddings and aligned faces.

    pip install timm==1.0.31 einops==0.8.2 torchvision==0.25.0 onnxruntime==1.32.0
    python pulid.py --tiny FOLDER --pulid CHECKOUT --facexlib CHECKOUT --out FOLDER

FLUX.1: the published transformer with `pulid_ca` in the published sampling loop. SDXL (v1.1): the published attention
processors in diffusers' pipeline, with the settings of the published app. The published networks fix the widths of the
vision tower, so their first layers are built for the tiny tower of eva_tower.py. CPU, f32.
"""
import argparse
from pathlib import Path

import torch
from diffusers import DDIMScheduler, FluxPipeline, FluxTransformer2DModel, StableDiffusionXLPipeline
from safetensors.torch import save_file
from torch import nn

import eva_tower
import face_parsing
from kept import packed
from published import COMMITS, module
from sd1_reference import WOMAN, public, versions
from seeded import fill, noise, seeded_tensors

FACE, QUERIES, DIM, TOKEN = 512, 6, 64, 40
TOWER, PARSER, FLUX, ENCODER, ATTENTIONS, XL = 6800, 6200, 6810, 6820, 6830, 6840
CROP = face_parsing.SIDE
# The published app's settings of v1.1.
NUM_ZERO = 20
LORA = {"transformer_blocks.1.attn.to_q": 6850, "single_transformer_blocks.2.proj_out": 6851}
# Weight, photos, guidance, first step, end step, true CFG, whether a LoRA is merged.
FLUX_CASES = [(1.0, [1], 3.5, 0, 4, 1.0, False), (0.6, [2], 4.0, 0, 4, 1.0, False), (1.0, [1, 2, 3], 3.5, 0, 4, 1.0, False),
              (0.9, [3], 3.5, 2, 4, 1.0, False), (1.0, [2], 3.5, 1, 3, 1.0, False), (0.8, [1], 1.0, 0, 4, 3.0, False),
              (1.0, [3], 3.5, 0, 4, 1.0, True)]
# Weight, photos, guidance, first step, end step.
XL_CASES = [(0.8, [1], 5.0, 0, 4), (0.4, [2], 5.0, 0, 4), (1.0, [1, 2, 3], 4.0, 0, 4), (0.8, [3], 1.0, 0, 4),
            (0.8, [2], 5.0, 1, 3)]


class Faces:
    """The published steps from an aligned face to the inputs of the encoder, with tiny networks."""

    def __init__(self, args):
        self.pulid = args.pulid
        self.parser = face_parsing.network(args.facexlib)
        fill(self.parser, PARSER)
        self.tower = eva_tower.tower(module(args.pulid, "eva_clip.eva_vit_model"), **eva_tower.TINY)
        self.shapes = {name: list(value.shape) for name, value in self.tower.state_dict().items() if "freqs_" not in name}
        self.tower.load_state_dict(seeded_tensors(self.shapes, TOWER), strict=False)
        constants = module(args.pulid, "eva_clip.constants")
        self.mean = torch.tensor(constants.OPENAI_DATASET_MEAN).view(1, 3, 1, 1)
        self.std = torch.tensor(constants.OPENAI_DATASET_STD).view(1, 3, 1, 1)

    def crop(self, seed):
        generator = torch.Generator().manual_seed(seed)
        blocks = torch.rand(1, 3, 6, 6, generator=generator)
        smooth = nn.functional.interpolate(blocks, (CROP, CROP), mode="bilinear")
        return (smooth * 255).round()

    def embedding(self, seed):
        """Embeddings before normalisation are longer than 1."""
        return 20 * noise(seed, 1, FACE) / FACE ** 0.5

    def conditions(self, seed):
        side = eva_tower.TINY["img_size"]
        small = face_parsing.features(self.pulid, self.parser, self.crop(seed), side)[2]
        pooled, hidden = self.tower((small - self.mean) / self.std, return_all_features=False, return_hidden=True, shuffle=False)
        return torch.cat([self.embedding(seed), pooled / torch.norm(pooled, 2, 1, True)], -1), hidden

    def tokens(self, encoder, seeds):
        """Several photos as in get_id_embedding of v1.1; the tokens of zeros for no photo."""
        found = [self.conditions(seed) for seed in seeds]
        together = [torch.cat([hidden[i] for _, hidden in found], 1) for i in range(5)]
        face = torch.stack([face for face, _ in found], 1) if len(found) > 1 else found[0][0]
        zeros = [torch.zeros_like(x) for x in found[0][1]]
        return encoder(face, together), encoder(torch.zeros_like(found[0][0]), zeros)


def encoder(args, seed, prefix, out):
    """IDFormer with the first layers of its mappings for the tiny tower."""
    model = module(args.pulid, "pulid.encoders_transformer").IDFormer(
        dim=DIM, depth=10, dim_head=64, heads=2, num_id_token=3, num_queries=QUERIES, output_dim=out)
    width, face = eva_tower.TINY["embed_dim"], FACE + eva_tower.TINY["num_classes"]

    def mapping(first, last):
        return nn.Sequential(nn.Linear(first, width), nn.LayerNorm(width), nn.LeakyReLU(), nn.Linear(width, width),
                             nn.LayerNorm(width), nn.LeakyReLU(), nn.Linear(width, last))

    for i in range(5):
        setattr(model, f"mapping_{i}", mapping(width, DIM))
    model.id_embedding_mapping = mapping(face, 3 * DIM)
    return model, {prefix + name: shape for name, shape in fill(model, seed).items()}


def joined(net, path, names, suffix):
    return torch.cat([net.state_dict()[f"{path}.{name}.{suffix}"] for name in names])


def published_transformer(args, net):
    """The published transformer with the weights of diffusers'."""
    model = module(args.pulid, "flux.model")
    config, state = net.config, net.state_dict()
    width = config.num_attention_heads * config.attention_head_dim
    flux = model.Flux(model.FluxParams(
        in_channels=config.in_channels, vec_in_dim=config.pooled_projection_dim, context_in_dim=config.joint_attention_dim,
        hidden_size=width, mlp_ratio=4.0, num_heads=config.num_attention_heads, depth=config.num_layers,
        depth_single_blocks=config.num_single_layers, axes_dim=list(config.axes_dims_rope), theta=10000, qkv_bias=True,
        guidance_embed=config.guidance_embeds))
    names = {"img_in": "x_embedder", "txt_in": "context_embedder", "final_layer.linear": "proj_out"}
    for own, theirs in (("time_in", "timestep_embedder"), ("guidance_in", "guidance_embedder"), ("vector_in", "text_embedder")):
        names |= {f"{own}.in_layer": f"time_text_embed.{theirs}.linear_1", f"{own}.out_layer": f"time_text_embed.{theirs}.linear_2"}
    made = {}
    for i in range(config.num_layers):
        own, theirs = f"double_blocks.{i}", f"transformer_blocks.{i}"
        names |= {f"{own}.img_mod.lin": f"{theirs}.norm1.linear", f"{own}.txt_mod.lin": f"{theirs}.norm1_context.linear",
                  f"{own}.img_attn.proj": f"{theirs}.attn.to_out.0", f"{own}.txt_attn.proj": f"{theirs}.attn.to_add_out",
                  f"{own}.img_mlp.0": f"{theirs}.ff.net.0.proj", f"{own}.img_mlp.2": f"{theirs}.ff.net.2",
                  f"{own}.txt_mlp.0": f"{theirs}.ff_context.net.0.proj", f"{own}.txt_mlp.2": f"{theirs}.ff_context.net.2"}
        for stream, layers, norms in (("img", ["to_q", "to_k", "to_v"], ["norm_q", "norm_k"]),
                                      ("txt", ["add_q_proj", "add_k_proj", "add_v_proj"], ["norm_added_q", "norm_added_k"])):
            for suffix in ("weight", "bias"):
                made[f"{own}.{stream}_attn.qkv.{suffix}"] = joined(net, f"{theirs}.attn", layers, suffix)
            for kind, norm in zip(("query", "key"), norms):
                made[f"{own}.{stream}_attn.norm.{kind}_norm.scale"] = state[f"{theirs}.attn.{norm}.weight"]
    for i in range(config.num_single_layers):
        own, theirs = f"single_blocks.{i}", f"single_transformer_blocks.{i}"
        names |= {f"{own}.modulation.lin": f"{theirs}.norm.linear", f"{own}.linear2": f"{theirs}.proj_out"}
        for suffix in ("weight", "bias"):
            made[f"{own}.linear1.{suffix}"] = joined(
                net, theirs, ["attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp"], suffix)
        for kind, norm in (("query", "norm_q"), ("key", "norm_k")):
            made[f"{own}.norm.{kind}_norm.scale"] = state[f"{theirs}.attn.{norm}.weight"]
    for suffix in ("weight", "bias"):
        made |= {f"{own}.{suffix}": state[f"{theirs}.{suffix}"] for own, theirs in names.items()}
        scale, shift = state[f"norm_out.linear.{suffix}"].chunk(2)
        made[f"final_layer.adaLN_modulation.1.{suffix}"] = torch.cat([shift, scale])
    flux.load_state_dict(made, strict=True)
    return flux.eval()


def attentions(args, flux, width):
    ca = module(args.pulid, "pulid.encoders_transformer").PerceiverAttentionCA
    count = -(-len(flux.double_blocks) // flux.pulid_double_interval) - (-len(flux.single_blocks) // flux.pulid_single_interval)
    made = nn.ModuleList([ca(dim=width, dim_head=8, heads=16, kv_dim=TOKEN) for _ in range(count)])
    return made, {f"pulid_ca.{name}": shape for name, shape in fill(made, ATTENTIONS).items()}


def merged(net, scale):
    """Adds a LoRA to the weights of diffusers' transformer; returns its tensors."""
    tensors, state = {}, net.state_dict()
    for name, seed in LORA.items():
        out, into = state[f"{name}.weight"].shape
        down, up = noise(seed, 2, into) / into ** 0.5, noise(seed + 100, out, 2)
        state[f"{name}.weight"] += scale * up @ down
        tensors |= {f"transformer.{name}.lora_A.weight": down, f"transformer.{name}.lora_B.weight": up}
    net.load_state_dict(state)
    return tensors


@torch.no_grad()
def flux(args, faces):
    pipe = FluxPipeline.from_pretrained(str(args.tiny / "flux/dev"))
    net = FluxTransformer2DModel.from_config(dict(pipe.transformer.config) | dict(num_layers=3, num_single_layers=5))
    base = {"seed": FLUX, "tensors": fill(net, FLUX)}
    sampling = module(args.pulid, "flux.sampling")
    former, shapes = encoder(args, ENCODER, "pulid_encoder.", TOKEN)
    width = net.config.num_attention_heads * net.config.attention_head_dim
    plain = published_transformer(args, net)
    added, more = attentions(args, plain, width)
    lora = merged(net, 0.7)
    taught = published_transformer(args, net)
    runs, results = [], {}
    for i, (weight, photos, guidance, start, end, true_cfg, beside) in enumerate(FLUX_CASES):
        model = taught if beside else plain
        model.pulid_ca = added
        tokens, nothing = faces.tokens(former, photos)
        size, seed, steps = (40, 24), 5, 4
        drawn = torch.Generator("cpu").manual_seed(seed)
        latents, rows = pipe.prepare_latents(1, net.config.in_channels // 4, size[1], size[0], torch.float32, "cpu", drawn)
        text, pooled, words = pipe.encode_prompt(WOMAN, WOMAN, max_sequence_length=512)
        bad, bad_pooled, _ = pipe.encode_prompt("blurry", "blurry", max_sequence_length=512)
        times = sampling.get_schedule(steps, latents.shape[1])
        told = dict(img_ids=rows[None], txt=text, txt_ids=words[None], vec=pooled, guidance=guidance, id_weight=weight,
                    uncond_id=nothing, true_cfg=true_cfg, timestep_to_start_cfg=0, neg_txt=bad, neg_txt_ids=words[None],
                    neg_vec=bad_pooled)
        shown = sampling.denoise(model, latents, timesteps=times[:end + 1], id=tokens, start_step=start, **told)
        if end < steps:
            shown = sampling.denoise(model, shown, timesteps=times[end:], id=None, **told | {"uncond_id": None})
        results[f"flux{i}.latents"] = pipe._unpack_latents(shown, size[1], size[0], pipe.vae_scale_factor)
        runs.append(dict(weight=weight, photos=photos, guidance=guidance, start=start / steps, end=end / steps,
                         true_cfg=true_cfg, lora=beside, prompt=WOMAN, negative="blurry", width=size[0], height=size[1],
                         steps=steps, seed=seed))
    return {"runs": runs, "base": base, "blocks": [3, 5], "encoder": {"seed": ENCODER, "tensors": shapes},
            "attentions": {"seed": ATTENTIONS, "tensors": more}}, results | {f"lora.{name}": value for name, value in lora.items()}


@torch.no_grad()
def xl(args, faces):
    pipe = StableDiffusionXLPipeline.from_pretrained(str(args.tiny / "sdxl/xl-base"))
    pipe.scheduler = DDIMScheduler.from_config(pipe.scheduler.config)
    pipe.set_progress_bar_config(disable=True)
    cross = pipe.unet.config.cross_attention_dim
    former, shapes = encoder(args, ENCODER, "id_adapter.", cross)
    processors = module(args.pulid, "pulid.attention_processor")
    processors.NUM_ZERO, processors.ORTHO, processors.ORTHO_v2 = NUM_ZERO, False, True
    modules = dict(pipe.unet.named_modules())
    made = {}
    for name in pipe.unet.attn_processors:
        width = modules[name.removesuffix(".processor")].to_q.in_features
        made[name] = (processors.IDAttnProcessor2_0(width, cross) if name.endswith("attn2.processor")
                      else processors.AttnProcessor2_0())
    pipe.unet.set_attn_processor(made)
    layers = nn.ModuleList(pipe.unet.attn_processors.values())
    more = {f"id_adapter_attn_layers.{name}": shape for name, shape in fill(layers, XL).items()}
    runs, results = [], {}
    for i, (weight, photos, guidance, start, end) in enumerate(XL_CASES):
        tokens, nothing = faces.tokens(former, photos)
        together = torch.cat([nothing, tokens]) if guidance > 1 else tokens
        width, height, seed, steps = 32, 24, 9, 4
        kwargs = {}

        def step(pipe, k, t, values):
            kwargs["id_embedding"] = together if start <= k + 1 < end else None
            return {}

        kwargs |= {"id_embedding": together if start == 0 else None, "id_scale": weight}
        shown = pipe(prompt=WOMAN, negative_prompt="blurry", width=width, height=height, guidance_scale=guidance,
                     num_inference_steps=steps, output_type="latent", cross_attention_kwargs=kwargs, callback_on_step_end=step,
                     generator=torch.Generator("cpu").manual_seed(seed)).images
        results[f"xl{i}.latents"] = shown
        runs.append(dict(weight=weight, photos=photos, guidance=guidance, start=start / steps, end=end / steps, prompt=WOMAN,
                         negative="blurry", width=width, height=height, steps=steps, seed=seed,
                         scheduler={"_class_name": "DDIMScheduler"} | public(pipe.scheduler.config)))
    return {"runs": runs, "encoder": {"seed": ENCODER, "tensors": shapes}, "attentions": {"seed": XL, "tensors": more}}, results


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tiny", required=True, type=Path, help="the folder that has flux and sdxl")
    parser.add_argument("--pulid", required=True, help="a checkout of ToTheBeginning/PuLID")
    parser.add_argument("--facexlib", required=True, help="a checkout of xinntao/facexlib")
    parser.add_argument("--out", required=True, type=Path)
    args = parser.parse_args()
    torch.set_num_threads(1)
    with torch.no_grad():
        faces = Faces(args)
        on_flux, drawn = flux(args, faces)
        on_xl, more = xl(args, faces)
        for seed in (1, 2, 3):
            drawn |= {f"face{seed}.crop": faces.crop(seed)[0].to(torch.uint8), f"face{seed}.embedding": faces.embedding(seed)[0]}
    args.out.mkdir(parents=True, exist_ok=True)
    save_file({name: value.detach().clone().contiguous() for name, value in (drawn | more).items()},
              args.out / "reference.safetensors")
    packed(args.out / "reference.json.gz", {
        "commits": {name: COMMITS[name] for name in ("facexlib", "pulid")}, "flux": on_flux, "xl": on_xl,
        "tower": {"seed": TOWER, "tensors": faces.shapes}, "versions": versions()})


if __name__ == "__main__":
    main()
