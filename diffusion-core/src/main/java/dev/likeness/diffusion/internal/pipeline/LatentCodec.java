package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.PillowResampling;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.OpenModel;
import dev.likeness.diffusion.internal.image.Mask;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.internal.vae.Autoencoder.FallbackAutoencoder;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.request.InitialImage;
import dev.likeness.diffusion.request.TilingOptions;
import dev.likeness.diffusion.tensor.DType;
import dev.likeness.diffusion.tensor.Latents;
import java.util.Optional;
import java.util.function.Consumer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * Stage 9: decodes latents to images, and encodes images to latents.
 *
 * @param autoencoder decodes again in f32 if the result is not finite
 * @param dtype the network's element type, for messages
 */
public record LatentCodec(Autoencoder autoencoder, DType dtype) {
  /** A base's autoencoder, without warnings. */
  public static LatentCodec of(OpenModel model) {
    return of(model, TilingOptions.NONE, message -> {});
  }

  /**
   * A base's autoencoder with a request's tiling options.
   *
   * @param warnings receives a warning if an image is decoded again in f32
   */
  static LatentCodec of(OpenModel model, TilingOptions tiling, Consumer<String> warnings) {
    Autoencoder own = model.autoencoder();
    return new LatentCodec(
        new FallbackAutoencoder(tiling.vaeTiling() ? own.tiled() : own, warnings),
        model.compute().dtype());
  }

  /** Encodes an image to the mode of the autoencoder's distribution. */
  public Latents encode(RgbImage image) {
    int factor = autoencoder.vaeScaleFactor();
    if (image.width() % factor != 0 || image.height() % factor != 0) {
      throw new IllegalArgumentException(
          "width and height of an image to encode must be multiples of " + factor + ", got "
              + image.width() + "x" + image.height() + "; resize it first");
    }
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      return Latents.of(autoencoder.encode(ImageTensors.toSigned(image)).mode());
    }
  }

  /** Decodes latents to an image. */
  public RgbImage decode(Latents latents) {
    if (latents.channels() != autoencoder.latentChannels()) {
      throw new IllegalArgumentException(
          "latents to decode must have " + autoencoder.latentChannels() + " channels, got "
              + latents + "; give latents of this base");
    }
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      return ImageTensors.toImage(ImageTensors.toUnit(autoencoder.decode(latents.toTensor())));
    }
  }

  /** The initial noise of unit variance for a seed and an image size in pixels. */
  public Latents noise(long seed, int width, int height) {
    int factor = autoencoder.vaeScaleFactor();
    if (width < factor || height < factor || width % factor != 0 || height % factor != 0) {
      throw new IllegalArgumentException("width and height must be positive multiples of " + factor
          + ", got " + width + "x" + height);
    }
    try (TensorScope scope = TensorScope.open();
        NoiseSource noise = NoiseSource.seeded(seed)) {
      return Latents.of(noise.next(autoencoder.latentChannels(), height / factor, width / factor));
    }
  }

  /**
   * Decodes a sampled image. If that fails, records the failure in {@code call} and returns empty.
   */
  Optional<Result> decode(Tensor latents, Batch.Image image, Call call) {
    try (TensorScope scope = TensorScope.open()) {
      requireFinite(latents, image.seed());
      Tensor unit = ImageTensors.toUnit(autoencoder.decode(latents));
      ImageRequest request = image.request().request();
      boolean edited = request.isMadeFromImages();
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
    if (!Tensors.isFinite(latents)) {
      throw new InvalidInputException(
          "sampling the image of seed " + seed + " in " + dtype + " gave values that are not finite"
              + (dtype == DType.F32 ? "; " : "; compute in f32, or ")
              + "change steps, guidance, scheduler or the strength of adapters");
    }
  }

  /**
   * A generated image.
   *
   * @param request the completed request; for an enlarged image, that of the second pass
   * @param image the decoded image, with pasted pixels once the generation is done
   * @param pixels the decoded image before rounding, [3, height, width] in row-major order, 0..1
   * @param edited true if the image was made from another image
   * @param first the first pass's request for an enlarged image, else null
   */
  public record Result(
      RgbImage image,
      long seed,
      ImageRequest request,
      Latents latents,
      float[] pixels,
      boolean edited,
      ImageRequest first) {
    /** This second pass's result, with the first pass's request, edit flag and kept pixels. */
    Result withFirstPass(Result small) {
      return new Result(
          pasted(small.request), seed, request, latents, pixels, small.edited, small.request);
    }

    /** This result with the pixels that its mask keeps. */
    Result withKeptPixels() {
      return new Result(pasted(request), seed, request, latents, pixels, edited, first);
    }

    /**
     * The image, with the initial image's own pixels where the mask of {@code asked} keeps them.
     */
    private RgbImage pasted(ImageRequest asked) {
      InitialImage before = asked.initialImage().orElse(null);
      if (before != null && before.isMaskCropped()) {
        return MaskCrop.of(asked).pasteInto(before, image);
      }
      if (before == null
          || before.image().isEmpty()
          || before.mask().isEmpty()
          || !before.pastesUnmasked()) {
        return image;
      }
      int width = image.width();
      int height = image.height();
      RgbImage known = PillowResampling.LANCZOS.resize(before.image().get(), width, height);
      RgbImage white = PillowResampling.LANCZOS.resize(before.mask().get(), width, height);
      Mask generated =
          before.isDifferential() ? (x, y) -> Mask.luma(white, x, y) > 0 ? 1 : 0 : Mask.of(white);
      return generated.paste(image, known);
    }
  }
}
