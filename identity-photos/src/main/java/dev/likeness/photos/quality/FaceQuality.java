package dev.likeness.photos.quality;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.face.AlignmentTemplate;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.internal.onnx.OnnxFile;
import dev.likeness.photos.internal.opencv.OpenCvNetwork;
import java.nio.file.Path;

/** A network that rates how well a face can be recognised. Implementations are thread-safe. */
public interface FaceQuality extends AutoCloseable {
  /** The score of {@code face}, 0 (useless) to 1. */
  double score(RgbImage image, Face face);

  @Override
  void close();

  /**
   * FaceChain's face-quality network out of its ONNX file (modelscope/facechain,
   * {@code quality_v2_bgr_10_out}): an aligned face of 112 pixels, blue first, -1 to 1; the mean of
   * its ten outputs is the score.
   */
  public static final class OnnxFaceQuality implements FaceQuality {
    private static final double MEAN = 127.5;

    private final OpenCvNetwork network;

    private OnnxFaceQuality(OpenCvNetwork network) {
      this.network = network;
    }

    /** Opens the file; {@link InvalidInputException} when it takes another input. */
    public static OnnxFaceQuality open(Path file) {
      OnnxFile input = OnnxFile.read(file, "the face-quality network");
      if (input.inputSize() != AlignmentTemplate.ARCFACE.size()) {
        throw new InvalidInputException("the face-quality network " + file + " takes "
            + input.shape() + ", expected [1, 3, 112, 112]; give quality_v2_bgr_10_out");
      }
      return new OnnxFaceQuality(OpenCvNetwork.open(input, "the face-quality network " + file));
    }

    @Override
    public double score(RgbImage image, Face face) {
      float[] outputs =
          network.forward(AlignmentTemplate.ARCFACE.align(image, face), false, MEAN, 1 / MEAN);
      double sum = 0;
      for (float output : outputs) {
        sum += output;
      }
      return sum / outputs.length;
    }

    @Override
    public void close() {
      network.close();
    }
  }
}
