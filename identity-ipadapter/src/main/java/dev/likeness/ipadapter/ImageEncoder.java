package dev.likeness.ipadapter;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.parsing.FaceFeatureEncoder;
import dev.likeness.ipadapter.internal.vision.LoadedImageEncoder;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * An open image encoder: a CLIP or SigLIP vision model of any size, or the encoder of aligned faces
 * that PuLID needs. Immutable and thread-safe; owns its tensors until closed.
 */
public final class ImageEncoder implements AutoCloseable {
  private final @Nullable LoadedImageEncoder loaded;
  private final @Nullable FaceFeatureEncoder features;

  private ImageEncoder(@Nullable LoadedImageEncoder loaded, @Nullable FaceFeatureEncoder features) {
    this.loaded = loaded;
    this.features = features;
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
    return new ImageEncoder(LoadedImageEncoder.open(folder, compute), null);
  }

  /**
   * Opens the encoder of aligned faces that PuLID needs: a face parser, and a vision tower of
   * EVA02-CLIP.
   *
   * @param tower {@code EVA02_CLIP_L_336_psz14_s6B.pt}, or a safetensors file of the tower
   * @param parser facexlib's {@code parsing_bisenet.pth}, a safetensors file with the same names,
   *     or an ONNX file for faces of 512 by 512 pixels
   * @param compute device and dtype
   * @return the encoder; the caller closes it
   * @throws InvalidInputException if a file is missing or broken, or is another network
   */
  public static ImageEncoder ofFaces(Path tower, Path parser, Compute compute) {
    return new ImageEncoder(null, FaceFeatureEncoder.open(tower, parser, compute));
  }

  /**
   * Returns a hash of the weights. It is equal for f32 and f16 files of the same encoder.
   *
   * @return 16 hexadecimal digits
   */
  public String fingerprint() {
    return loaded == null ? features.fingerprint() : loaded.fingerprint();
  }

  /** {@return the path of the encoder, for messages} */
  public String describe() {
    return loaded == null ? features.describe() : loaded.describe();
  }

  /** Returns the vision model; null if this encodes aligned faces. */
  @Nullable
  LoadedImageEncoder loaded() {
    return loaded;
  }

  /** Returns the encoder of aligned faces; null if this is a vision model alone. */
  @Nullable
  FaceFeatureEncoder features() {
    return features;
  }

  @Override
  public void close() {
    if (loaded != null) {
      loaded.close();
    }
    if (features != null) {
      features.close();
    }
  }
}
