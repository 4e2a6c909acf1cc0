package dev.likeness.photos.quality;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadCrop;
import dev.likeness.photos.internal.opencv.OpenCv;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.opencv.global.opencv_quality;
import org.bytedeco.opencv.opencv_quality.QualityBRISQUE;

/**
 * BRISQUE, a no-reference measure of image distortion (Mittal, Moorthy and Bovik, IEEE TIP 21,
 * 2012), computed by OpenCV. Higher is worse. Thread-safe; one image is processed at a time.
 */
public final class Brisque implements AutoCloseable {
  // BRISQUE's statistics depend on the scale, so all heads are measured at this size in pixels.
  private static final int SIDE = 256;

  private final QualityBRISQUE network;
  private boolean closed;

  private Brisque(QualityBRISQUE network) {
    this.network = network;
  }

  /**
   * Opens the model in OpenCV's jar, trained on the LIVE database.
   *
   * @return the measure; the caller closes it
   * @throws dev.likeness.diffusion.error.ResourceLimitException if OpenCV's native libraries are
   *     missing
   */
  public static Brisque builtIn() {
    OpenCv.load(opencv_quality.class);
    return of(
        OpenCv.dataFile("quality/brisque_model_live.yml").getPath(),
        OpenCv.dataFile("quality/brisque_range_live.yml").getPath());
  }

  /**
   * Opens another model, in OpenCV's two YAML files.
   *
   * @param model the file of the regression
   * @param range the file with the ranges of the regression's inputs
   * @return the measure; the caller closes it
   * @throws InvalidInputException if a file cannot be read or is not a BRISQUE file
   */
  public static Brisque open(Path model, Path range) {
    OpenCv.load(opencv_quality.class);
    for (Path file : new Path[] {model, range}) {
      if (!Files.isReadable(file)) {
        throw new InvalidInputException("cannot read the BRISQUE file " + file
            + "; give OpenCV's files brisque_model_live.yml and brisque_range_live.yml");
      }
    }
    try {
      return of(model.toString(), range.toString());
    } catch (RuntimeException e) {
      throw new InvalidInputException(
          model + " and " + range
              + " are not a BRISQUE model and its range file; give OpenCV's two YAML files",
          e);
    }
  }

  @SuppressWarnings("try")
  private static Brisque of(String model, String range) {
    try (PointerScope scope = new PointerScope()) {
      QualityBRISQUE network = QualityBRISQUE.create(model, range);
      // The network outlives this scope, which frees temporary objects only.
      network.retainReference();
      return new Brisque(network);
    }
  }

  /**
   * Returns the score of head and shoulders, reduced to at most 256 pixels.
   *
   * @param image the image that contains the face
   * @param face a face, in pixels of {@code image}
   * @return the score, 0 (no distortion) to 100
   * @throws IllegalStateException if the measure is closed
   */
  public double score(RgbImage image, Face face) {
    HeadCrop head = HeadCrop.of(face.box(), image);
    return score(head.of(image, Math.min(SIDE, head.side())));
  }

  /**
   * Returns the score of a whole image at its own size.
   *
   * @param image an image of any size
   * @return the score, 0 (no distortion) to 100
   * @throws IllegalStateException if the measure is closed
   */
  @SuppressWarnings("try")
  public synchronized double score(RgbImage image) {
    if (closed) {
      throw new IllegalStateException("the BRISQUE model is closed");
    }
    try (PointerScope scope = new PointerScope()) {
      return network.compute(OpenCv.toBgr(image)).get(0);
    }
  }

  /** Frees the model. Calling it again has no effect. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      network.releaseReference();
    }
  }
}
