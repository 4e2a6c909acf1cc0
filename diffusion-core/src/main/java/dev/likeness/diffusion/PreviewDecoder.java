package dev.likeness.diffusion;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.family.LoadedAutoencoder;
import dev.likeness.diffusion.internal.model.ComponentFile;
import dev.likeness.diffusion.internal.pipeline.PreviewListener;
import dev.likeness.diffusion.internal.sampling.EngineHooks;
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
 * Shows a run's images on their way: at a row of the plan, what the network takes the finished
 * images to be, decoded by a small autoencoder such as TAESD, beside the run and without holding it
 * up. Changes nothing in the run, whose result waits for the last of them. Thread-safe; to be
 * closed after the last run.
 */
public final class PreviewDecoder implements AutoCloseable {
  private final Path file;
  private final LoadedAutoencoder autoencoder;

  private PreviewDecoder(Path file, LoadedAutoencoder autoencoder) {
    this.file = file;
    this.autoencoder = autoencoder;
  }

  /** Is shown the images of a batch on their way. */
  @FunctionalInterface
  public interface Listener {
    /**
     * A row of the plan has been answered. Called on a thread of the run's previews, row by row;
     * rows that come to be ready meanwhile are left out but for the newest. What it throws ends the
     * run.
     *
     * @param row from 1; solvers that ask the network several times in a step have several rows for
     *     it
     * @param images one for each image of the batch, of the size that the run draws
     */
    void onPreview(int row, List<RgbImage> images);
  }

  /**
   * Opens a small autoencoder of the base's family: a folder with its config, or a file.
   *
   * @throws InvalidInputException when there is none, or of a kind that is not supported
   */
  public static PreviewDecoder open(Path file, Compute compute) {
    return new PreviewDecoder(file, ComponentFile.openAutoencoder(file, compute));
  }

  /**
   * The request with its images shown after every so many rows, the first included, as far as the
   * listener keeps up. It keeps its other joints.
   *
   * @param every at least 1
   */
  public ImageRequest attach(ImageRequest request, int every, Listener listener) {
    if (every < 1) {
      throw new IllegalArgumentException(
          "a preview after every " + every + " rows; give at least 1");
    }
    EngineHooks own = EngineHooks.of(request.hooks());
    PreviewListener.Show show = (row, denoised) -> listener.onPreview(row, decodeAll(denoised));
    return request.hooks(request
        .hooks()
        .engine(own.withListener(() -> new PreviewListener(own.listener().get(), every, show))));
  }

  private List<RgbImage> decodeAll(Tensor denoised) {
    if (denoised.size(1) != autoencoder.latentChannels()) {
      throw new InvalidInputException(file + " decodes latents of " + autoencoder.latentChannels()
          + " channels, this base's have " + denoised.size(1)
          + "; give the small autoencoder of the base's family");
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

  @Override
  public void close() {
    autoencoder.close();
  }
}
