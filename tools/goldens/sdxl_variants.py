"""Tiny Stable Diffusion XL shapes: base and refiner, varying what published checkpoints vary."""
from sd1_variants import CROSS_DOWN, CROSS_UP, DOWN, UP, text, vae

TIME_WIDTH = 8
BOTH_TEXTS = 72


def unet(ids, pooled, **changes):
    """{ids} numbers about sizes and {pooled} numbers about the text enter beside the timestep."""
    return dict(sample_size=16, block_out_channels=(16, 32, 48), layers_per_block=2, norm_num_groups=8,
                attention_head_dim=(2, 4, 6), transformer_layers_per_block=(1, 2, 3), use_linear_projection=True,
                cross_attention_dim=BOTH_TEXTS, down_block_types=(DOWN, CROSS_DOWN, CROSS_DOWN),
                up_block_types=(CROSS_UP, CROSS_UP, UP), addition_embed_type="text_time",
                addition_time_embed_dim=TIME_WIDTH,
                projection_class_embeddings_input_dim=ids * TIME_WIDTH + pooled) | changes


def second_text(**changes):
    return text(hidden_size=40, num_attention_heads=5, intermediate_size=80, num_hidden_layers=4, projection_dim=24,
                hidden_act="gelu") | changes


XL_VAE = vae(3, block_out_channels=(16, 32, 32), norm_num_groups=8, scaling_factor=0.13025, force_upcast=True)

VARIANTS = {
    "xl-base": dict(unet=unet(6, 24), vae=XL_VAE, text=text(), text_2=second_text(), zeros=True),
    "xl-words-for-nothing": dict(
        unet=unet(6, 40, attention_head_dim=(1, 2, 4), transformer_layers_per_block=(0, 1, 4)),
        vae=XL_VAE, text=text(), text_2=second_text(projection_dim=40, eos_token_id=1013), zeros=False),
    "xl-means": dict(
        unet=unet(6, 24), text=text(), text_2=second_text(), zeros=True, scheduler="EulerDiscreteScheduler",
        vae=vae(3, block_out_channels=(16, 32, 32), norm_num_groups=8, scaling_factor=0.5,
                latents_mean=(-1.6, 0.03, 0.2, -0.7), latents_std=(8.4, 4.5, 1.3, 0.6))),
    "xl-inpainting": dict(unet=unet(6, 24, in_channels=9), vae=XL_VAE, text=text(), text_2=second_text(), zeros=True),
    "xl-refiner": dict(
        unet=unet(5, 24, cross_attention_dim=40, block_out_channels=(16, 32, 48, 48), attention_head_dim=(2, 4, 6, 6),
                  transformer_layers_per_block=2, down_block_types=(DOWN, CROSS_DOWN, CROSS_DOWN, DOWN),
                  up_block_types=(UP, CROSS_UP, CROSS_UP, UP)),
        vae=XL_VAE, text=None, text_2=second_text(), zeros=False),
}
