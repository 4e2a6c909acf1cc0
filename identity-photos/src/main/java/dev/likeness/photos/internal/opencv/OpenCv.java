package dev.likeness.photos.internal.opencv;

import com.sun.jna.NativeLibrary;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.natives.LibTorch;
import dev.likeness.diffusion.internal.natives.NativeLibraries;
import dev.likeness.photos.internal.image.Luma;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.opencv_core.Mat;
import org.jspecify.annotations.Nullable;

/** Loads OpenCV's native libraries and converts images for them. */
public final class OpenCv {
  private OpenCv() {}

  /**
   * Loads the native library of a JavaCPP class such as {@code opencv_objdetect.class}.
   *
   * @throws ResourceLimitException if the library did not load; the message has advice
   */
  public static void load(Class<?> global) {
    try {
      NativeLibraries.load(global);
      Silence.once();
    } catch (LinkageError e) {
      throw new ResourceLimitException(
          "OpenCV's native libraries did not load (" + LibTorch.firstLine(e) + "); "
              + NativeLibraries.advice(Loader.Detector.getPlatform()),
          e);
    }
  }

  /**
   * Keeps OpenCV from writing its log to the standard error. A user who sets
   * {@code OPENCV_LOG_LEVEL} gets the log.
   */
  private static final class Silence {
    // cv::utils::logging::setLogLevel(LogLevel), which JavaCPP does not bind. Its names on Windows
    // are others.
    private static final String SET_LEVEL = "_ZN2cv5utils7logging11setLogLevelENS1_8LogLevelE";
    private static final int SILENT = 0;
    private static boolean done;

    private Silence() {}

    static synchronized void once() {
      if (!done && System.getenv("OPENCV_LOG_LEVEL") == null) {
        try {
          core()
              .map(file -> NativeLibrary.getInstance(file.toString()))
              .ifPresent(core -> core.getFunction(SET_LEVEL).invokeInt(new Object[] {SILENT}));
        } catch (LinkageError | IOException e) {
          // OpenCV then writes its log, which is harmless.
        }
      }
      done = true;
    }

    // Beside JavaCPP's own library. The file is loaded already, so it is not loaded twice.
    private static Optional<Path> core() throws IOException {
      Path folder = Path.of(Loader.load(opencv_core.class)).toAbsolutePath().getParent();
      try (Stream<Path> files = Files.list(folder)) {
        return files
            .filter(file -> file.getFileName().toString().startsWith("libopencv_core."))
            .findFirst();
      }
    }
  }

  /**
   * Returns a data file of OpenCV's jar, such as {@code haarcascades/haarcascade_eye.xml}. It is
   * unpacked once into JavaCPP's cache.
   */
  public static File dataFile(String name) {
    String resource = "/org/bytedeco/opencv/" + Loader.getPlatform() + "/share/opencv4/" + name;
    try {
      File file = Loader.cacheResource(resource);
      if (file != null) {
        return file;
      }
    } catch (IOException e) {
      throw new ResourceLimitException(
          "cannot unpack " + resource + " of the OpenCV jar: " + e.getMessage()
              + "; make room on the disk, or unpack the file elsewhere with"
              + " -Dorg.bytedeco.javacpp.cachedir=FOLDER",
          e);
    }
    throw new ResourceLimitException(
        resource + " is not on the class path; add org.bytedeco:opencv with the classifier "
            + Loader.getPlatform());
  }

  /** Returns the exception for a {@link #dataFile} that OpenCV does not read. */
  public static ResourceLimitException unreadable(String name, @Nullable Throwable cause) {
    return new ResourceLimitException(
        "OpenCV cannot read its own file " + name + "; delete the cache folder "
            + dataFile(name).getParent() + " and try again",
        cause);
  }

  /** Returns a native copy of an image in OpenCV's channel order. The caller closes it. */
  public static Mat toBgr(RgbImage image) {
    return toBgr(image, image.width(), image.height());
  }

  /**
   * Returns a native copy of an image in OpenCV's channel order, at the top left of a black square.
   * The caller closes it.
   */
  public static Mat toBgr(RgbImage image, int side) {
    return toBgr(image, side, side);
  }

  private static Mat toBgr(RgbImage image, int width, int height) {
    byte[] rgb = image.rgb();
    byte[] out = new byte[width * height * 3];
    for (int y = 0; y < Math.min(height, image.height()); y++) {
      for (int x = 0; x < Math.min(width, image.width()); x++) {
        int from = (y * image.width() + x) * 3;
        int to = (y * width + x) * 3;
        out[to] = rgb[from + 2];
        out[to + 1] = rgb[from + 1];
        out[to + 2] = rgb[from];
      }
    }
    Mat mat = new Mat(height, width, opencv_core.CV_8UC3);
    mat.data().put(out);
    return mat;
  }

  /** Returns a copy of an image in OpenCV's channel order, 8 bits each. */
  public static RgbImage toRgb(Mat bgr) {
    byte[] values = new byte[bgr.rows() * bgr.cols() * 3];
    bgr.data().get(values);
    for (int i = 0; i < values.length; i += 3) {
      byte blue = values[i];
      values[i] = values[i + 2];
      values[i + 2] = blue;
    }
    return RgbImage.of(bgr.cols(), bgr.rows(), values);
  }

  /** Returns a native copy of a grey image. The caller closes it. */
  public static Mat toGrey(Luma luma) {
    Mat mat = new Mat(luma.height(), luma.width(), opencv_core.CV_8UC1);
    mat.data().put(luma.bytes());
    return mat;
  }
}
