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
  /**
   * Returns the quality of a face.
   *
   * @param image the image that contains the face
   * @param face a face, in pixels of {@code image}
   * @return the score, 0 (not recognisable) to 1
   */
  double score(RgbImage image, Face face);

  /** Frees the network. */
  @Override
  void close();

  /**
   * FaceChain's face-quality network from its ONNX file ({@code quality_v2_bgr_10_out} of
   * modelscope/facechain). Its input is an aligned face, 112 pixels wide and high, in BGR order
   * with values from -1 to 1. The score is the mean of its ten outputs. A closed network throws
   * {@link IllegalStateException}.
   */
  public static final class OnnxFaceQuality implements FaceQuality {
    private static final double MEAN = 127.5;

    private final OpenCvNetwork network;

    private OnnxFaceQuality(OpenCvNetwork network) {
      this.network = network;
    }

    /**
     * Opens the ONNX file.
     *
     * @param file the file {@code quality_v2_bgr_10_out}
     * @return the network; the caller closes it
     * @throws InvalidInputException if the file is not ONNX, or the input shape of the network is
     *     not [1, 3, 112, 112]
     * @throws dev.likeness.diffusion.error.ResourceLimitException if OpenCV's native libraries are
     *     missing
     */
    public static OnnxFaceQuality open(Path file) {
      OnnxFile input = OnnxFile.read(file, "the face-quality network");
      if (input.inputSize() != AlignmentTemplate.ARCFACE.size()) {
        throw new InvalidInputException("the face-quality network " + file + " has the input shape "
            + input.shape() + ", expected [1, 3, 112, 112]; give the file quality_v2_bgr_10_out");
      }
      return new OnnxFaceQuality(OpenCvNetwork.openForFaces(input, input.inputSize()));
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
