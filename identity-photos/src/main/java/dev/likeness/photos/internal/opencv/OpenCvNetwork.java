package dev.likeness.photos.internal.opencv;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.internal.onnx.OnnxFile;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_dnn;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Scalar;
import org.bytedeco.opencv.opencv_core.Size;
import org.bytedeco.opencv.opencv_dnn.Net;

/**
 * A small network with one square input image and one output vector, run by OpenCV. Thread-safe;
 * one image is processed at a time.
 */
public final class OpenCvNetwork implements AutoCloseable {
  private final Net net;
  private boolean closed;

  private OpenCvNetwork(Net net) {
    this.net = net;
  }

  /** Opens the network in {@code input}. Error messages call it {@code label}. */
  @SuppressWarnings("try")
  public static OpenCvNetwork open(OnnxFile input, String label) {
    OpenCv.load(opencv_dnn.class);
    try (PointerScope scope = new PointerScope()) {
      Net net = opencv_dnn.readNetFromONNX(input.file());
      // The network outlives this scope, which frees temporary objects only.
      net.retainReference();
      return new OpenCvNetwork(net);
    } catch (RuntimeException e) {
      throw new InvalidInputException(
          label + " uses operations that OpenCV cannot run; export it with opset 12", e);
    }
  }

  /**
   * Returns the first output. An input value is {@code (value - mean) * scale}; {@code rgb} selects
   * the channel order RGB instead of BGR.
   */
  @SuppressWarnings("try")
  public synchronized float[] forward(RgbImage image, boolean rgb, double mean, double scale) {
    if (closed) {
      throw new IllegalStateException("the network is closed");
    }
    try (PointerScope scope = new PointerScope()) {
      int side = image.width();
      Mat blob = opencv_dnn.blobFromImage(
          OpenCv.toBgr(image, side),
          scale,
          new Size(side, side),
          new Scalar(mean, mean, mean, 0),
          rgb,
          false,
          opencv_core.CV_32F);
      net.setInput(blob);
      Mat out = net.forward();
      float[] values = new float[Math.toIntExact(out.total())];
      new FloatPointer(out.data()).get(values);
      return values;
    }
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      net.releaseReference();
    }
  }
}
