package dev.likeness.photos.quality;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.io.UninterruptibleIo;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadCrop;
import dev.likeness.photos.internal.opencv.OpenCv;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_ml;
import org.bytedeco.opencv.global.opencv_quality;
import org.bytedeco.opencv.opencv_core.FileStorage;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_ml.SVM;
import org.bytedeco.opencv.opencv_quality.QualityBRISQUE;

/**
 * BRISQUE, a no-reference measure of image distortion (Mittal, Moorthy and Bovik, IEEE TIP 21,
 * 2012), computed by OpenCV. Higher scores are worse. Thread-safe; one image is processed at a
 * time.
 */
public final class Brisque implements AutoCloseable {
  // BRISQUE's statistics depend on the scale, so all heads are measured at this size in pixels.
  private static final int SIDE = 256;
  private static final int FEATURES = 36;
  private static final String LIVE_MODEL = "quality/brisque_model_live.yml";
  private static final long MAX_BYTES = 16 << 20;
  private static final Pattern NUMBER =
      Pattern.compile("-?[0-9]{1,20}(?:\\.[0-9]{0,20})?(?:e[+-]?[0-9]{1,2})?");
  private static final Pattern RANGE =
      Pattern.compile("%YAML:1\\.0 (?:--- )?range: !!opencv-matrix rows: 2 cols: " + FEATURES
          + " dt: f data: \\[([^\\[\\]]*)\\](?: \\.\\.\\.)?");

  private final QualityBRISQUE network;
  private boolean closed;

  private Brisque(QualityBRISQUE network) {
    // The network outlives the scope that created it.
    network.retainReference();
    this.network = network;
  }

  /**
   * Opens the BRISQUE model in OpenCV's jar. The model was trained on the LIVE image quality
   * database.
   *
   * @return the measure; the caller closes it
   * @throws dev.likeness.diffusion.error.ResourceLimitException if OpenCV's native libraries are
   *     missing, or OpenCV's model file cannot be read
   */
  @SuppressWarnings("try")
  public static Brisque builtIn() {
    OpenCv.load(opencv_quality.class);
    String model = OpenCv.dataFile(LIVE_MODEL).getPath();
    String range = OpenCv.dataFile("quality/brisque_range_live.yml").getPath();
    try (PointerScope scope = new PointerScope()) {
      // OpenCV may read its own files, which lie beside its libraries.
      return new Brisque(QualityBRISQUE.create(model, range));
    } catch (RuntimeException e) {
      throw OpenCv.unreadable(LIVE_MODEL, e);
    }
  }

  /**
   * Opens a BRISQUE model from two YAML files in OpenCV's format. Java code parses both files and
   * passes only their numbers to OpenCV.
   *
   * @param model the YAML file of the BRISQUE model
   * @param range the YAML file with the ranges of the model's inputs
   * @return the measure; the caller closes it
   * @throws InvalidInputException if a file cannot be read or is not a BRISQUE file
   * @throws dev.likeness.diffusion.error.ResourceLimitException if OpenCV's native libraries are
   *     missing
   */
  @SuppressWarnings("try")
  public static Brisque open(Path model, Path range) {
    String regression = Regression.yaml(model, text(model));
    float[] limits = numbers(range, RANGE.matcher(text(range)), 2 * FEATURES);
    for (int i = 0; i < FEATURES; i++) {
      if (!(limits[i] < limits[i + FEATURES])) {
        throw noModel(range, null);
      }
    }
    OpenCv.load(opencv_ml.class);
    OpenCv.load(opencv_quality.class);
    try (PointerScope scope = new PointerScope()) {
      SVM svm = SVM.create();
      FileStorage storage = new FileStorage(regression, FileStorage.READ | FileStorage.MEMORY);
      svm.read(storage.get(Regression.NODE));
      Mat ranges = new Mat(2, FEATURES, opencv_core.CV_32FC1);
      new FloatPointer(ranges.data()).put(limits);
      return new Brisque(QualityBRISQUE.create(svm, ranges));
    } catch (RuntimeException e) {
      throw noModel(model, e);
    }
  }

  // The text of the file, each run of white space replaced by one space.
  private static String text(Path file) {
    try {
      if (!Files.isRegularFile(file)) {
        throw new InvalidInputException("the BRISQUE file " + file
            + (Files.exists(file) ? " is not a regular file" : " does not exist")
            + "; give OpenCV's files brisque_model_live.yml and brisque_range_live.yml");
      }
      if (Files.size(file) > MAX_BYTES) {
        throw noModel(file, null);
      }
      byte[] bytes = UninterruptibleIo.read(file, Files::readAllBytes);
      return new String(bytes, StandardCharsets.ISO_8859_1)
          .replaceAll("\\s+", " ")
          .strip();
    } catch (IOException e) {
      throw new InvalidInputException(
          "cannot read the BRISQUE file " + file + ": " + Quoted.reason(e)
              + "; give OpenCV's files brisque_model_live.yml and brisque_range_live.yml",
          e);
    }
  }

