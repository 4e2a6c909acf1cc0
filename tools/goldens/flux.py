"""Tiny FLUX.1 pipelines with seeded random weights, and what diffusers computes with them on CPU in f32."""
import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxPipeline, FluxTransformer2DModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer, T5Config, T5EncoderModel, T5Tokenizer

from transformer_folders import run, write_variants
from sd1_reference import ACCENTS, BANGS, EMOJI, EMPTY, LONG, WOMAN

CLIP = dict(vocab_size=1014, hidden_size=32, intermediate_size=37, num_hidden_layers=2, num_attention_heads=4,
            max_position_embeddings=77, bos_token_id=1012, eos_token_id=1013, pad_token_id=1013)
T5 = dict(vocab_size=300, d_model=24, d_kv=8, d_ff=40, num_layers=2, num_heads=3, feed_forward_proj="gated-gelu",
          relative_attention_num_buckets=32, tie_word_embeddings=False)
VAE = dict(block_out_channels=(8, 16), down_block_types=("DownEncoderBlock2D",) * 2,
           up_block_types=("UpDecoderBlock2D",) * 2, layers_per_block=1, latent_channels=4, norm_num_groups=4,
           scaling_factor=0.3611, shift_factor=0.1159, use_quant_conv=False, use_post_quant_conv=False, sample_size=16)
NET = dict(in_channels=16, num_layers=2, num_single_layers=2, attention_head_dim=16, num_attention_heads=2,
           joint_attention_dim=24, pooled_projection_dim=32, guidance_embeds=True, axes_dims_rope=(4, 6, 6))
DYNAMIC = dict(base_image_seq_len=256, base_shift=0.5, max_image_seq_len=4096, max_shift=1.15, shift=3.0,
               use_dynamic_shifting=True)
VARIANTS = {
    "dev": dict(clip=CLIP, t5=T5, vae=VAE, net=NET, schedule=DYNAMIC),
    "schnell": dict(
        clip=CLIP | dict(hidden_size=24, num_hidden_layers=1, hidden_act="gelu"),
        t5=T5 | dict(d_model=32, d_kv=6, num_heads=4, num_layers=1, relative_attention_num_buckets=16,
                     relative_attention_max_distance=40),
        vae=VAE | dict(block_out_channels=(8, 8, 12), down_block_types=("DownEncoderBlock2D",) * 3,
                       up_block_types=("UpDecoderBlock2D",) * 3, latent_channels=16, layers_per_block=2),
        net=NET | dict(in_channels=64, num_layers=1, num_single_layers=3, attention_head_dim=24, num_attention_heads=3,
                       joint_attention_dim=32, pooled_projection_dim=24, guidance_embeds=False,
                       axes_dims_rope=(8, 8, 8)),
        schedule=dict(base_image_seq_len=256, base_shift=0.5, max_image_seq_len=4096, max_shift=1.15, shift=1.0,
                      use_dynamic_shifting=False)),
    "fill": dict(clip=CLIP, t5=T5, vae=VAE, net=NET | dict(in_channels=48, out_channels=16, num_layers=1),
                 schedule=DYNAMIC),
}
RUNS = {
    "dev": [run(WOMAN, 4, 3.5, 40, 24, [0]),
            run(ACCENTS, 2, 1.0, 24, 32, [7, 2 ** 40 + 5]),
            run(BANGS, 3, 5.0, 32, 32, [3], "FlowMatchEulerDiscreteScheduler", use_karras_sigmas=True),
            run(EMOJI, 3, 2.0, 16, 48, [9]),
            run(LONG, 5, 0.0, 32, 16, [11], "FlowMatchEulerDiscreteScheduler", time_shift_type="linear"),
            run(WOMAN, 3, 3.5, 24, 24, [5], call={"negative_prompt": "blurry", "true_cfg_scale": 4.0}),
            run(WOMAN, 3, 3.5, 64, 64, [6], "UniPCMultistepScheduler", prediction_type="flow_prediction",
                use_flow_sigmas=True, flow_shift=2.0)],
    "schnell": [run(EMPTY, 1, 0.0, 40, 24, [4]),
                run(WOMAN, 4, 0.0, 32, 32, [1, 2]),
                run(BANGS, 2, 3.5, 48, 64, [8], call={"negative_prompt": "", "true_cfg_scale": 1.5})],
    "fill": [],
}


def pipeline(variant, clip, t5):
    return FluxPipeline(
        scheduler=FlowMatchEulerDiscreteScheduler(**variant["schedule"]), vae=AutoencoderKL(**variant["vae"]),
        text_encoder=CLIPTextModel(CLIPTextConfig(**variant["clip"])), tokenizer=CLIPTokenizer.from_pretrained(clip),
        text_encoder_2=T5EncoderModel(T5Config(**variant["t5"])),
        tokenizer_2=T5Tokenizer.from_pretrained(t5, model_max_length=512),
        transformer=FluxTransformer2DModel(**variant["net"]))


@torch.no_grad()
def probe(pipe):
    """T5 alone on a short row of ids, and one forward of the transformer at a size of its own."""
    generator = torch.Generator("cpu").manual_seed(4)
    net = pipe.transformer.config
    ids = torch.arange(40).view(2, 20) % 17
    hidden = torch.randn((2, 15, net.in_channels), generator=generator)
    text = torch.randn((2, 7, net.joint_attention_dim), generator=generator)
    pooled = torch.randn((2, net.pooled_projection_dim), generator=generator)
    time, guidance = torch.tensor([0.731, 0.02]), torch.tensor([3.5, 1.25])
    positions = torch.stack([torch.zeros(15), torch.arange(15) // 5, torch.arange(15) % 5], 1)
    output = pipe.transformer(hidden, text, pooled, time, positions, torch.zeros(7, 3),
                              guidance if net.guidance_embeds else None).sample
    return {"t5.ids": ids, "t5.output": pipe.text_encoder_2(ids)[0], "net.hidden": hidden, "net.text": text,
            "net.pooled": pooled, "net.time": time, "net.guidance": guidance, "net.positions": positions,
            "net.output": output}


FILES = ["model_index.json", "scheduler/scheduler_config.json", "transformer/config.json", "vae/config.json",
         "text_encoder/config.json", "text_encoder_2/config.json", "reference.json", "reference.safetensors"]


if __name__ == "__main__":
    write_variants(__doc__, VARIANTS, pipeline, 3000, RUNS, probe, FILES)
