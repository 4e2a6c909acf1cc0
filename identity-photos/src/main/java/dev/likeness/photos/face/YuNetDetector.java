package dev.likeness.photos.face;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.photos.internal.onnx.OnnxFile;
import dev.likeness.photos.internal.opencv.OpenCv;
import dev.likeness.photos.internal.opencv.OpenCvNetwork;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.bytedeco.javacpp.PointerScope;
import org.bytedeco.javacpp.indexer.FloatIndexer;
import org.bytedeco.opencv.global.opencv_core;
import org.bytedeco.opencv.global.opencv_dnn;
import org.bytedeco.opencv.global.opencv_objdetect;
import org.bytedeco.opencv.opencv_core.Mat;
import org.bytedeco.opencv.opencv_core.Size;
import org.bytedeco.opencv.opencv_objdetect.FaceDetectorYN;

/**
 * YuNet (Wu et al., "YuNet: A Tiny Millisecond-level Face Detector", 2023) from an ONNX file with a
 * fixed input size. It finds boxes with five landmarks, and detects turned, tilted and small faces
 * far better than {@link CascadeDetector}. Thread-safe; one image is processed at a time. A closed
 * detector throws {@link IllegalStateException}. Detection throws {@link InvalidInputException} if
 * the network returns a box or a landmark that is not finite, is empty, or lies further outside of
 * the image than the image is long.
 */
public final class YuNetDetector implements FaceDetector {
  private static final float MIN_SCORE = 0.7f;
  private static final float NMS_THRESHOLD = 0.3f;
  private static final int TOP_K = 50;
  private static final int COLUMNS = 15;
  // The strides of YuNet's outputs, and the numbers that each output has for a cell.
  private static final int[] STRIDES = {8, 16, 32};
  private static final int COARSEST = 32;
  private static final Map<String, Integer> NUMBERS =
      Map.of("cls", 1, "obj", 1, "bbox", 4, "kps", 10);
  // YuNet's boxes reach from the hairline to below the chin. The boxes of this library, as those of
  // the cascades, are narrower by this factor.
  private static final double BOX_SCALE = 0.85;
  // A face that fills the image is found only at a reduced size. At full size, YuNet may find only
  // a smaller face behind it.
  private static final double[] SCALES = {1, 0.5, 0.25};

  // The cascades do not recognise the eyes of faces with more yaw than this.
  private static final double MAX_YAW = 40;
  // Most faces score 0.9. False detections, such as stones, score less than this.
  private static final double MIN_FRONTAL_SCORE = 0.8;
  private static final double MAX_FRONTAL_YAW = 60;
  // A face that is wider than this share of the image's shorter side scores low at full size, and
  // its landmarks are wrong.
  private static final double CLOSE_UP_SHARE = 0.5;
  private static final double USUAL_SCORE = 0.92;
  private static final double SAME_FACE_OVERLAP = 0.4;
  // The outputs are at most 11 for photos.
  private static final double MAX_OUTPUT = 1000;
  // The longest distance between two landmarks as a share of the box. YuNet's is above 0.3.
  private static final double MIN_SPREAD = 0.01;
  // The largest box or region of a face as a multiple of the image's longer side. YuNet's is at
  // most 1.2.
  private static final double MAX_REGION = 4;

  private final String source;
  private final FaceDetectorYN network;
  private final int size;
  private final EyeCascades.OpenEyeDetector openEyes = new EyeCascades.OpenEyeDetector();
  private boolean closed;

  private YuNetDetector(String source, FaceDetectorYN network, int size) {
    this.source = source;
    this.network = network;
    this.size = size;
  }

