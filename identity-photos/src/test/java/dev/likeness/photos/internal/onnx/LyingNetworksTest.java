package dev.likeness.photos.internal.onnx;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.photos.Material;
import dev.likeness.photos.Photo;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.embed.EmbedderSpec;
import dev.likeness.photos.embed.OnnxEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.face.Point;
import dev.likeness.photos.face.YuNetDetector;
import dev.likeness.photos.opencv.SuperResolution;
import dev.likeness.photos.quality.FaceQuality.OnnxFaceQuality;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Networks whose numbers no sound network returns are refused by name, when opened or when used.
 */
class LyingNetworksTest {
  private static final int SIDE = 112;
  private static final int STRIDE = 32;
  private static final RgbImage GREY = RgbImage.of(64, 48, filled(64 * 48 * 3, (byte) 90));
  private static final Face FACE = new Face(
      new BoundingBox(4, 4, 40, 40), 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty());
  /** Offsets of the eyes, nose and mouth of a face in the middle of the only cell of stride 32. */
  private static final float[] POINTS = {.4f, .4f, .6f, .4f, .5f, .5f, .4f, .6f, .6f, .6f};

  @TempDir
  private Path folder;

  @Test
  void findsTheFaceThatASmallYuNetAlwaysReturns() throws IOException {
    try (YuNetDetector detector = YuNetDetector.open(yunet(.5f, .5f, -.5f, -.5f, POINTS))) {
      Face face = detector.detect(GREY).get(0);
      // exp(-0.5) of a cell, of which the library's box is 85 %, in an image twice as large.
      assertEquals(.85 * STRIDE * Math.exp(-.5) * 2, face.box().width(), 1e-3);
      assertEquals(32, face.box().center().x(), 1e-3);
    }
  }

