package dev.likeness.ipadapter;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.vision.LoadedImageEncoder;
import java.nio.file.Path;

/**
 * An open image encoder: a CLIP or SigLIP vision model of any size. Immutable and thread-safe; owns
 * its tensors until closed.
 */
public final class ImageEncoder implements AutoCloseable {
  private final LoadedImageEncoder loaded;

  private ImageEncoder(LoadedImageEncoder loaded) {
    this.loaded = loaded;
  }

  /**
   * Opens an image encoder. If the folder has no {@code preprocessor_config.json}, the default
   * preprocessing of CLIP or SigLIP applies.
   *
   * @param folder a folder with {@code config.json} and weights, or the weights file in such a
   *     folder
   * @param compute device and dtype
   * @return the encoder; the caller closes it
   * @throws InvalidInputException if a file is missing or broken, or is not an image encoder
   */
  public static ImageEncoder open(Path folder, Compute compute) {
    return new ImageEncoder(LoadedImageEncoder.open(folder, compute));
  }

  /**
   * Returns a hash of the weights. It is equal for f32 and f16 files of the same encoder.
   *
   * @return 16 hexadecimal digits
   */
  public String fingerprint() {
    return loaded.fingerprint();
  }

  /** {@return the path of the encoder, for messages} */
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
