"""Tiny Stable Diffusion 1.x/2.x shapes which together vary every option that published checkpoints vary."""

CROSS_DOWN, DOWN = "CrossAttnDownBlock2D", "DownBlock2D"
CROSS_UP, UP = "CrossAttnUpBlock2D", "UpBlock2D"
VOCABULARY = 1014


def unet(**changes):
    return dict(sample_size=16, block_out_channels=(32, 64), layers_per_block=1, cross_attention_dim=32,
                attention_head_dim=8, norm_num_groups=32, down_block_types=(CROSS_DOWN, DOWN),
                up_block_types=(UP, CROSS_UP)) | changes


def vae(levels=2, **changes):
    channels = changes.pop("block_out_channels", (32, 64, 64, 64)[:levels])
    return dict(sample_size=64, block_out_channels=channels, layers_per_block=1, norm_num_groups=32,
                down_block_types=("DownEncoderBlock2D",) * levels, up_block_types=("UpDecoderBlock2D",) * levels,
                scaling_factor=0.18215) | changes


def tiny_vae(**changes):
    return dict(encoder_block_out_channels=(16, 16, 16), decoder_block_out_channels=(16, 16, 16),
                num_encoder_blocks=(1, 2, 2), num_decoder_blocks=(2, 2, 1)) | changes


def text(**changes):
    return dict(vocab_size=VOCABULARY, hidden_size=32, intermediate_size=64, num_hidden_layers=5,
                num_attention_heads=4, projection_dim=32, max_position_embeddings=77, hidden_act="quick_gelu",
                bos_token_id=0, eos_token_id=2, pad_token_id=1) | changes


FOUR_DOWN, FOUR_UP = (CROSS_DOWN,) * 3 + (DOWN,), (UP,) + (CROSS_UP,) * 3

VARIANTS = {
    "base": dict(unet=unet(), vae=vae(), text=text()),
    "four-levels": dict(
        unet=unet(block_out_channels=(16, 32, 48, 48), layers_per_block=2, norm_num_groups=8, attention_head_dim=4,
                  down_block_types=FOUR_DOWN, up_block_types=FOUR_UP),
        vae=vae(4, block_out_channels=(16, 16, 32, 32), layers_per_block=2, norm_num_groups=8), text=text()),
    "v-prediction": dict(
        unet=unet(cross_attention_dim=48, attention_head_dim=(4, 8), use_linear_projection=True,
                  upcast_attention=True, only_cross_attention=(False, False)),
        vae=vae(), pad="!", prediction_type="v_prediction", scheduler="DDIMScheduler",
        text=text(hidden_size=48, num_attention_heads=3, hidden_act="gelu", num_hidden_layers=4, projection_dim=24)),
    "lists": dict(
        unet=unet(block_out_channels=(16, 32, 48), layers_per_block=(1, 2, 1), transformer_layers_per_block=(1, 2, 1),
                  attention_head_dim=(2, 4, 6), norm_num_groups=16, norm_eps=1e-6,
                  down_block_types=(CROSS_DOWN, CROSS_DOWN, CROSS_DOWN), up_block_types=(CROSS_UP,) * 3),
        vae=vae(3, block_out_channels=(16, 16, 32), norm_num_groups=16), text=text()),
    "no-middle": dict(
        unet=unet(block_out_channels=(32, 64, 64), mid_block_type=None, down_block_types=(CROSS_DOWN,) * 3,
                  up_block_types=(CROSS_UP,) * 3), vae=vae(3), text=text()),
    "gelu": dict(
        unet=unet(act_fn="gelu", mid_block_scale_factor=1.4142135),
        vae=vae(act_fn="gelu"), text=text()),
    "sample-prediction": dict(
        unet=unet(act_fn="mish", transformer_layers_per_block=2, sample_size=12), vae=vae(),
        text=text(eos_token_id=VOCABULARY - 1, bos_token_id=VOCABULARY - 2, layer_norm_eps=1e-6),
        prediction_type="sample", scheduler="DDIMScheduler"),
    "time-embedding": dict(
        unet=unet(flip_sin_to_cos=False, freq_shift=1, norm_num_groups=8,
                  attention_head_dim=1, use_linear_projection=True), vae=vae(scaling_factor=0.13025), text=text()),
    "bare-vae": dict(
        unet=unet(), text=text(), vae=vae(3, block_out_channels=(16, 32, 32), layers_per_block=2, norm_num_groups=8,
                                         use_quant_conv=False, use_post_quant_conv=False,
                                         mid_block_add_attention=False, scaling_factor=0.3611)),
    "eight-latents": dict(
        unet=unet(in_channels=8, out_channels=8), vae=vae(latent_channels=8, force_upcast=False), text=text()),
    "tiny-autoencoder": dict(unet=unet(), vae=tiny_vae(), vae_class="AutoencoderTiny", text=text()),
    # These see a mask and the kept part of a picture beside the latents; pictures.py runs them, the second only there.
    "inpainting": dict(unet=unet(in_channels=9), vae=vae(), text=text()),
    "sd2-inpainting": dict(
        alone=False,
        unet=unet(in_channels=9, cross_attention_dim=48, attention_head_dim=(4, 8), use_linear_projection=True),
        vae=vae(), pad="!", prediction_type="v_prediction", scheduler="DDIMScheduler",
        text=text(hidden_size=48, num_attention_heads=3, hidden_act="gelu", num_hidden_layers=4, projection_dim=24)),
    # Options that a Stable Diffusion pipeline overrides: it takes 1 and False.
    "outdated-schedule": dict(unet=unet(), vae=vae(), text=text(), scheduler="DDIMScheduler",
                              schedule=dict(steps_offset=0, clip_sample=True)),
    "full-vocabulary": dict(unet=unet(), vae=vae(), merges=None, text=text(
        vocab_size=49408, hidden_size=32, bos_token_id=49406, eos_token_id=49407)),
}
