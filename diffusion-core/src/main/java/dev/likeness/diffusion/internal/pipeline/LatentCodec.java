package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.OpenNetworks;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.internal.vae.FallbackAutoencoder;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.TilingOptions;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.Latents;
import java.util.Optional;
import java.util.function.Consumer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * Stage 8: images from latents, and latents from images.
 *
 * @param autoencoder decodes again in f32 where the result is not finite
 * @param dtype of the network, for errors
 */
public record LatentCodec(Autoencoder autoencoder, DType dtype) {
  /** A base's autoencoder, silent. */
  public static LatentCodec of(OpenNetworks model) {
    return of(model, TilingOptions.NONE, words -> {});
  }

  /**
   * A base's autoencoder as a request wants it.
   *
   * @param warnings hears of decoding again in f32
   */
  static LatentCodec of(OpenNetworks model, TilingOptions tiling, Consumer<String> warnings) {
    Autoencoder own = model.autoencoder();
    return new LatentCodec(
        new FallbackAutoencoder(tiling.vaeTiling() ? own.tiled() : own, warnings),
        model.compute().dtype());
  }

  /** The most likely latents of an image, whose sides are multiples of the autoencoder's factor. */
  public Latents encode(RgbImage image) {
    int factor = autoencoder.vaeScaleFactor();
    if (image.width() % factor != 0 || image.height() % factor != 0) {
      throw new IllegalArgumentException(
          image + ": its sides are no multiples of " + factor + "; resize it first");
    }
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      return Latents.of(autoencoder.encode(ImageTensors.toSigned(image)).mode());
    }
  }

  /** The image of latents. */
  public RgbImage decode(Latents latents) {
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      return ImageTensors.toImage(ImageTensors.toUnit(autoencoder.decode(latents.toTensor())));
    }
  }

  /** The unit noise that sampling begins with for this seed and size in pixels. */
  public Latents noise(long seed, int width, int height) {
    int factor = autoencoder.vaeScaleFactor();
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(seed)) {
      return Latents.of(noise.next(autoencoder.latentChannels(), height / factor, width / factor));
    }
  }

  /**
   * The result of a sampled image; empty if it cannot be decoded, of which {@code call} notes why.
   */
  Optional<Result> decode(Tensor latents, Batch.Image image, Call call) {
    try (TensorScope scope = TensorScope.open()) {
      requireFinite(latents, image.seed());
      Tensor unit = ImageTensors.toUnit(autoencoder.decode(latents));
      ImageRequest request = image.request().request();
      boolean edited = request.initialImage() != null && request.initialImage().image() != null;
      return Optional.of(new Result(
          ImageTensors.toImage(unit),
          image.seed(),
          request,
          Latents.of(latents),
          ImageTensors.floats(unit),
          edited,
          null));
    } catch (InvalidInputException e) {
      call.recordFailure(e);
      return Optional.empty();
    }
  }

  private void requireFinite(Tensor latents, long seed) {
    if (!ImageTensors.isFinite(latents)) {
      throw new InvalidInputException(
          "the image of seed " + seed + " became infinite on its way, computed in " + dtype
              + "; compute in f32 or choose other steps, guidance or another scheduler");
    }
  }

  /**
   * A generated image.
   *
   * @param request completed; of an enlarged image, that of the second pass
   * @param pixels decoded, [3, height, width] by rows, 0..1, before rounding to bytes
   * @param edited whether it began from an image
   * @param first request of the first pass of an enlarged image, else null
   */
  public record Result(
      RgbImage image,
      long seed,
      ImageRequest request,
      Latents latents,
      float[] pixels,
      boolean edited,
      ImageRequest first) {
    /** Generated over that one, which is edited if that is. */
    Result withFirstPass(Result small) {
      return new Result(image, seed, request, latents, pixels, small.edited, small.request);
    }
  }
}
