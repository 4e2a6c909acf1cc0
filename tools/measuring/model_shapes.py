"""The shapes of published models, and diffusers folders of them: with values, or as sparse files without.

Text encoders have as many rows as a tokenizer of their kind: `tokenizers` has the folders clip, t5 and qwen.
"""
import json
import math
import shutil

import torch
from diffusers import (AutoencoderKL, AutoencoderKLFlux2, EulerDiscreteScheduler, FlowMatchEulerDiscreteScheduler,
                       Flux2Transformer2DModel, FluxTransformer2DModel, UNet2DConditionModel, ZImageTransformer2DModel)
from transformers import (CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, Qwen3Config, Qwen3ForCausalLM,
                          Qwen3Model, T5Config, T5EncoderModel)

NAMES = {torch.float8_e4m3fn: "F8_E4M3", torch.float16: "F16", torch.bfloat16: "BF16", torch.float32: "F32"}
CLIP = dict(hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
            projection_dim=768)
BIGG = CLIP | dict(hidden_size=1280, intermediate_size=5120, num_hidden_layers=32, num_attention_heads=20,
                   projection_dim=1280, hidden_act="gelu")
T5 = dict(d_model=4096, d_kv=64, d_ff=10240, num_layers=24, num_heads=64, feed_forward_proj="gated-gelu",
          tie_word_embeddings=False)
QWEN = dict(hidden_size=2560, intermediate_size=9728, num_hidden_layers=36, num_attention_heads=32,
            num_key_value_heads=8, head_dim=128, rope_parameters=dict(rope_type="default", rope_theta=1e6),
            tie_word_embeddings=True)
SD15 = dict(sample_size=64, cross_attention_dim=768, attention_head_dim=8)
XL = dict(sample_size=128, block_out_channels=(320, 640, 1280), attention_head_dim=(5, 10, 20),
          cross_attention_dim=2048, down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
          up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
          transformer_layers_per_block=(1, 2, 10), use_linear_projection=True, addition_embed_type="text_time",
          addition_time_embed_dim=256, projection_class_embeddings_input_dim=2816)
VAE = dict(block_out_channels=(128, 256, 512, 512), down_block_types=("DownEncoderBlock2D",) * 4,
           up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=2, sample_size=1024)
FLUX_VAE = VAE | dict(latent_channels=16, scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=False,
                      use_post_quant_conv=False)
FLUX = dict(in_channels=64, num_layers=19, num_single_layers=38, attention_head_dim=128, num_attention_heads=24,
            joint_attention_dim=4096, pooled_projection_dim=768, guidance_embeds=True)
KLEIN = dict(in_channels=128, num_layers=5, num_single_layers=20, attention_head_dim=128, num_attention_heads=24,
             joint_attention_dim=7680, guidance_embeds=False)
BETAS = dict(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1,
             timestep_spacing="leading")
FLOW = dict(base_image_seq_len=256, base_shift=0.5, max_image_seq_len=4096, max_shift=1.15, shift=3.0,
            use_dynamic_shifting=True)

SMALL_CLIP = dict(hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=2, projection_dim=64)
SMALL_T5 = dict(d_model=64, d_kv=16, d_ff=96, num_layers=2, num_heads=4)
SMALL_QWEN = dict(hidden_size=32, intermediate_size=48, num_hidden_layers=30, num_attention_heads=4,
                  num_key_value_heads=2, head_dim=16)
SMALL_VAE = dict(block_out_channels=(16, 32), down_block_types=("DownEncoderBlock2D",) * 2,
                 up_block_types=("UpDecoderBlock2D",) * 2, layers_per_block=1, sample_size=64, norm_num_groups=8)


def family(tiny):
    """By name: pipeline class, scheduler, and the parts by folder: class and options."""
    def of(full, small):
        return full | small if tiny else full

    clip, bigg, t5, qwen = of(CLIP, SMALL_CLIP), of(BIGG, SMALL_CLIP), of(T5, SMALL_T5), of(QWEN, SMALL_QWEN)
    blocks = dict(block_out_channels=(32, 64), layers_per_block=1, norm_num_groups=8, sample_size=32)
    down, up = ("CrossAttnDownBlock2D", "DownBlock2D"), ("UpBlock2D", "CrossAttnUpBlock2D")
    unet = of(SD15, blocks | dict(down_block_types=down, up_block_types=up, cross_attention_dim=64,
                                  attention_head_dim=2))
    xl = of(XL, blocks | dict(down_block_types=down[::-1], up_block_types=up[::-1], cross_attention_dim=128,
                              attention_head_dim=(2, 2), transformer_layers_per_block=(1, 2), addition_time_embed_dim=8,
                              projection_class_embeddings_input_dim=6 * 8 + 64))
    flux = of(FLUX, dict(in_channels=16, num_layers=2, num_single_layers=2, attention_head_dim=16,
                         num_attention_heads=2, joint_attention_dim=64, pooled_projection_dim=64,
                         axes_dims_rope=(4, 6, 6)))
    klein = of(KLEIN, dict(in_channels=16, num_layers=1, num_single_layers=2, attention_head_dim=16,
                           num_attention_heads=2, joint_attention_dim=96, axes_dims_rope=(4, 4, 4, 4)))
    zimage = of({}, dict(in_channels=4, dim=48, n_layers=2, n_refiner_layers=1, n_heads=2, n_kv_heads=2,
                         cap_feat_dim=32, axes_dims=(8, 8, 8)))
    vae = of(VAE, SMALL_VAE)
    deep_vae = of(FLUX_VAE, SMALL_VAE | dict(latent_channels=4))
    vae2 = {} if not tiny else dict(SMALL_VAE, latent_channels=4, decoder_block_out_channels=(16, 32))
    text = dict(text_encoder=(CLIPTextModel, clip), tokenizer=("CLIPTokenizer", "clip"))
    euler, flow = (EulerDiscreteScheduler, BETAS), (FlowMatchEulerDiscreteScheduler, FLOW)
    return {
        "sd15": ("StableDiffusionPipeline", euler, text | dict(
            unet=(UNet2DConditionModel, unet), vae=(AutoencoderKL, vae | dict(scaling_factor=0.18215)))),
        "sdxl": ("StableDiffusionXLPipeline", euler, text | dict(
            unet=(UNet2DConditionModel, xl), vae=(AutoencoderKL, vae | dict(scaling_factor=0.13025)),
            text_encoder_2=(CLIPTextModelWithProjection, bigg), tokenizer_2=("CLIPTokenizer", "clip"))),
        "flux": ("FluxPipeline", flow, text | dict(
            transformer=(FluxTransformer2DModel, flux), vae=(AutoencoderKL, deep_vae),
            text_encoder_2=(T5EncoderModel, t5), tokenizer_2=("T5Tokenizer", "t5"))),
        "klein": ("Flux2KleinPipeline", flow, dict(
            transformer=(Flux2Transformer2DModel, klein), vae=(AutoencoderKLFlux2, vae2),
            text_encoder=(Qwen3ForCausalLM, qwen), tokenizer=("Qwen2Tokenizer", "qwen"))),
        "zimage": ("ZImagePipeline", (FlowMatchEulerDiscreteScheduler, dict(shift=3.0)), dict(
            transformer=(ZImageTransformer2DModel, zimage), vae=(AutoencoderKL, deep_vae),
            text_encoder=(Qwen3Model, qwen), tokenizer=("Qwen2Tokenizer", "qwen"))),
    }


