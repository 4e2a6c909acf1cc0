"""Files that peft writes of the tiny base's UNet, every trained tensor moved from where it starts."""
import torch
from diffusers import UNet2DConditionModel
from peft import get_peft_model
from peft.utils import get_peft_model_state_dict
from safetensors.torch import save_file


def written(base, config, generator, file):
    """The UNet under that change, and the names of the tensors in `file`."""
    unet = UNet2DConditionModel.from_pretrained(base / "unet")
    model = get_peft_model(unet, config).eval()
    for key, parameter in sorted(model.named_parameters()):
        if parameter.requires_grad:
            parameter.data = parameter.data + 0.2 * torch.randn(parameter.shape, generator=generator)
    state = {key: value.contiguous() for key, value in get_peft_model_state_dict(model).items()}
    save_file(state, file)
    return unet, list(state)
