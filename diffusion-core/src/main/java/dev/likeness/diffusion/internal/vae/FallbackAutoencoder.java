package dev.likeness.diffusion.internal.vae;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.vae.Autoencoder.LatentDistribution;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;

/**
 * An autoencoder that computes in f32 again if its result is not finite, because some published
 * ones overflow in f16. An image that is not finite in f32 either is refused.
 *
 * @param fast the autoencoder that is used first
 * @param warnings receives a warning for each retry
 */
public record FallbackAutoencoder(Autoencoder fast, Consumer<String> warnings)
    implements Autoencoder {
  @Override
  public int latentChannels() {
    return fast.latentChannels();
  }

  @Override
  public int vaeScaleFactor() {
    return fast.vaeScaleFactor();
  }

  @Override
  public Tensor decode(Tensor latents) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor image = fast.decode(latents);
      return scope.promote(overflowed(image, latents) ? decodeInF32(latents) : image);
    }
  }

  private Tensor decodeInF32(Tensor latents) {
    if (fast.inF32() != fast) {
      warnings.accept("the decoded image was not finite, so it was decoded again in f32");
      Tensor image = fast.inF32().decode(latents);
      if (Tensors.isFinite(image)) {
        return image;
      }
    }
    throw new InvalidInputException(
        "the decoded image is not finite, even in f32; give the base another autoencoder, or choose"
            + " other steps or guidance");
  }

  @Override
  public LatentDistribution encode(Tensor images) {
    try (TensorScope scope = TensorScope.open()) {
      LatentDistribution latents = fast.encode(images);
      if (overflowed(latents.mean(), images) && fast.inF32() != fast) {
        warnings.accept(
            "the encoded latents were not finite, so the image was encoded again in f32");
        latents = fast.inF32().encode(images);
      }
      return new LatentDistribution(
          scope.promote(latents.mean()),
          latents.logVariance() == null ? null : scope.promote(latents.logVariance()),
          latents.scalingFactor(),
          latents.shiftFactor());
    }
  }

  private static boolean overflowed(Tensor answer, Tensor question) {
    return !Tensors.isFinite(answer) && Tensors.isFinite(question);
  }

  @Override
  public Autoencoder inF32() {
    return fast.inF32();
  }

  @Override
  public Autoencoder tiled() {
    return new FallbackAutoencoder(fast.tiled(), warnings);
  }
}
