package dev.likeness.photos.internal.opencv;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.photos.internal.onnx.OnnxFile;
import java.util.Arrays;
import java.util.Locale;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_dnn;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.MatVector;
import org.bytedeco.opencv.opencv_core.Scalar;
import org.bytedeco.opencv.opencv_core.Size;
import org.bytedeco.opencv.opencv_dnn.Net;

/**
 * A small network with one square input image and one output vector, run by OpenCV. Thread-safe;
 * one image is processed at a time.
 */
public final class OpenCvNetwork implements AutoCloseable {
  // More outputs than a network for one face has.
  private static final long MAX_NUMBERS = 1 << 16;
  private static final Pattern OPERATION = Pattern.compile("Node \\[(\\w{1,40})@");

  private final Net net;
  private final String source;
  private int outputLength;
  private boolean closed;

  private OpenCvNetwork(Net net, String source) {
    this.net = net;
    this.source = source;
  }

  /**
   * Opens a network that gives some numbers about one face of {@code side} by {@code side} pixels.
   *
   * @throws InvalidInputException if the file is not such a network
   */
  public static OpenCvNetwork openForFaces(OnnxFile input, int side) {
    input.outputs(side, OnnxFile.FACE_WORK).forEach((name, shape) -> {
      long numbers = Arrays.stream(shape).reduce(1, (a, b) -> a * b);
      if (numbers > MAX_NUMBERS) {
        throw new InvalidInputException(input.source() + " returns " + numbers
            + " numbers for a face, expected at most " + MAX_NUMBERS
            + "; give a network for single faces");
      }
    });
    return open(input, side, OnnxFile.FACE_WORK);
  }

  /**
   * Checks the network, opens it, and runs it once on an image of {@code side} by {@code side}
   * pixels.
   *
   * @param workPerByte see {@link OnnxFile#outputs}
   * @throws InvalidInputException if it does not fit, does not run, or returns NaN or infinite
   *     values
   */
  @SuppressWarnings("try")
  public static OpenCvNetwork open(OnnxFile input, int side, int workPerByte) {
    input.outputs(side, workPerByte);
    OpenCv.load(opencv_dnn.class);
    OpenCvNetwork network;
    try (PointerScope scope = new PointerScope()) {
      Net net = opencv_dnn.readNetFromONNX(input.forOpenCv(side));
      // The network outlives this scope, which frees temporary objects only.
      net.retainReference();
      network = new OpenCvNetwork(net, input.source());
    } catch (RuntimeException e) {
      throw doesNotRun(input.source(), e);
    }
    try {
      network.outputLength = network.forward(noise(side), true, 0, 1).length;
      return network;
    } catch (RuntimeException e) {
      network.close();
      throw e;
    }
  }

  // An image with all brightnesses. Values that overflow do so for some of its pixels.
  private static RgbImage noise(int side) {
    byte[] rgb = new byte[side * side * 3];
    new Random(1).nextBytes(rgb);
    return RgbImage.of(side, side, rgb);
  }

  /**
   * Runs a network once, and checks all values of all of its outputs.
   *
   * @param limit the largest absolute value that a sound network returns for any image
   * @throws InvalidInputException if it does not run, or returns NaN or a value above the limit
   */
  @SuppressWarnings("try")
  public static void requireOutputs(OnnxFile input, int side, double limit) {
    OpenCv.load(opencv_dnn.class);
    try (PointerScope scope = new PointerScope()) {
      Net net = opencv_dnn.readNetFromONNX(input.forOpenCv(side));
      net.setInput(opencv_dnn.blobFromImage(OpenCv.toBgr(noise(side))));
      MatVector outputs = new MatVector();
      net.forward(outputs, net.getUnconnectedOutLayersNames());
      for (long i = 0; i < outputs.size(); i++) {
        for (float value : numbers(outputs.get(i), input.source())) {
          if (Math.abs(value) > limit) {
            throw new InvalidInputException(String.format(
                Locale.ROOT,
                "%s returns the value %.4g, expected at most %.4g, because its weights are damaged;"
                    + " download the file again",
                input.source(),
                value,
                limit));
          }
        }
      }
    } catch (InvalidInputException e) {
      throw e;
    } catch (RuntimeException e) {
      throw doesNotRun(input.source(), e);
    }
  }

  // OpenCV's message names the operation, and many things of its own.
  private static InvalidInputException doesNotRun(String source, RuntimeException cause) {
    Matcher node = OPERATION.matcher(String.valueOf(cause.getMessage()));
    String operation =
        node.find() ? "the operation " + node.group(1) + " in this form" : "some of its operations";
    return new InvalidInputException(
        source + " has what OpenCV cannot run: " + operation
            + "; export it with folded constants and opset 12",
        cause);
  }

  /**
   * Returns the first output. An input value is {@code (value - mean) * scale}; {@code rgb} selects
   * the channel order RGB instead of BGR.
   *
   * @throws InvalidInputException if an output is NaN or infinite
   */
  @SuppressWarnings("try")
  public synchronized float[] forward(RgbImage image, boolean rgb, double mean, double scale) {
    CurrentWork.throwIfCancelled();
    if (closed) {
      throw new IllegalStateException("the face network is closed; open it again");
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
      return numbers(net.forward(), source);
    } catch (InvalidInputException e) {
      throw e;
    } catch (RuntimeException e) {
      throw doesNotRun(source, e);
    }
  }

  /**
   * Returns an output by its name, for input values [1, 3, side, side].
   *
   * @throws InvalidInputException if an output is NaN or infinite
   */
  @SuppressWarnings("try")
  public synchronized float[] forward(float[] values, int side, String output) {
    CurrentWork.throwIfCancelled();
    if (closed) {
      throw new IllegalStateException("the face network is closed; open it again");
    }
    try (PointerScope scope = new PointerScope()) {
      Mat blob = new Mat(new int[] {1, 3, side, side}, opencv_core.CV_32F);
      new FloatPointer(blob.data()).put(values);
      net.setInput(blob);
      return numbers(net.forward(output), source);
    } catch (InvalidInputException e) {
      throw e;
    } catch (RuntimeException e) {
      throw doesNotRun(source, e);
    }
  }

  private static float[] numbers(Mat out, String source) {
    if (out.depth() != opencv_core.CV_32F || !out.isContinuous()) {
      throw new InvalidInputException(
          source + " has an output that is not contiguous f32; export it with an f32 output");
    }
    float[] values = new float[Math.toIntExact(out.total())];
    new FloatPointer(out.data()).get(values);
    for (float value : values) {
      if (!Float.isFinite(value)) {
        throw new InvalidInputException(source + " returns values that are NaN or infinite, because"
            + " its weights are damaged; download the file again");
      }
    }
    return values;
  }

  /** Returns the number of values of the first output. */
  public int outputLength() {
    return outputLength;
  }

  /** Returns the name of the file in error messages. */
  public String source() {
    return source;
  }

  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      net.releaseReference();
    }
  }
}