  static Stream<Arguments> faces() {
    return Stream.of(
        Arguments.of("an infinite width", .5f, 200f, POINTS),
        Arguments.of("no width and no height", .5f, -200f, POINTS),
        Arguments.of("a large box", .5f, 6f, POINTS),
        Arguments.of("a box that overflows whole numbers", .5f, 25f, POINTS),
        Arguments.of("a box far to the right", 900f, -.5f, POINTS),
        Arguments.of("a box far to the left", -900f, -.5f, POINTS),
        Arguments.of("an eye far away", .5f, -.5f, moved(1, 800)),
        Arguments.of("a mouth far above", .5f, -.5f, moved(9, -800)),
        Arguments.of("all points at one place", .5f, -.5f, filled(.5f)),
        Arguments.of("points that span several images", .5f, -.5f, stretched(30)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("faces")
  void refusesFacesThatNoImageHas(String fault, float middle, float size, float[] points)
      throws IOException {
    Path file = yunet(middle, .5f, size, fault.startsWith("no") ? size : -.5f, points);
    try (YuNetDetector detector = YuNetDetector.open(file)) {
      String message =
          assertThrows(InvalidInputException.class, () -> detector.detect(GREY)).getMessage();
      assertTrue(
          message.startsWith("the face detector " + file + " returns a face that no image has ("),
          message);
      assertTrue(
          message.endsWith(" for an image of 64x48 pixels; use the 640x640 file of the OpenCV zoo"),
          message);
      assertEquals(1, message.lines().count());
    }
  }

  @Test
  void saysWhichFaceTheDetectorReturned() throws IOException {
    Path file = yunet(900, .5f, -.5f, -.5f, POINTS);
    try (YuNetDetector detector = YuNetDetector.open(file)) {
      assertEquals(
          "the face detector " + file + " returns a face that no image has (38.82x38.82 pixels at"
              + " 5.758e+04, 12.59, nose at 32.00, 32.00) for an image of 64x48 pixels; use the"
              + " 640x640 file of the OpenCV zoo",
          assertThrows(InvalidInputException.class, () -> detector.detect(GREY)).getMessage());
    }
  }

  @Test
  void aReviewNamesTheDetector() throws IOException {
    Path file = yunet(.5f, .5f, 9, 9, POINTS);
    try (ReviewTools tools = ReviewTools.builtIn().withDetector(file)) {
      String message = assertThrows(
              InvalidInputException.class,
              () ->
                  PhotoReview.of(PhotoSet.of(List.of(Photo.of("photo.png", GREY.toPng()))), tools))
          .getMessage();
      assertTrue(message.startsWith("the face detector " + file + " returns a face"), message);
    }
  }

  @Test
  void refusesDetectorsWhoseOutputsAreOutOfRange() throws IOException {
    for (float value : new float[] {2000, -2000, 1e10f, -3e38f, 1e20f}) {
      Path file = yunet(.5f, .5f, -.5f, -.5f, moved(4, value));
      String message = assertThrows(InvalidInputException.class, () -> YuNetDetector.open(file))
          .getMessage();
      assertTrue(
          message.startsWith("the face detector " + file + " returns the value ")
              && message.endsWith(", expected at most 1000, because its weights are damaged;"
                  + " download the file again"),
          message);
    }
  }

  /** Each is a network with one fault in its weights, of which the first is found by looking. */
  static Stream<Arguments> damaged() {
    String tensor = " has a tensor \"w\" with values that are NaN or infinite; download the file"
        + " again, or export it with other settings";
    String value = " returns values that are NaN or infinite, because its weights are damaged;"
        + " download the file again";
    return Stream.of(
        Arguments.of("NaN", Float.NaN, 1f, tensor),
        Arguments.of("infinity", Float.POSITIVE_INFINITY, 1f, tensor),
        Arguments.of("negative infinity", Float.NEGATIVE_INFINITY, 1f, tensor),
        Arguments.of("an overflow", 3e38f, 3e38f, value),
        Arguments.of("a negative overflow", -3e38f, 3e38f, value));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("damaged")
  void refusesDamagedNetworksOfEveryKind(String fault, float weight, float factor, String ending)
      throws IOException {
    Proto[] nodes = {
      Proto.node("Mul", "x w", "m"),
      Proto.node("Mul", "m f", "y"),
      Proto.reals("w", weight),
      Proto.reals("f", factor)
    };
    Path file = write("sface.onnx", Proto.file(SIDE, nodes));
    assertRefused(
        "the face embedder " + file + ending,
        () -> OnnxEmbedder.open(file, EmbedderSpec.SFACE, UsePolicy.COMMERCIAL));
    assertRefused("the face-quality network " + file + ending, () -> OnnxFaceQuality.open(file));
    Proto large = Proto.node("DepthToSpace", "b", "y", Proto.number("blocksize", 2));
    Path upscaler = write(
        "upscaler.onnx",
        Proto.file(
            SIDE,
            nodes[0],
            Proto.node("Mul", "m f", "a"),
            nodes[2],
            nodes[3],
            Proto.node("Concat", "a a a a", "b", Proto.number("axis", 1)),
            large));
    assertRefused(
        "the super-resolution network " + upscaler + ending, () -> SuperResolution.open(upscaler));
  }

  /** Tensors of every floating-point type, stored as raw bytes and as numbers. */
  @Test
  void findsNaNInEveryFloatingPointType() throws IOException {
    byte[] half = {0, 0x7e};
    byte[] infiniteHalf = {0, (byte) 0xfc};
    byte[] twice = ByteBuffer.allocate(8)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putDouble(Double.NaN)
        .array();
    byte[] single = ByteBuffer.allocate(4)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putFloat(Float.NaN)
        .array();
    for (Proto tensor : List.of(
        Proto.tensor("w", 10, half, 1),
        Proto.tensor("w", 10, infiniteHalf, 1),
        Proto.tensor("w", 11, twice, 1),
        new Proto().number(1, 1).number(2, 1).text(8, "w").bytes(4, single),
        new Proto().number(1, 1).number(2, 11).text(8, "w").bytes(10, twice),
        new Proto().number(1, 1).number(2, 10).text(8, "w").number(5, 0x7c01))) {
      byte[] file = Proto.file(SIDE, Proto.node("Mul", "x w", "y"), Proto.initializer(tensor));
      assertRefusedBytes("has a tensor \"w\" with values that are NaN or infinite", file);
    }
    Proto inNode = new Proto().text(1, "value").message(5, Proto.tensor("", 1, single, 1));
    assertRefusedBytes(
        "has a tensor \"w\" with values that are NaN or infinite",
        Proto.file(SIDE, Proto.node("Constant", "", "w", inNode), Proto.node("Mul", "x w", "y")));
  }

  @Test
  void findsNaNInAttributes() throws IOException {
    for (String[] one : new String[][] {
      {"LeakyRelu", "alpha"}, {"Elu", "alpha"}, {"HardSigmoid", "beta"}, {"Celu", "alpha"}
    }) {
      assertRefusedBytes(
          "has an attribute \"" + one[1] + "\" of the node " + one[0] + " \"" + one[0]
              + "0\" that is NaN or infinite",
          Proto.file(SIDE, Proto.node(one[0], "x", "y", real(one[1], Float.NaN))));
    }
    for (float epsilon : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      assertRefusedBytes(
          "has an attribute \"epsilon\" of the node BatchNormalization",
          Proto.file(
              SIDE,
              Proto.node("BatchNormalization", "x a a a a", "y", real("epsilon", epsilon)),
              Proto.reals("a", 1, 1, 1)));
    }
  }

  @Test
  void boundsMayBeInfinite() throws IOException {
    Path file = write(
        "bounds.onnx",
        Proto.file(
            SIDE,
            Proto.node("Clip", "x a b", "y"),
            Proto.initializer(Proto.tensor("a", 1, new byte[4])),
            Proto.initializer(Proto.tensor("b", 1, new byte[] {0, 0, (byte) 0x80, 0x7f}))));
    OnnxFile.read(file, "the network").outputs(SIDE, OnnxFile.FACE_WORK);
    assertRefusedBytes(
        "has a tensor \"b\" with values that are NaN or infinite",
        Proto.file(
            SIDE,
            Proto.node("Clip", "x a b", "y"),
            Proto.initializer(Proto.tensor("a", 1, new byte[4])),
            Proto.initializer(Proto.tensor("b", 1, new byte[] {0, 0, (byte) 0xc0, 0x7f}))));
  }

  /** A network that overflows for dark faces only is found out when it meets one. */
  @Test
  void anEmbedderThatFailsForOneFaceIsNamed() throws IOException {
    Path file = write(
        "sface.onnx",
        Proto.file(
            SIDE,
            Proto.node("GlobalAveragePool", "x", "a"),
            Proto.node("Sub", "l a", "b"),
            Proto.node("Relu", "b", "c"),
            Proto.node("Mul", "c h", "d"),
            Proto.node("Mul", "d h", "e"),
            Proto.node("Add", "e l", "y"),
            Proto.reals("l", 100),
            Proto.reals("h", 3e38f)));
    try (OnnxEmbedder embedder =
        OnnxEmbedder.open(file, EmbedderSpec.SFACE, UsePolicy.COMMERCIAL)) {
      assertRefused(
          "the face embedder " + file + " returns values that are NaN or infinite, because its"
              + " weights are damaged; download the file again",
          () -> embedder.embed(GREY, FACE));
    }
  }

  @Test
  void numbersThatAreNotFiniteMakeNoBoxesAndPoints() {
    for (double bad : new double[] {Double.NaN, Double.POSITIVE_INFINITY, -1.0 / 0}) {
      assertThrows(IllegalArgumentException.class, () -> new Point(bad, 0));
      assertThrows(IllegalArgumentException.class, () -> new Point(0, bad));
      assertThrows(IllegalArgumentException.class, () -> new BoundingBox(bad, 0, 1, 1));
      assertThrows(IllegalArgumentException.class, () -> new BoundingBox(0, bad, 1, 1));
      assertThrows(IllegalArgumentException.class, () -> new BoundingBox(0, 0, bad, 1));
      assertThrows(IllegalArgumentException.class, () -> new BoundingBox(0, 0, 1, bad));
    }
    for (double[] r : new double[][] {
      {Double.NaN, 0, 1, 1}, {0, 0, 1e9, 1}, {0, 0, 1, 1e300}, {-1e12, 0, 1, 1}, {0, 0, 0, 1}
    }) {
      assertThrows(
          IllegalArgumentException.class,
          () -> Resampler.AREA.resize(GREY, r[0], r[1], r[2], r[3], 8, 8));
    }
  }

  @Test
  void refusesTheDamagedDetectorsAndQualityNetworkOfTheCases() throws IOException {
    Path cases = Material.at("..").resolve("cases/third/attacks").normalize();
    Assumptions.assumeTrue(Files.isDirectory(cases), "skipped: there is no " + cases);
    for (String name : List.of("yn-w19", "yn-w27", "yn-w41")) {
      Path file = cases.resolve(name + ".onnx");
      assertNames(file, () -> YuNetDetector.open(file));
    }
    Path quality = cases.resolve("q-allnan.onnx");
    assertNames(quality, () -> OnnxFaceQuality.open(quality));
  }

  private static void assertNames(Path file, Runnable action) {
    String message = assertThrows(InvalidInputException.class, action::run).getMessage();
    assertTrue(message.contains(file.toString()), message);
  }

  private static void assertRefused(String expected, Runnable action) {
    assertEquals(
        expected, assertThrows(InvalidInputException.class, action::run).getMessage());
  }

  private void assertRefusedBytes(String expected, byte[] network) throws IOException {
    Path file = write("network.onnx", network);
    String message = assertThrows(
            InvalidInputException.class,
            () -> OnnxFile.read(file, "the network").outputs(SIDE, OnnxFile.FACE_WORK))
        .getMessage();
    assertTrue(message.startsWith("the network " + file + " " + expected), message);
  }

  private Path write(String name, byte[] bytes) throws IOException {
    return Files.write(folder.resolve(name), bytes);
  }

  private static Proto real(String name, float value) {
    byte[] bits =
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(value).array();
    return new Proto().text(1, name).fixed32(2, bits).number(20, 1);
  }

  /**
   * A YuNet for 32x32 pixels whose outputs depend on no image: a face of full score in the only
   * cell of stride 32, and none elsewhere.
   */
  private Path yunet(float x, float y, float width, float height, float[] points)
      throws IOException {
    List<Proto> fields = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    fields.add(Proto.node("GlobalAveragePool", "x", "pooled"));
    fields.add(Proto.node("Reshape", "pooled flat", "mean"));
    fields.add(Proto.whole("flat", 1, 3));
    for (int stride : new int[] {8, 16, STRIDE}) {
      int cells = (STRIDE / stride) * (STRIDE / stride);
      float score = stride == STRIDE ? 1 : 0;
      addOutput(fields, outputs, "cls_" + stride, cells, cell -> new float[] {score});
      addOutput(fields, outputs, "obj_" + stride, cells, cell -> new float[] {score});
      addOutput(
          fields, outputs, "bbox_" + stride, cells, cell -> new float[] {x, y, width, height});
      addOutput(fields, outputs, "kps_" + stride, cells, cell -> points);
    }
    Proto graph = new Proto().text(2, "yunet");
    fields.forEach(graph::append);
    graph.message(11, Proto.value("x", Proto.FLOAT, 1, 3, STRIDE, STRIDE));
    outputs.forEach(name -> graph.message(12, Proto.value(name, Proto.FLOAT, 1)));
    return write("yunet.onnx", Proto.model(graph));
  }

  private static void addOutput(
      List<Proto> fields,
      List<String> outputs,
      String name,
      int cells,
      Function<Integer, float[]> values) {
    int numbers = values.apply(0).length;
    float[] all = new float[cells * numbers];
    for (int cell = 0; cell < cells; cell++) {
      System.arraycopy(values.apply(cell), 0, all, cell * numbers, numbers);
    }
    fields.add(Proto.zeros(name + "_w", 3, all.length));
    fields.add(Proto.reals(name + "_b", all));
    fields.add(Proto.whole(name + "_s", 1, cells, numbers));
    fields.add(Proto.node("Gemm", "mean " + name + "_w " + name + "_b", name + "_g"));
    fields.add(Proto.node("Reshape", name + "_g " + name + "_s", name));
    outputs.add(name);
  }

  private static float[] moved(int number, float value) {
    float[] points = POINTS.clone();
    points[number] = value;
    return points;
  }

  private static float[] filled(float value) {
    float[] points = new float[POINTS.length];
    Arrays.fill(points, value);
    return points;
  }

  private static float[] stretched(float factor) {
    float[] points = POINTS.clone();
    for (int i = 0; i < points.length; i++) {
      points[i] = .5f + (points[i] - .5f) * factor;
    }
    return points;
  }

  private static byte[] filled(int count, byte value) {
    byte[] bytes = new byte[count];
    Arrays.fill(bytes, value);
    return bytes;
  }
}
