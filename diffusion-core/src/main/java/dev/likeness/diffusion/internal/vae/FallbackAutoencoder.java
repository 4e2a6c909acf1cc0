package dev.likeness.diffusion.internal.vae;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;

/**
 * An autoencoder whose answer, where it is not finite, is computed once more in f32; a picture that
 * is not finite there either is refused. Some published ones overflow in f16.
 *
 * @param fast the autoencoder as it is asked first
 * @param notice told when it had to be asked again
 */
public record FallbackAutoencoder(Autoencoder fast, Consumer<String> notice)
    implements Autoencoder {
  @Override
  public int latentChannels() {
    return fast.latentChannels();
  }

  @Override
  public int factor() {
    return fast.factor();
  }

  @Override
  public Tensor decode(Tensor latents) {
    try (TensorScope scope = TensorScope.open()) {
      Tensor picture = fast.decode(latents);
      return scope.promote(overflowed(picture, latents) ? exactly(latents) : picture);
    }
  }

  private Tensor exactly(Tensor latents) {
    if (fast.exact() != fast) {
      notice.accept("the autoencoder's picture was not finite, so it was decoded again in f32");
      Tensor picture = fast.exact().decode(latents);
      if (ImageTensors.finite(picture)) {
        return picture;
      }
    }
    throw new InvalidInputException(
        "the autoencoder's picture is not finite, in f32 either; give the base another autoencoder, or choose"
            + " other steps or guidance");
  }

  @Override
  public LatentDistribution encode(Tensor pictures) {
    try (TensorScope scope = TensorScope.open()) {
      LatentDistribution latents = fast.encode(pictures);
      if (overflowed(latents.mean(), pictures) && fast.exact() != fast) {
        notice.accept(
            "the autoencoder's latents were not finite, so the picture was encoded again in f32");
        latents = fast.exact().encode(pictures);
      }
      return new LatentDistribution(
          scope.promote(latents.mean()),
          latents.logVariance() == null ? null : scope.promote(latents.logVariance()),
          latents.scale(),
          latents.shift());
    }
  }

  private static boolean overflowed(Tensor answer, Tensor question) {
    return !ImageTensors.finite(answer) && ImageTensors.finite(question);
  }

  @Override
  public Autoencoder exact() {
    return fast.exact();
  }

  @Override
  public Autoencoder tiled() {
    return new FallbackAutoencoder(fast.tiled(), notice);
  }
}
