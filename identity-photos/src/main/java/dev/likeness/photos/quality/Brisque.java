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
 * 2012), computed by OpenCV. Higher is worse. Thread-safe; calls are serialised.
 */
public final class Brisque implements AutoCloseable {
  // The statistics depend on the scale, so heads are compared at one.
  private static final int SIDE = 256;

  private final QualityBRISQUE network;
  private boolean closed;

  private Brisque(QualityBRISQUE network) {
    this.network = network;
  }

  /** The model trained on the LIVE database that OpenCV's jar brings. */
  public static Brisque builtIn() {
    OpenCv.load(opencv_quality.class);
    return of(
        OpenCv.dataFile("quality/brisque_model_live.yml").getPath(),
        OpenCv.dataFile("quality/brisque_range_live.yml").getPath());
  }

  /** A model of one's own: OpenCV's two YAML files, the regression and the range of its inputs. */
  public static Brisque open(Path model, Path range) {
    OpenCv.load(opencv_quality.class);
    for (Path file : new Path[] {model, range}) {
      if (!Files.isReadable(file)) {
        throw new InvalidInputException("cannot read the BRISQUE file " + file
            + "; give OpenCV's brisque_model and range YAML");
      }
    }
    try {
      return of(model.toString(), range.toString());
    } catch (RuntimeException e) {
      throw new InvalidInputException(
          model + " and " + range + " are not a BRISQUE model and its range; give OpenCV's", e);
    }
  }

  @SuppressWarnings("try")
  private static Brisque of(String model, String range) {
    try (PointerScope scope = new PointerScope()) {
      QualityBRISQUE network = QualityBRISQUE.create(model, range);
      // It outlives the scope that frees what reading left behind.
      network.retainReference();
      return new Brisque(network);
    }
  }

  /**
   * The score of {@code face}'s head and shoulders at a standard size: 0 (as photographed) to 100.
   */
  public double score(RgbImage image, Face face) {
    HeadCrop head = HeadCrop.of(face.box(), image);
    return score(head.of(image, Math.min(SIDE, head.side())));
  }

  /** The score of a whole image as it is: 0 (as photographed) to 100. */
  @SuppressWarnings("try")
  public synchronized double score(RgbImage image) {
    if (closed) {
      throw new IllegalStateException("the BRISQUE model is closed");
    }
    try (PointerScope scope = new PointerScope()) {
      return network.compute(OpenCv.toBgr(image)).get(0);
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      network.releaseReference();
    }
  }
}
