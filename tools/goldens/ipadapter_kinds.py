"""The published layouts of IP-Adapters, for a UNet of any size: names to shapes."""


def attention(unet, lora_rank=0):
    """Keys and values by position in the registration order of the attention processors; FaceID's LoRA beside them."""
    shapes = {}
    for n, name in enumerate(unet.attn_processors):
        layer = unet.get_submodule(name.removesuffix(".processor"))
        if name.endswith("attn2.processor"):
            hidden, cross = layer.to_k.weight.shape
            shapes |= {f"ip_adapter.{n}.to_k_ip.weight": [hidden, cross],
                       f"ip_adapter.{n}.to_v_ip.weight": [hidden, cross]}
        for part in ("q", "k", "v", "out") if lora_rank else ():
            out, into = (layer.to_out[0] if part == "out" else getattr(layer, f"to_{part}")).weight.shape
            shapes |= {f"ip_adapter.{n}.to_{part}_lora.down.weight": [lora_rank, into],
                       f"ip_adapter.{n}.to_{part}_lora.up.weight": [out, lora_rank]}
    return shapes


def norm(name, width):
    return {f"{name}.weight": [width], f"{name}.bias": [width]}


def linear(name, into, out, bias=True):
    return {f"{name}.weight": [out, into]} | ({f"{name}.bias": [out]} if bias else {})


def layers(prefix, width, heads):
    shapes = {}
    for i in range(4):
        at = f"{prefix}layers.{i}"
        shapes |= norm(f"{at}.0.norm1", width) | norm(f"{at}.0.norm2", width)
        shapes |= linear(f"{at}.0.to_q", width, 64 * heads, False) | linear(f"{at}.0.to_kv", width, 128 * heads, False)
        shapes |= linear(f"{at}.0.to_out", 64 * heads, width, False) | norm(f"{at}.1.0", width)
        shapes |= linear(f"{at}.1.1", width, 4 * width, False) | linear(f"{at}.1.3", 4 * width, width, False)
    return shapes


def base(cross, pooled, tokens=4):
    return linear("proj", pooled, tokens * cross) | norm("norm", cross)


def full(cross, clip):
    return linear("proj.0", clip, clip) | linear("proj.2", clip, cross) | norm("proj.3", cross)


def plus(cross, into, tokens, width, heads):
    return ({"latents": [1, tokens, width]} | linear("proj_in", into, width) | linear("proj_out", width, cross)
            | norm("norm_out", cross) | layers("", width, heads))


def faceid(cross, face, tokens):
    return linear("proj.0", face, 2 * face) | linear("proj.2", 2 * face, tokens * cross) | norm("norm", cross)


def faceid_plus(cross, face, clip, heads):
    at = "perceiver_resampler."
    return (faceid(cross, face, 4) | linear(at + "proj_in", clip, cross) | linear(at + "proj_out", cross, cross)
            | norm(at + "norm_out", cross) | layers(at, cross, heads))


def adapters(unet, pooled, clip, face):
    """Every kind by name: names to shapes."""
    cross = unet.config.cross_attention_dim
    projections = {
        "base": base(cross, pooled), "plus": plus(cross, clip, 5, 96, 2), "full-face": full(cross, clip),
        "faceid": faceid(cross, face, 4), "faceid-plus": faceid_plus(cross, face, clip, 1),
        "portrait": faceid(cross, face, 7), "portrait-unnorm": plus(cross, face, 6, 48, 1),
    }
    return {kind: {f"image_proj.{name}": shape for name, shape in shapes.items()}
            | attention(unet, 3 if kind in ("faceid", "faceid-plus") else 0) for kind, shapes in projections.items()}
