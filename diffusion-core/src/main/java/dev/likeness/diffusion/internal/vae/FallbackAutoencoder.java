package dev.likeness.diffusion.internal.vae;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;

/**
 * An autoencoder whose answer, where it is not finite, is computed once more in f32; an image that
 * is not finite there either is refused. Some published ones overflow in f16.
 *
 * @param fast the autoencoder as it is asked first
 * @param warnings told when it had to be asked again
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
      warnings.accept("the autoencoder's image was not finite, so it was decoded again in f32");
      Tensor image = fast.inF32().decode(latents);
      if (ImageTensors.isFinite(image)) {
        return image;
      }
    }
    throw new InvalidInputException(
        "the autoencoder's image is not finite, in f32 either; give the base another autoencoder, or choose"
            + " other steps or guidance");
  }

  @Override
  public LatentDistribution encode(Tensor images) {
    try (TensorScope scope = TensorScope.open()) {
      LatentDistribution latents = fast.encode(images);
      if (overflowed(latents.mean(), images) && fast.inF32() != fast) {
        warnings.accept(
            "the autoencoder's latents were not finite, so the image was encoded again in f32");
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
    return !ImageTensors.isFinite(answer) && ImageTensors.isFinite(question);
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