  private static float[] numbers(Path file, Matcher list, int count) {
    if (!list.matches()) {
      throw noModel(file, null);
    }
    String[] words = list.group(1).strip().split(" ?, ?", -1);
    float[] numbers = new float[count];
    if (words.length != count) {
      throw noModel(file, null);
    }
    for (int i = 0; i < count; i++) {
      if (!NUMBER.matcher(words[i]).matches()) {
        throw noModel(file, null);
      }
      numbers[i] = (float) Double.parseDouble(words[i]);
      if (!Float.isFinite(numbers[i])) {
        throw noModel(file, null);
      }
    }
    return numbers;
  }

  private static InvalidInputException noModel(Path file, RuntimeException cause) {
    return new InvalidInputException(
        file + " is not a BRISQUE model or range of " + FEATURES + " features in OpenCV's YAML"
            + " format; give OpenCV's files brisque_model_live.yml and brisque_range_live.yml",
        cause);
  }

  /**
   * A support vector regression as {@code cv::ml::SVM} writes it. OpenCV does not check the counts
   * in the file, so it gets a new text with the same numbers.
   */
  private static final class Regression {
    static final String NODE = "opencv_ml_svm";
    private static final int MOST_VECTORS = 20_000;
    private static final String REAL = "(" + NUMBER.pattern() + ")";
    private static final Pattern HEAD = Pattern.compile("%YAML:1\\.0 (?:--- )?" + NODE
        + ": format: 3 svmType: EPS_SVR kernel: type: RBF gamma: " + REAL + " C: " + REAL + " p: "
        + REAL + " term_criteria: \\{[ a-z0-9:.,e+-]{0,99}\\} var_count: " + FEATURES
        + " sv_total: ([0-9]{1,5}) ");
    private static final Pattern TAIL = Pattern.compile(
        " - sv_count: ([0-9]{1,5}) rho: " + REAL + " alpha: \\[([^\\[\\]]*)\\](?: \\.\\.\\.)?");
    private static final Pattern LIST = Pattern.compile(" ?\\[([^\\[\\]]*)\\] ?");

    static String yaml(Path file, String text) {
      String[] parts = text.split("support_vectors:|decision_functions:", -1);
      Matcher head = HEAD.matcher(parts[0]);
      Matcher tail = TAIL.matcher(parts[parts.length - 1]);
      if (parts.length != 3 || !head.matches() || !tail.matches()) {
        throw noModel(file, null);
      }
      int count = Integer.parseInt(head.group(4));
      String[] vectors = parts[1].split(" - (?=\\[)", -1);
      if (count < 1
          || count > MOST_VECTORS
          || vectors.length != count + 1
          || !vectors[0].isEmpty()
          || Integer.parseInt(tail.group(1)) != count) {
        throw noModel(file, null);
      }
      StringBuilder yaml = new StringBuilder("%YAML:1.0\n---\n" + NODE + ":\n   format: 3\n"
          + "   svmType: EPS_SVR\n   kernel:\n      type: RBF\n      gamma: " + head.group(1)
          + "\n   C: " + head.group(2) + "\n   p: " + head.group(3) + "\n   var_count: " + FEATURES
          + "\n   sv_total: " + count + "\n   support_vectors:\n");
      for (int i = 1; i <= count; i++) {
        Matcher vector = LIST.matcher(vectors[i]);
        numbers(file, vector, FEATURES);
        yaml.append("      - [").append(wrapped(vector.group(1))).append("]\n");
      }
      Matcher alpha = LIST.matcher("[" + tail.group(3) + "]");
      numbers(file, alpha, count);
      return yaml.append("   decision_functions:\n      -\n         sv_count: " + count
              + "\n         rho: " + tail.group(2) + "\n         alpha: [")
          .append(wrapped(alpha.group(1)))
          .append("]\n")
          .toString();
    }

    // OpenCV parses lines of at most 4096 characters.
    private static String wrapped(String list) {
      return list.replace(",", ",\n             ");
    }
  }

  /**
   * Returns the score of the head and shoulders around a face. If the crop of head and shoulders
   * has more than 256 pixels per side, it is reduced to 256 pixels.
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
      throw new IllegalStateException("the BRISQUE model is closed; open it again");
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