  /**
   * Opens an ONNX file of YuNet.
   *
   * @param file a file with a fixed square input size, such as the 640x640 file of the OpenCV zoo
   * @return the detector; the caller closes it
   * @throws InvalidInputException if the file is not YuNet, the network in the file has no fixed
   *     square input size, or it returns NaN or values that no YuNet returns
   * @throws dev.likeness.diffusion.error.ResourceLimitException if OpenCV's native libraries are
   *     missing
   */
  @SuppressWarnings("try")
  public static YuNetDetector open(Path file) {
    OnnxFile input = OnnxFile.read(file, "the face detector");
    if (input.inputSize() < 0) {
      throw new InvalidInputException(
          "the face detector " + file + " has the input shape " + input.shape() + ", but OpenCV"
              + " needs a fixed square size; use the 640x640 file of the OpenCV zoo");
    }
    requireOutputs(input, input.inputSize());
    OpenCvNetwork.requireOutputs(input, input.inputSize(), MAX_OUTPUT);
    OpenCv.load(opencv_dnn.class);
    OpenCv.load(opencv_objdetect.class);
    try (PointerScope scope = new PointerScope()) {
      Size size = new Size(input.inputSize(), input.inputSize());
      FaceDetectorYN network = FaceDetectorYN.create(
          "onnx",
          input.forOpenCv(input.inputSize()),
          new byte[0],
          size,
          MIN_SCORE,
          NMS_THRESHOLD,
          TOP_K,
          0,
          0);
      network.detect(
          Mat.zeros(input.inputSize(), input.inputSize(), opencv_core.CV_8UC3).asMat(), new Mat());
      return new YuNetDetector(
          input.source(), (FaceDetectorYN) network.retainReference(), input.inputSize());
    } catch (RuntimeException e) {
      throw notYuNet(input, e);
    }
  }

  // OpenCV reads as many numbers of each output as a YuNet of this side has, without asking.
  private static void requireOutputs(OnnxFile input, int side) {
    Map<String, long[]> outputs = input.outputs(side, OnnxFile.FACE_WORK);
    for (int stride : STRIDES) {
      long places = (long) (side / stride) * (side / stride);
      for (Map.Entry<String, Integer> numbers : NUMBERS.entrySet()) {
        long[] shape = outputs.get(numbers.getKey() + "_" + stride);
        long[] expected = {1, places, numbers.getValue()};
        if (side % COARSEST != 0 || !Arrays.equals(shape, expected)) {
          throw notYuNet(input, null);
        }
      }
    }
  }

  private static InvalidInputException notYuNet(OnnxFile input, RuntimeException cause) {
    return new InvalidInputException(
        input.source() + " is not YuNet; use the 640x640 file of the OpenCV zoo", cause);
  }

  @Override
  public synchronized List<Face> detect(RgbImage image) {
    if (closed) {
      throw new IllegalStateException("the face detector is closed; open it again");
    }
    double whole = (double) size / Math.max(image.width(), image.height());
    List<Face> faces = List.of();
    for (double step : SCALES) {
      faces = CascadeSearch.WiderSearch.searchIfSmall(
          faces, image, () -> detectAtScale(image, step * whole));
    }
    return isUncertainCloseUp(faces, image)
        ? moreCertain(faces, detectAtScale(image, whole / 2))
        : faces;
  }

  private static boolean isUncertainCloseUp(List<Face> faces, RgbImage image) {
    return !faces.isEmpty()
        && faces.get(0).score() < USUAL_SCORE
        && faces.get(0).box().width() > CLOSE_UP_SHARE * Math.min(image.width(), image.height());
  }

  private static List<Face> moreCertain(List<Face> faces, List<Face> others) {
    boolean same =
        !others.isEmpty() && others.get(0).box().iou(faces.get(0).box()) > SAME_FACE_OVERLAP;
    return same && others.get(0).score() > faces.get(0).score() ? others : faces;
  }

  @Override
  public List<Face> detectFrontal(RgbImage image) {
    return detect(image).stream()
        .filter(face ->
            face.score() > MIN_FRONTAL_SCORE && Math.abs(face.pose().yaw()) < MAX_FRONTAL_YAW)
        .toList();
  }

  @Override
  public String name() {
    return "yunet";
  }

  @SuppressWarnings("try")
  private List<Face> detectAtScale(RgbImage image, double scale) {
    int width = Math.max(1, (int) Math.round(image.width() * scale));
    int height = Math.max(1, (int) Math.round(image.height() * scale));
    RgbImage small = (scale < 1 ? Resampler.AREA : Resampler.CUBIC).resize(image, width, height);
    try (PointerScope scope = new PointerScope()) {
      Mat rows = new Mat();
      network.detect(OpenCv.toBgr(small, size), rows);
      return readFaces(rows, image.width() / (double) width, image).stream()
          .map(face -> withOpenEyes(face, image))
          .toList();
    }
  }

