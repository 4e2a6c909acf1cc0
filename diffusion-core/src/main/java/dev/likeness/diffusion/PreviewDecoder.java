package dev.likeness.diffusion;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.LoadedAutoencoder;
import dev.likeness.diffusion.internal.model.ComponentFile;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
import dev.likeness.diffusion.internal.sampling.EngineHooks.PreviewListener;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.diffusion.tensor.Compute;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Tensor;

/**
 * Decodes previews of images during sampling, with a tiny autoencoder such as TAESD.
 *
 * <p>A preview shows the predicted x0 of one row of the sampling plan. A row is one call of the
 * network. Decoding runs on its own thread and does not delay sampling. The generation ends after
 * its last preview. Previews do not change the result. Thread-safe; close the decoder after the
 * last generation.
 */
public final class PreviewDecoder implements AutoCloseable {
  private final Path file;
  private final LoadedAutoencoder autoencoder;

  private PreviewDecoder(Path file, LoadedAutoencoder autoencoder) {
    this.file = file;
    this.autoencoder = autoencoder;
  }

  /** Receives the previews of a batch. */
  @FunctionalInterface
  public interface Listener {
    /**
     * Receives the preview of a row of the sampling plan, on the preview thread. A row is one call
     * of the network. Previews arrive in the order of the rows.
     *
     * <p>If previews are slower than sampling, only the newest row is reported. An exception of the
     * listener ends the generation.
     *
     * @param row the row of the plan, from 1; a solver that evaluates the network several times in
     *     a step has several rows for this step
     * @param images one image for each item of the batch, at the size of the generated image
     */
    void onPreview(int row, List<RgbImage> images);
  }

  /**
   * Opens a tiny autoencoder of the base's family.
   *
   * @param file a folder with a {@code config.json}, or a weight file
   * @param compute the device and the element type of the decoder
   * @return the decoder; the caller closes it
   * @throws InvalidInputException if the autoencoder is missing or broken, or its class is not
   *     supported
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the device or libtorch's native
   *     libraries are missing
   */
  public static PreviewDecoder open(Path file, Compute compute) {
    return new PreviewDecoder(
        file, ComponentFile.openAutoencoder(file, compute.requireAvailable()));
  }

  /**
   * {@return a copy of a request that also reports previews to a listener} The request keeps its
   * hooks. If the base's latents have another number of channels than this decoder supports, the
   * generation throws an {@link InvalidInputException}.
   *
   * @param request the request
   * @param every the distance from one preview to the next, in rows of the sampling plan (calls of
   *     the network); at least 1. The first preview shows the first row
   * @param listener receives the previews, on the preview thread
   * @throws IllegalArgumentException if {@code every} is less than 1
   */
  public ImageRequest attach(ImageRequest request, int every, Listener listener) {
    if (every < 1) {
      throw new IllegalArgumentException(
          "the preview interval must be at least 1 row of the sampling plan, got " + every);
    }
    EngineHooks own = EngineHooks.of(request.hooks());
    PreviewListener.Show show = (row, denoised) -> listener.onPreview(row, decodeAll(denoised));
    return request.hooks(request
        .hooks()
        .engine(own.withListener(() -> new PreviewListener(own.listener().get(), every, show))));
  }

  private List<RgbImage> decodeAll(Tensor denoised) {
    if (denoised.size(1) != autoencoder.latentChannels()) {
      throw new InvalidInputException(
          "the preview decoder " + file + " takes latents of " + autoencoder.latentChannels()
              + " channels, but this base has " + denoised.size(1)
              + "; give the tiny autoencoder of the base's family");
    }
    try (TensorScope scope = TensorScope.open();
        NoGradGuard guard = new NoGradGuard()) {
      return LongStream.range(0, denoised.size(0))
          .mapToObj(i -> decode(denoised.narrow(0, i, 1)))
          .toList();
    }
  }

  private RgbImage decode(Tensor latents) {
    try (TensorScope scope = TensorScope.open()) {
      return ImageTensors.toImage(ImageTensors.toUnit(autoencoder.decode(latents)));
    }
  }

  /** Frees the tiny autoencoder. */
  @Override
  public void close() {
    autoencoder.close();
  }
}
