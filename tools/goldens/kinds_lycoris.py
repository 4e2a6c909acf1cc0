"""Every kind of change that LyCORIS and peft know, on layers of the tiny base pipeline: files, the outputs of their own
forward passes, and what the UNet answers with the files that it can load as a whole."""
import torch
from diffusers import UNet2DConditionModel
from lycoris.modules.boft import ButterflyOFTModule
from lycoris.modules.diag_oft import DiagOFTModule
from lycoris.modules.full import FullModule
from lycoris.modules.glora import GLoRAModule
from lycoris.modules.locon import LoConModule
from lycoris.modules.loha import LohaModule
from lycoris.modules.lokr import LokrModule
from lycoris.modules.norms import NormModule
from peft import LoraConfig, OFTConfig
from safetensors.torch import save_file

from arguments import base_and_out
from clip_vocabulary import write_json
from kinds_layers import written
from sd1_reference import versions

LINEAR = "mid_block.attentions.0.transformer_blocks.0.attn1.to_q"
TEXT = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k"
CONV = "down_blocks.0.resnets.0.conv1"
POINT = "mid_block.attentions.0.proj_in"
WIDE = "mid_block.attentions.0.transformer_blocks.0.ff.net.0.proj"
GROUP_NORM = "down_blocks.0.resnets.0.norm1"
LAYER_NORM = "mid_block.attentions.0.transformer_blocks.0.norm1"
LAYERS = [LINEAR, TEXT, CONV, POINT, WIDE]
# name: class, options, layers
KINDS = {
    "locon": (LoConModule, dict(lora_dim=4, alpha=2), LAYERS),
    "locon-tucker": (LoConModule, dict(lora_dim=4, alpha=3, use_tucker=True), [CONV]),
    "dora": (LoConModule, dict(lora_dim=4, alpha=2, weight_decompose=True, wd_on_out=True), LAYERS),
    "dora-columns": (LoConModule, dict(lora_dim=4, alpha=2, weight_decompose=True, wd_on_out=False), LAYERS),
    "loha": (LohaModule, dict(lora_dim=3, alpha=2), LAYERS),
    "loha-tucker": (LohaModule, dict(lora_dim=3, alpha=2, use_tucker=True), [CONV]),
    "lokr": (LokrModule, dict(lora_dim=2, alpha=1, factor=4), LAYERS),
    "lokr-both": (LokrModule, dict(lora_dim=2, alpha=1, decompose_both=True), LAYERS),
    "lokr-full": (LokrModule, dict(lora_dim=10000, alpha=1, factor=4, full_matrix=True), LAYERS),
    "lokr-tucker": (LokrModule, dict(lora_dim=2, alpha=1, factor=4, use_tucker=True), [CONV]),
    "glora": (GLoRAModule, dict(lora_dim=4, alpha=2), LAYERS),
    "oft": (DiagOFTModule, dict(lora_dim=8), LAYERS),
    "oft-rescaled": (DiagOFTModule, dict(lora_dim=8, constraint=0.01, rescaled=True), LAYERS),
    "boft": (ButterflyOFTModule, dict(lora_dim=8), [LINEAR, TEXT, CONV]),
    "full": (FullModule, {}, LAYERS),
    "norm": (NormModule, {}, [GROUP_NORM, LAYER_NORM]),
}
SHAPES = {LINEAR: (2, 5, 64), TEXT: (2, 5, 32), CONV: (2, 32, 6, 5), POINT: (2, 64, 3, 4), WIDE: (2, 5, 64),
          GROUP_NORM: (2, 32, 6, 5), LAYER_NORM: (2, 5, 64)}


def adapted(base, kind, options, path, generator):
    layer = base.get_submodule(path)
    module = kind("lora_unet_" + path.replace(".", "_"), layer, **options)
    for name, parameter in module.named_parameters():
        if not name.startswith("org_module"):
            parameter.data = parameter.data + 0.2 * torch.randn(parameter.shape, generator=generator)
    return layer, module


def run(base, name, out, inputs):
    kind, options, paths = KINDS[name]
    generator = torch.Generator("cpu").manual_seed(3000 + list(KINDS).index(name))
    file, expected = {}, {}
    for path in paths:
        layer, module = adapted(base, kind, options, path, generator)
        original = layer.forward
        module.apply_to()
        # Only the full kind's own state needs it applied; several kinds have none and mean their parameters.
        state = module.custom_state_dict() or module.state_dict()
        prefix = "lora_unet_" + path.replace(".", "_") + "."
        file |= {prefix + key: value.detach().clone().contiguous() for key, value in state.items()
                 if not key.startswith("org_module")}
        expected[f"{name}.{path}"] = layer(inputs[path]).detach().clone()
        module.restore() if hasattr(module, "restore") else None
        layer.forward = original
    save_file(file, out / f"{name}.safetensors")
    return expected


def peft_kind(base, name, config, out, inputs):
    """The same through peft: DoRA in its own spelling, and its OFT."""
    generator = torch.Generator("cpu").manual_seed(3100 + len(name))
    unet, state = written(base, config, generator, out / f"{name}.safetensors")
    paths = [path for path in inputs if any(path.endswith(t) for t in config.target_modules)
             and any(path in key for key in state)]
    return {f"{name}.{path}": unet.get_submodule(path)(inputs[path]).detach().clone() for path in paths}


@torch.no_grad()
def main():
    base, out = base_and_out(__doc__)
    generator = torch.Generator("cpu").manual_seed(2999)
    inputs = {path: torch.randn(shape, generator=generator) for path, shape in SHAPES.items()}
    inputs[WIDE] = inputs[WIDE][:1, :4].contiguous()  # each place is answered by itself, and the answers are wide
    tensors = {f"input.{path}": value for path, value in inputs.items()}
    for name in KINDS:
        unet = UNet2DConditionModel.from_pretrained(base / "unet").eval()
        tensors |= run(unet, name, out, inputs)
    dora = LoraConfig(r=4, lora_alpha=4, use_dora=True, target_modules=[LINEAR, TEXT, CONV, POINT])
    tensors |= peft_kind(base, "peft-dora", dora, out, inputs)
    oft = OFTConfig(oft_block_size=8, r=0, target_modules=[LINEAR, TEXT, POINT], use_cayley_neumann=True)
    tensors |= peft_kind(base, "peft-oft", oft, out, inputs)
    save_file(tensors, out / "reference.safetensors")
    write_json(out / "reference.json", {"kinds": list(KINDS) + ["peft-dora", "peft-oft"], "versions": versions()})


if __name__ == "__main__":
    main()