  // YuNet also places eyes behind dark glasses, so the cascades check that the eyes are visible.
  private Face withOpenEyes(Face face, RgbImage image) {
    Face.Landmarks points = face.landmarks().orElseThrow();
    boolean trusted = Math.abs(face.pose().yaw()) > MAX_YAW;
    boolean ordered = points.leftEye().x() <= points.rightEye().x();
    return ordered && (trusted || openEyes.hasOpenEye(image, face))
        ? new Face(
            face.box(),
            face.score(),
            face.pose(),
            Optional.of(new Face.Eyes(points.leftEye(), points.rightEye())),
            face.landmarks())
        : face;
  }

  private List<Face> readFaces(Mat rows, double factor, RgbImage image) {
    List<Face> faces = new ArrayList<>();
    if (!rows.empty()) {
      FloatIndexer values = rows.createIndexer();
      for (int row = 0; row < rows.rows(); row++) {
        double[] v = new double[COLUMNS];
        for (int i = 0; i < COLUMNS; i++) {
          v[i] = values.get(row, i) * (i < COLUMNS - 1 ? factor : 1);
        }
        faces.add(readFace(v, image));
      }
    }
    faces.sort(Comparator.comparingDouble((Face face) -> face.box().area()).reversed());
    return List.copyOf(faces);
  }

  // A row is x, y, width, height, five points and score. YuNet's right eye is the person's right
  // eye, which is on the left of the image.
  private Face readFace(double[] v, RgbImage image) {
    requireSound(Arrays.stream(v).allMatch(Double::isFinite), v, image);
    requireSound(v[2] > 0 && v[3] > 0, v, image);
    Face.Landmarks landmarks = new Face.Landmarks(
        new Point(v[4], v[5]),
        new Point(v[6], v[7]),
        new Point(v[8], v[9]),
        new Point(v[10], v[11]),
        new Point(v[12], v[13]));
    double side = BOX_SCALE * Math.max(v[2], v[3]);
    BoundingBox square =
        new BoundingBox(v[0] + v[2] / 2 - side / 2, v[1] + v[3] / 2 - side / 2, side, side);
    Face face = new Face(
        square,
        Math.max(0, Math.min(1, v[14])),
        HeadPose.PoseEstimate.of(landmarks),
        Optional.empty(),
        Optional.of(landmarks));
    double reach = Math.max(image.width(), image.height());
    List<Point> points = landmarks.points();
    double spread = points.stream()
        .mapToDouble(from -> points.stream().mapToDouble(from::distance).max().orElseThrow())
        .max()
        .orElseThrow();
    requireSound(
        spread >= MIN_SPREAD * side
            && Math.max(side, face.region().width()) <= MAX_REGION * reach
            && isWithin(square.center(), reach)
            && points.stream().allMatch(point -> isWithin(point, reach)),
        v,
        image);
    return face;
  }

  /** Returns true if a point lies in the image's surroundings, which are as wide as the image. */
  private static boolean isWithin(Point point, double reach) {
    return Math.abs(point.x() - reach / 2) <= 1.5 * reach
        && Math.abs(point.y() - reach / 2) <= 1.5 * reach;
  }

  // A sound network never returns such faces. Sizes computed from them would be without bounds.
  private void requireSound(boolean condition, double[] v, RgbImage image) {
    if (!condition) {
      throw new InvalidInputException(String.format(
          Locale.ROOT,
          "%s returns a face that no image has (%.4gx%.4g pixels at %.4g, %.4g, nose at %.4g, %.4g)"
              + " for an image of %dx%d pixels; use the 640x640 file of the OpenCV zoo",
          source,
          v[2],
          v[3],
          v[0],
          v[1],
          v[8],
          v[9],
          image.width(),
          image.height()));
    }
  }

  /** Frees the network. Calling it again has no effect. */
  @Override
  public synchronized void close() {
    if (!closed) {
      closed = true;
      openEyes.close();
      network.releaseReference();
    }
  }
}
