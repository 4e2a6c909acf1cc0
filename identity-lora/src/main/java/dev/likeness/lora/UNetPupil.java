package dev.likeness.lora;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.family.stablediffusion.UNet2DConditionModel;
import dev.likeness.diffusion.internal.family.stablediffusion.UNetConditioning;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.text.LoadedClip;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.lora.internal.training.TrainableNetworks;
import java.util.List;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Stable Diffusion 1.x, 2.x and XL. */
record UNetPupil(StableDiffusionNetworks model) implements Pupil {
  @Override
  public ModelComponent part() {
    return ModelComponent.UNET;
  }

  @Override
  public int unit() {
    return model.autoencoder().factor();
  }

  @Override
  public List<LoadedClip> towers() {
    return model.towers();
  }

  @Override
  public TextEncoding encode(List<String> texts, Tensor byT5, TrainableNetworks learner) {
    TensorVector tokens = new TensorVector();
    Tensor pooled = null;
    for (LoadedClip tower : model.towers()) {
      TextEncoding encoding = encode(tower, texts, learner, model);
      tokens.push_back(encoding.tokens());
      pooled = encoding.pooled();
    }
    return new TextEncoding(torch.cat(tokens, -1), pooled);
  }

  @Override
  public Tensor answer(
      TrainableNetworks learner,
      Tensor noised,
      double[] levels,
      TextEncoding text,
      SegmentRunner segments) {
    UNet2DConditionModel unet =
        new UNet2DConditionModel(model.unetConfig(), learner.network(ModelComponent.UNET));
    return unet.forward(
        model.compute().place(noised),
        Pupil.numbers(model, 1, levels),
        conditioning(noised, text),
        segments);
  }

  private UNetConditioning conditioning(Tensor noised, TextEncoding text) {
    if (model.sizeIds() == 0) {
      return UNetConditioning.text(text.tokens());
    }
    int factor = model.autoencoder().factor();
    float height = noised.size(2) * factor;
    float width = noised.size(3) * factor;
    Tensor sizes = torch
        .tensor(new float[] {height, width, 0, 0, height, width})
        .unsqueeze(0)
        .repeat_interleave(noised.size(0), new LongOptional(0), new LongOptional());
    Tensor placed = sizes.to(new Device(model.compute().device()), ScalarType.Float);
    return new UNetConditioning(text.tokens(), text.pooled(), placed);
  }
}