CONFIGS = {CLIPTextModel: CLIPTextConfig, CLIPTextModelWithProjection: CLIPTextConfig, T5EncoderModel: T5Config,
           Qwen3Model: Qwen3Config, Qwen3ForCausalLM: Qwen3Config}


def network(kind, options, tokenizers):
    """The network without values. Text encoders have as many rows as the tokenizer of their kind."""
    if kind in CONFIGS:
        words = "clip" if kind.__name__.startswith("CLIP") else "t5" if kind is T5EncoderModel else "qwen"
        rows = vocabulary(tokenizers / words / "tokenizer.json")
        ends = dict(bos_token_id=rows - 2, eos_token_id=rows - 1) if words == "clip" else {}
        options = CONFIGS[kind](**options, **ends, vocab_size=rows)
    with torch.device("meta"):
        return kind(options) if kind in CONFIGS else kind(**options)


def vocabulary(file):
    """The rows that a tokenizer needs; T5's added tokens come after its pieces."""
    tokenizer = json.loads(file.read_text("utf-8"))
    words = tokenizer["model"]["vocab"]
    ids = list(range(len(words))) if isinstance(words, list) else list(words.values())
    return max(ids + [token["id"] for token in tokenizer["added_tokens"]]) + 1


def shapes(module):
    """The parameters and buffers that a file has, once each."""
    tied = getattr(module, "_tied_weights_keys", None) or {}
    return {name: tensor for name, tensor in module.state_dict().items() if name not in tied}


def write(file, tensors, type_of, content=None):
    """A safetensors file whose tensors have the types of `type_of(tensor)`; without content, the values are a hole."""
    header, at = {}, 0
    for name, tensor in tensors.items():
        wide = torch.int64 if tensor.dtype == torch.int64 else type_of(tensor)
        size = tensor.numel() * wide.itemsize
        header[name] = dict(dtype=NAMES.get(wide, "I64"), shape=list(tensor.shape), data_offsets=[at, at + size])
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(file, "wb") as out:
        out.write(len(text).to_bytes(8, "little") + text)
        if content is None:
            out.truncate(8 + len(text) + at)
        else:
            for name, tensor in tensors.items():
                content(out, name, tensor)


def spread(name, tensor):
    """Standard deviation and mean of values under which activations keep about unit size."""
    if tensor.dim() > 1:
        return 1 / math.sqrt(tensor.numel() / tensor.shape[0]), 0
    return 0.1, 1 if name.endswith(("weight", "running_var")) else 0


def values(tensors):
    """Random values under which activations keep about unit size."""
    made = {}
    for name, tensor in sorted(tensors.items()):
        r = torch.randn(tensor.shape)
        deviation, mean = spread(name, tensor)
        whole = tensor.dtype == torch.int64
        made[name] = torch.zeros(tensor.shape, dtype=torch.int64) if whole else r * deviation + mean
    return made


def part(folder, module, write):
    folder.mkdir(parents=True)
    diffusers = hasattr(module, "save_config")
    module.save_config(folder) if diffusers else module.config.save_pretrained(folder)
    write(folder / ("diffusion_pytorch_model.safetensors" if diffusers else "model.safetensors"), shapes(module))


def folder(out, tokenizers, pipeline, scheduler, parts, write):
    index = dict(_class_name=pipeline, scheduler=["diffusers", scheduler[0].__name__])
    if pipeline == "Flux2KleinPipeline":
        index["is_distilled"] = False
    scheduler[0](**scheduler[1]).save_pretrained(out / "scheduler")
    for name, (kind, options) in parts.items():
        if name.startswith("tokenizer"):
            index[name] = ["transformers", kind]
            shutil.copytree(tokenizers / options, out / name)
        else:
            index[name] = ["transformers" if kind in CONFIGS else "diffusers", kind.__name__]
            part(out / name, network(kind, options, tokenizers), write)
    (out / "model_index.json").write_text(json.dumps(index, indent=1))
