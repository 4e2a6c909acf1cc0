package dev.likeness.diffusion.internal.family.stablediffusion;

import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.LoadedClip;
import dev.likeness.diffusion.internal.family.TrainingTarget;
import dev.likeness.diffusion.internal.nn.SegmentRunner;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.text.TextEncoding;
import java.util.List;
import org.bytedeco.pytorch.Device;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Stable Diffusion 1.x, 2.x and XL. */
record StableDiffusionTrainingTarget(StableDiffusionNetworks model) implements TrainingTarget {
  private static final double LEARNING_RATE = 2e-4;
  /** The number of time ids of SDXL's refiner. */
  private static final int REFINER = 5;

  /**
   * The target, or the reason that training is not supported: a {@link TrainingTarget} or a
   * {@link TrainingTarget.Refusal}.
   */
  static Object of(StableDiffusionNetworks model) {
    if (model.sizeIds() == REFINER) {
      return new Refusal("training a refiner is not supported; train its base");
    }
    Refusal refusal = TrainingTarget.refusal(
        "inpainting", model.unetConfig().inChannels(), model.autoencoder().latentChannels());
    return refusal == null ? new StableDiffusionTrainingTarget(model) : refusal;
  }

  @Override
  public Recipe recipe() {
    return new Recipe(model.unetConfig().levels().get(0).channels(), LEARNING_RATE, true);
  }

  @Override
  public Objective objective() {
    return Objective.DENOISING;
  }

  /** Zeros for SDXL, if it was trained with zeros. */
  @Override
  public TextEncoding emptyNegative(TextEncoding empty) {
    return model.zerosForEmptyPrompt() ? empty.zeros() : empty;
  }

  @Override
  public ModelComponent component() {
    return ModelComponent.UNET;
  }

  @Override
  public int sizeMultiple() {
    return model.autoencoder().vaeScaleFactor();
  }

  @Override
  public List<LoadedClip> clipTextEncoders() {
    return model.clipTextEncoders();
  }

  @Override
  public TextEncoding encode(List<String> texts, Tensor byT5, Trained trained) {
    TensorVector tokens = new TensorVector();
    Tensor pooled = null;
    for (LoadedClip textEncoder : model.clipTextEncoders()) {
      TextEncoding encoding = TrainingTarget.encode(textEncoder, texts, trained, model);
      tokens.push_back(encoding.tokens());
      pooled = encoding.pooled();
    }
    return new TextEncoding(torch.cat(tokens, -1), pooled);
  }

  @Override
  public Tensor predict(
      Trained trained, Tensor noised, double[] levels, TextEncoding text, SegmentRunner segments) {
    UNet2DConditionModel unet =
        new UNet2DConditionModel(model.unetConfig(), trained.network(ModelComponent.UNET));
    return unet.forward(
        Tensors.place(model.compute(), noised),
        TrainingTarget.perImageNumbers(model, 1, levels),
        conditioning(noised, text),
        segments);
  }

  private UNetConditioning conditioning(Tensor noised, TextEncoding text) {
    if (model.sizeIds() == 0) {
      return UNetConditioning.text(text.tokens());
    }
    int factor = model.autoencoder().vaeScaleFactor();
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
