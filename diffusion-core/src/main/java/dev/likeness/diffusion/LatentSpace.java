package dev.likeness.diffusion;

import dev.likeness.diffusion.adapt.Adaptation;
import dev.likeness.diffusion.adapt.Adapter;
import dev.likeness.diffusion.adapt.Drawing;
import dev.likeness.diffusion.adapt.Part;
import dev.likeness.diffusion.image.Picture;
import dev.likeness.diffusion.model.Networks;
import dev.likeness.diffusion.model.StableDiffusion;
import dev.likeness.diffusion.tensor.Images;
import dev.likeness.diffusion.tensor.NoiseSource;
import dev.likeness.diffusion.tensor.TensorScope;
import dev.likeness.diffusion.text.TextEncoding;
import dev.likeness.diffusion.vae.Autoencoder;
import dev.likeness.diffusion.vae.Guarded;
import org.bytedeco.pytorch.NoGradGuard;

/** Ways into and out of the spaces that a model draws in. */
record LatentSpace(Networks model) {
  static PromptEmbedding encode(StableDiffusion model, ImageRequest request) {
    request.adapters().forEach(adapter -> adapter.requireFor(model));
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      TextEncoding encoding =
          new Conditioner(model, request, part -> adaptation(model, request, part)).lasting();
      return PromptEmbedding.of(encoding.tokens(), model.sizeIds() == 0 ? null : encoding.pooled());
    }
  }

  Latents encode(Picture picture) {
    int factor = model.autoencoder().factor();
    if (picture.width() % factor != 0 || picture.height() % factor != 0) {
      throw new IllegalArgumentException(
          picture + ": its sides are no multiples of " + factor + "; resize it first");
    }
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      return Latents.of(autoencoder().encode(Images.toSigned(picture)).mode());
    }
  }

  Picture decode(Latents latents) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      return Images.toPicture(Images.toUnit(autoencoder().decode(latents.tensor())));
    }
  }

  Latents noise(long seed, int width, int height) {
    int factor = model.autoencoder().factor();
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(seed)) {
      return Latents.of(
          noise.next(model.autoencoder().latentChannels(), height / factor, width / factor));
    }
  }

  private Autoencoder autoencoder() {
    return new Guarded(model.autoencoder(), words -> {});
  }

  /** What a request's adapters add to a part. */
  private static Adaptation adaptation(StableDiffusion model, ImageRequest request, Part part) {
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
