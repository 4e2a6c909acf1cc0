"""What diffusers draws with base and xl-base as latent consistency models, whose UNets are told the guidance."""
from diffusers import LatentConsistencyModelImg2ImgPipeline, LatentConsistencyModelPipeline, UNet2DConditionModel
from safetensors.torch import save_file

from arguments import base_and_out
from kept import packed, pixels
from pictures import Golden, ask
from sd1_reference import versions
from seeded import seeded_tensors

ASKS = [ask(kind, "LCMScheduler", negative="blurry!", picture=2, **options) for kind, options in (
    ("text", dict(guidance=8.5, steps=4, width=16, height=16, seeds=[3])),
    ("image", dict(guidance=3.3, steps=3, strength=0.6, seeds=[5])),
    ("text", dict(folder="xl-base", guidance=6.0, steps=3, width=24, height=16, seeds=[4])))]


class Told(Golden):
    def pipeline(self, kind, request):
        pipe = super().pipeline(kind, request)
        net = UNet2DConditionModel.from_config(pipe.unet.config, time_cond_proj_dim=16)
        shapes = {"time_embedding.cond_proj.weight": [net.config.block_out_channels[0], 16]}
        net.load_state_dict(pipe.unet.state_dict() | seeded_tensors(shapes, 1100))
        pipe.register_modules(unet=net.eval())
        if request["folder"] != "base":
            return pipe
        own = LatentConsistencyModelPipeline if kind == "text" else LatentConsistencyModelImg2ImgPipeline
        return own(**pipe.components, requires_safety_checker=False)


if __name__ == "__main__":
    base, out = base_and_out(__doc__)
    golden = Told(base.parent)
    save_file({f"run{i}.latents": pixels(golden.run(a)["latents"]) for i, a in enumerate(ASKS)},
              out / "reference.safetensors")
    packed(out / "reference.json.gz", {"runs": ASKS, "versions": versions()})
