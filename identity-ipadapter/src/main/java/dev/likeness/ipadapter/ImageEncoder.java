package dev.likeness.ipadapter;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.vision.LoadedImageEncoder;
import java.nio.file.Path;

/**
 * An opened image encoder: CLIP or SigLIP of any size. Immutable and thread-safe; owns its tensors
 * until closed.
 */
public final class ImageEncoder implements AutoCloseable {
  private final LoadedImageEncoder loaded;

  private ImageEncoder(LoadedImageEncoder loaded) {
    this.loaded = loaded;
  }

  /**
   * Opens a folder with {@code config.json}, weights, and {@code preprocessor_config.json} if
   * images are prepared in another way than CLIP's or SigLIP's own; or the weights' file, beside
   * which these may lie.
   *
   * @throws InvalidInputException if a file is missing or broken, or is not an image encoder's
   */
  public static ImageEncoder open(Path folder, Compute compute) {
    return new ImageEncoder(LoadedImageEncoder.open(folder, compute));
  }

  /**
   * Tells its weights from those of other encoders of the same shape; the same for files in f32 and
   * in f16.
   */
  public String fingerprint() {
    return loaded.fingerprint();
  }

  /** What errors call it: its folder or file. */
  public String describe() {
    return loaded.describe();
  }

  LoadedImageEncoder loaded() {
    return loaded;
  }

  @Override
  public void close() {
    loaded.close();
  }
}
