package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.adapter.Adaptation;
import dev.likeness.diffusion.internal.adapter.Drawing;
import dev.likeness.diffusion.internal.adapter.ModelComponent;
import dev.likeness.diffusion.internal.family.OpenNetworks;
import dev.likeness.diffusion.internal.family.stablediffusion.PromptConditioning;
import dev.likeness.diffusion.internal.family.stablediffusion.StableDiffusionNetworks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.text.TextEncoding;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.internal.vae.FallbackAutoencoder;
import dev.likeness.diffusion.request.Adapter;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.PromptEmbedding;
import dev.likeness.diffusion.tensor.Latents;
import org.bytedeco.pytorch.NoGradGuard;

/** Ways into and out of the spaces that a model draws in. */
public record LatentCodec(OpenNetworks model) {
  public static PromptEmbedding encode(StableDiffusionNetworks model, ImageRequest request) {
    request.adapters().forEach(adapter -> adapter.requireFor(model));
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      TextEncoding encoding = new PromptConditioning(
              model, request, part -> adaptation(model, request, part))
          .lasting();
      return PromptEmbedding.of(encoding.tokens(), model.sizeIds() == 0 ? null : encoding.pooled());
    }
  }

  public Latents encode(RgbImage picture) {
    int factor = model.autoencoder().factor();
    if (picture.width() % factor != 0 || picture.height() % factor != 0) {
      throw new IllegalArgumentException(
          picture + ": its sides are no multiples of " + factor + "; resize it first");
    }
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      return Latents.of(autoencoder().encode(ImageTensors.toSigned(picture)).mode());
    }
  }

  public RgbImage decode(Latents latents) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      return ImageTensors.toPicture(ImageTensors.toUnit(autoencoder().decode(latents.tensor())));
    }
  }

  public Latents noise(long seed, int width, int height) {
    int factor = model.autoencoder().factor();
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(seed)) {
      return Latents.of(
          noise.next(model.autoencoder().latentChannels(), height / factor, width / factor));
    }
  }

  private Autoencoder autoencoder() {
    return new FallbackAutoencoder(model.autoencoder(), words -> {});
  }

  /** What a request's adapters add to a part. */
  private static Adaptation adaptation(
      StableDiffusionNetworks model, ImageRequest request, ModelComponent part) {
    int factor = model.autoencoder().factor();
    Drawing drawing = new Drawing(
        model.compute(),
        false,
        Math.max(factor, request.width()),
        Math.max(factor, request.height()),
        factor);
    Adaptation sum = Adaptation.NONE;
    for (Adapter adapter : request.adapters()) {
      sum = sum.and(adapter.adapt(part, drawing));
    }
    return sum;
  }
}
