package dev.likeness.lora.internal.training;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.io.Sha256;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.vae.Autoencoder;
import dev.likeness.diffusion.internal.vae.Autoencoder.LatentDistribution;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;

/**
 * Stores encoded images in a folder as mean and log-variance, for each step and for later
 * trainings. They show the person as the images do, and are personal data too.
 */
final class LatentDiskCache {
  private static final String MEAN = "mean";
  private static final String LOG_VARIANCE = "log_variance";

  private final Path folder;
  private final Autoencoder autoencoder;
  private final UnaryOperator<Tensor> place;
  private final Progress progress;
  private byte[] encoderDigest;
  private boolean isFull;

  /**
   * Creates a cache in {@code folder}; null stores nothing.
   *
   * @param place moves pixels to the device and dtype of the autoencoder
   */
  LatentDiskCache(
      Path folder, Autoencoder autoencoder, UnaryOperator<Tensor> place, Progress progress) {
    this.folder = folder;
    this.autoencoder = autoencoder;
    this.place = place;
    this.progress = progress;
  }

  /**
   * Returns the latents of an image, mirrored or not, from the cache or newly encoded. The calling
   * scope owns the tensors.
   */
  LatentDistribution get(RgbImage image, boolean mirrored) {
    if (folder == null) {
      return encode(image, mirrored);
    }
    Path file = folder.resolve(fileName(image, mirrored) + ".safetensors");
    LatentDistribution kept = read(file);
    if (kept != null) {
      return kept;
    }
    LatentDistribution encoded = encode(image, mirrored);
    write(file, encoded);
    return encoded;
  }

  private LatentDistribution encode(RgbImage image, boolean mirrored) {
    Tensor pixels = ImageTensors.toSigned(image);
    LatentDistribution d = autoencoder.encode(place.apply(mirrored ? pixels.flip(3) : pixels));
    return new LatentDistribution(
        CachedLatents.plain(d.mean()),
        d.logVariance() == null ? null : CachedLatents.plain(d.logVariance()),
        d.scalingFactor(),
        d.shiftFactor());
  }

  /**
   * Returns the content of the file; null if it is missing or damaged. A damaged file is written
   * again.
   */
  private LatentDistribution read(Path file) {
    if (!Files.exists(file)) {
      return null;
    }
    try (Safetensors saved = Safetensors.open(file)) {
      Tensor logVariance =
          saved.names().contains(LOG_VARIANCE) ? saved.read(LOG_VARIANCE).clone() : null;
      return new LatentDistribution(
          saved.read(MEAN).clone(),
          logVariance,
          Double.parseDouble(saved.metadata().getOrDefault("scale", "")),
          Double.parseDouble(saved.metadata().getOrDefault("shift", "")));
    } catch (InvalidInputException | NumberFormatException e) {
      return null;
    }
  }

  private void write(Path file, LatentDistribution latents) {
    Map<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put(MEAN, latents.mean());
    if (latents.logVariance() != null) {
      tensors.put(LOG_VARIANCE, latents.logVariance());
    }
    try {
      SafetensorsWriter.writePrivate(
          file,
          tensors,
          Map.of(
              "scale",
              Double.toString(latents.scalingFactor()),
              "shift",
              Double.toString(latents.shiftFactor())));
    } catch (ResourceLimitException e) {
      if (!isFull) {
        progress.onEvent(new ProgressEvent.Notice(
            "encoded images cannot be cached, but the training continues: " + e.getMessage()));
      }
      isFull = true;
    }
  }

  /**
   * Returns a file name made of a digest of the pixels and a digest of the autoencoder, which is
   * its output for a fixed image.
   */
  private String fileName(RgbImage image, boolean mirrored) {
    MessageDigest digest = Sha256.digest();
    digest.update(encoderDigest());
    digest.update(ByteBuffer.allocate(12)
        .putInt(image.width())
        .putInt(image.height())
        .putInt(mirrored ? 1 : 0)
        .array());
    digest.update(image.rgb());
    return HexFormat.of().formatHex(digest.digest());
  }

  private byte[] encoderDigest() {
    if (encoderDigest == null) {
      int side = 4 * autoencoder.vaeScaleFactor();
      byte[] rgb = new byte[side * side * 3];
      for (int i = 0; i < rgb.length; i++) {
        rgb[i] = (byte) (i * 7 + i / side);
      }
      LatentDistribution known = encode(RgbImage.of(side, side, rgb), false);
      float[] values = ImageTensors.floats(known.mean());
      ByteBuffer bytes = ByteBuffer.allocate(4 * values.length);
      bytes.asFloatBuffer().put(values);
      encoderDigest = Sha256.of(bytes.array());
    }
    return encoderDigest;
  }
}
