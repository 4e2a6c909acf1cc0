package dev.likeness.diffusion.vae;

import dev.likeness.diffusion.tensor.Images;
import dev.likeness.diffusion.tensor.TensorScope;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;

/**
 * An autoencoder in a short type whose answer, where it is not finite, is computed once more in f32. Some published ones
 * overflow in f16.
 *
 * @param fast the autoencoder as it is asked first
 * @param notice told when it had to be asked again
 */
public record Guarded(Autoencoder fast, Consumer<String> notice) implements Autoencoder {
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
      if (!again(picture, latents)) {
        return scope.promote(picture);
      }
      notice.accept("the autoencoder's picture was not finite, so it was decoded again in f32");
      return scope.promote(fast.exact().decode(latents));
    }
  }

  @Override
  public LatentDistribution encode(Tensor pictures) {
    try (TensorScope scope = TensorScope.open()) {
      LatentDistribution latents = fast.encode(pictures);
      if (again(latents.mean(), pictures)) {
        notice.accept("the autoencoder's latents were not finite, so the picture was encoded again in f32");
        latents = fast.exact().encode(pictures);
      }
      return new LatentDistribution(scope.promote(latents.mean()),
          latents.logVariance() == null ? null : scope.promote(latents.logVariance()), latents.scale(), latents.shift());
    }
  }

  private boolean again(Tensor answer, Tensor question) {
    return !Images.finite(answer) && Images.finite(question) && fast.exact() != fast;
  }

  @Override
  public Autoencoder exact() {
    return fast.exact();
  }

  @Override
  public Autoencoder tiled() {
    return new Guarded(fast.tiled(), notice);
  }
}
