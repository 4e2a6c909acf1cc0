package dev.likeness.photos.internal.onnx;

import static dev.likeness.photos.internal.onnx.Proto.initializer;
import static dev.likeness.photos.internal.onnx.Proto.ints;
import static dev.likeness.photos.internal.onnx.Proto.node;
import static dev.likeness.photos.internal.onnx.Proto.number;
import static dev.likeness.photos.internal.onnx.Proto.reals;
import static dev.likeness.photos.internal.onnx.Proto.tensor;
import static dev.likeness.photos.internal.onnx.Proto.whole;
import static dev.likeness.photos.internal.onnx.Proto.word;
import static dev.likeness.photos.internal.onnx.Proto.zeros;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.Material;
import dev.likeness.photos.embed.EmbedderSpec;
import dev.likeness.photos.embed.OnnxEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.YuNetDetector;
import dev.likeness.photos.internal.opencv.OpenCvNetwork;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Faults of an ONNX file are found in Java, before OpenCV parses the file. */
class OnnxFileTest {
  private static final int SIDE = 112;
  private static final Proto CONV = node("Conv", "x w", "y", ints("kernel_shape", 3, 3));
  private static final Proto WEIGHTS = zeros("w", 8, 3, 3, 3);

  @TempDir
  private static Path folder;

  static Stream<Arguments> broken() {
    Proto raw = tensor("w", Proto.FLOAT, new byte[864], 8, 3, 3, 3);
    return Stream.of(
        // Bytes of initialisers.
        bad("with 4 bytes, expected 864", CONV, weights(1, new byte[4], 8, 3, 3, 3)),
        bad("with 868 bytes, expected 864", CONV, weights(1, new byte[868], 8, 3, 3, 3)),
        bad("with 864 bytes, expected 1728", CONV, weights(11, new byte[864], 8, 3, 3, 3)),
        bad("with 0 values, expected 113246208", CONV, weights(1, new byte[0], 1 << 22, 3, 3, 3)),
        bad("with 0 values, expected 1", CONV, weights(1, new byte[0])),
        bad("of the invalid shape [-8, 3, 3, 3]", CONV, weights(1, new byte[864], -8, 3, 3, 3)),
        bad("with 864 bytes", CONV, weights(1, new byte[864], 1L << 32, 1L << 32, 3, 3)),
        bad("of the invalid shape [0, 3, 3, 3]", CONV, weights(1, new byte[0], 0, 3, 3, 3)),
        bad("of the invalid shape", CONV, weights(1, new byte[4], 1, 1, 1, 1, 1, 1, 1, 1, 1)),
        bad("of type string (8)", CONV, weights(8, new byte[864], 8, 3, 3, 3)),
        bad("of type complex64 (14)", CONV, weights(14, new byte[864], 8, 3, 3, 3)),
        bad("with external data", CONV, initializer(raw.number(14, 1))),
        bad(
            "with external data",
            CONV,
            initializer(tensor("w", 1, new byte[0], 8, 3, 3, 3)
                .message(13, new Proto().text(1, "location").text(2, "../../etc/passwd")))),
        bad(
            "with 2 values, expected 3",
            CONV,
            initializer(new Proto().number(1, 3).number(2, 1).text(8, "w").bytes(4, new byte[8]))),
        bad(
            "with 864 bytes",
            CONV,
            initializer(tensor("w", 1, new byte[864], 8, 3, 3, 3).bytes(4, new byte[864]))),
        bad("has two initialisers \"w\"", CONV, WEIGHTS, WEIGHTS),
        bad("has sparse initialisers", CONV, WEIGHTS, new Proto().message(15, new Proto())),
        // Nodes.
        bad("an input \"w\" that no earlier node computes", CONV),
        bad("an input \"y\" that no earlier node computes", node("Relu", "y", "y")),
        bad(
            "an input \"b\"",
            node("Relu", "b", "a"),
            node("Relu", "x", "b"),
            node("Relu", "a", "y")),
        bad("two values named \"y\"", node("Relu", "x", "y"), node("Relu", "x", "y")),
        bad("two values named \"x\"", node("Relu", "x", "x"), node("Relu", "x", "y")),
        bad("has an output \"y\" that no node computes", node("Relu", "x", "z")),
        bad("\"If0\" is not a supported operation", node("If", "x", "y")),
        bad(
            "has an attribute \"body\"",
            node("Loop", "x x", "y", new Proto().text(1, "body").message(6, new Proto()))),
        bad("is not an ONNX file", node("Relu", "x", "y", number("\u001b[31m", 1))),
        bad("attribute \"\\u200bx\"", node("Relu", "x", "y", number("\u200bx", 1))),
        bad(
            "\"num_output\" that the operation does not accept",
            node("Conv", "x w", "y", number("num_output", 9999)),
            WEIGHTS),
        bad(
            "that the operation does not accept",
            node("Conv", "x w", "y", number("pads", 3)),
            WEIGHTS),
        bad("number of inputs (1)", node("Conv", "x", "y")),
        bad("number of inputs (2)", node("Conv", "x ", "y")),
        bad("or outputs (2)", node("Relu", "x", "y z")),
        bad("number of inputs (300)", node("Add", "x" + " x".repeat(299), "y")),
        bad(
            "more than 8192 nodes",
            IntStream.range(0, 8193)
                .mapToObj(i -> node("Relu", "x", "n" + i))
                .toArray(Proto[]::new)),
        bad("does not depend on the input", node("Relu", "w", "y"), WEIGHTS),
        bad("converts values of the image to integers", node("Cast", "x", "y", number("to", 7))),
        bad("combines integers", node("Add", "x w", "y"), whole("w", 3)),
        // Shapes.
        bad("too large", node("Expand", "x s", "y"), whole("s", 100_000, 3, 112, 112)),
        bad("cannot broadcast", node("Expand", "x s", "y"), whole("s", 1, -1, 1, 1)),
        bad("cannot pad ", node("Pad", "x s", "y"), whole("s", 0, 0, 1 << 30, 1 << 30, 0, 0, 0, 0)),
        bad("cannot pad ", node("Pad", "x s", "y"), whole("s", 0, 0, -200, 0, 0, 0, 0, 0)),
        bad(
            "cannot pad ",
            node("Pad", "x s", "y", word("mode", "reflect")),
            whole("s", 0, 0, 112, 0, 0, 0, 0, 0)),
        bad("do not fit", node("Pad", "x s", "y"), whole("s", 1, 1)),
        bad("cannot reshape", node("Reshape", "x s", "y"), whole("s", 1L << 40, 1L << 40, 1, 1)),
        bad("cannot reshape", node("Reshape", "x s", "y"), whole("s", 11, -1)),
        bad("cannot reshape to", node("Reshape", "x s", "y"), whole("s", -1, -1)),
        bad("cannot reshape to", node("Reshape", "x s", "y"), whole("s", -2, 3)),
        bad("needs constant integers", node("Reshape", "x s", "y"), reals("s", 1, 37632)),
        bad("needs constant integers", node("Reshape", "x x", "y")),
        bad(
            "cannot slice -1099511627776",
            node("Slice", "x s e", "y"),
            whole("s", -(1L << 40), 0, 0, 0),
            whole("e", 1L << 40, 1, 1, 1)),
        bad("has an empty slice", node("Slice", "x s e", "y"), whole("s", 0, 2), whole("e", 1, 1)),
        bad(
            "cannot slice",
            node("Slice", "x s e a p", "y"),
            whole("s", 0),
            whole("e", 3),
            whole("a", 1),
            whole("p", 0)),
        bad(
            "has the axis 9, which does not fit 4",
            node("Slice", "x s e a", "y"),
            whole("s", 0),
            whole("e", 3),
            whole("a", 9)),
        bad("cannot repeat", node("Tile", "x s", "y"), whole("s", 1, 1, 1 << 30, 1)),
        bad("too large", node("Tile", "x s", "y"), whole("s", 1, 1000, 1000, 1)),
        bad(
            "too large",
            node("ConstantOfShape", "s", "c"),
            whole("s", 1 << 30, 64),
            node("Relu", "x", "y")),
        bad(
            "elements",
            node("Range", "s e d", "r"),
            node("Relu", "x", "y"),
            whole("s", 0),
            whole("e", Long.MAX_VALUE),
            whole("d", 1)),
        bad(
            "has indices [3], which do not fit 3",
            node("Gather", "x i", "y", number("axis", 1)),
            whole("i", 3)),
        bad("has perm [0, 1, 2], which", node("Transpose", "x", "y", ints("perm", 0, 1, 2))),
        bad(
            "has the axis 4, which does not fit 4",
            node("Transpose", "x", "y", ints("perm", 0, 1, 2, 4))),
        bad("has the axis 1 twice", node("Transpose", "x", "y", ints("perm", 0, 1, 2, 1))),
        bad("cannot concatenate", node("Concat", "x w", "y", number("axis", 1)), WEIGHTS),
        bad("has no axis", node("Concat", "x x", "y")),
        bad("has the axis -5, which does not fit 4", node("Flatten", "x", "y", number("axis", -5))),
        bad("cannot squeeze", node("Squeeze", "x a", "y"), whole("a", 1)),
        bad("cannot split", node("Split", "x s", "y z", number("axis", 1)), whole("s", 1, 1)),
        bad("cannot split", node("Split", "x", "y z", number("axis", 1))),
        bad(
            "cannot resize",
            node("Resize", "x  s", "y", word("mode", "nearest")),
            reals("s", 1, 1, 1e9f, 1e9f)),
        bad(
            "cannot resize",
            node("Resize", "x  s", "y", word("mode", "nearest")),
            reals("s", 1, 1, Float.NaN, 2)),
        bad(
            "cannot resize",
            node("Resize", "x  s", "y", word("mode", "nearest")),
            reals("s", 1, 1, -2, 2)),
        bad(
            "needs a mode and constant sizes",
            node("Resize", "x  s", "y", word("mode", "nearest")),
            reals("s", 1, 1)),
        bad("has the blocksize 5", node("DepthToSpace", "x", "y", number("blocksize", 5))),
        bad(
            "has the blocksize 0, expected 1 to 64",
            node("DepthToSpace", "x", "y", number("blocksize", 0))),
        // Layers.
        bad("(number of groups: 0)", node("Conv", "x w", "y", number("group", 0)), WEIGHTS),
        bad("(number of groups: 3)", node("Conv", "x w", "y", number("group", 3)), WEIGHTS),
        bad("has invalid strides", node("Conv", "x w", "y", ints("strides", 0, 0)), WEIGHTS),
        bad("has invalid strides", node("Conv", "x w", "y", ints("strides", 1)), WEIGHTS),
        bad(
            "has invalid dilations",
            node("Conv", "x w", "y", ints("dilations", 1 << 30, 1)),
            WEIGHTS),
        bad("has invalid pads", node("Conv", "x w", "y", ints("pads", -1, 0, 0, 0)), WEIGHTS),
        bad(
            "has a kernel_shape that differs",
            node("Conv", "x w", "y", ints("kernel_shape", 5, 5)),
            WEIGHTS),
        bad("that do not fit", node("Conv", "x x", "y")),
        bad("that do not fit", node("Conv", "x w b", "y"), WEIGHTS, reals("b", 1, 2)),
        bad("larger than its input", node("Conv", "x w", "y"), zeros("w", 1, 3, 200, 200)),
        bad(
            "has invalid output_padding",
            node("ConvTranspose", "x w", "y", ints("output_padding", -1, 0)),
            zeros("w", 3, 1, 2, 2)),
        bad("has no kernel_shape", node("MaxPool", "x", "y")),
        bad("has an invalid kernel [0, 1]", node("MaxPool", "x", "y", ints("kernel_shape", 0, 1))),
        bad(
            "has pads that are not below its kernel",
            node("MaxPool", "x", "y", ints("kernel_shape", 2, 2), ints("pads", 2, 2, 2, 2))),
        bad("has slopes", node("PRelu", "x w", "y"), zeros("w", 1, 112, 1)),
        bad(
            "has parameters of the shape [1], expected one number for each of its 3 channels",
            node("BatchNormalization", "x a a a a", "y"),
            reals("a", 1)),
        bad("cannot multiply", node("MatMul", "x w", "y"), zeros("w", 5, 5)),
        bad("needs two matrices", node("Gemm", "x w", "y"), zeros("w", 5, 5)),
        bad("needs more memory or computation", tooMuchWork()));
  }

  private static Proto weights(int type, byte[] raw, long... dims) {
    return initializer(tensor("w", type, raw, dims));
  }

  private static Arguments bad(String fault, Proto... fields) {
    return Arguments.of(fault, Proto.file(SIDE, fields));
  }

  // Large convolutions in a small file: the weights are made by Expand.
  private static Proto[] tooMuchWork() {
    return new Proto[] {
      node("Expand", "s d", "w"),
      node("Conv", "x w", "y", ints("pads", 32, 32, 32, 32)),
      zeros("s", 1, 1, 1, 1),
      whole("d", 1024, 3, 65, 65)
    };
  }

  @ParameterizedTest
  @MethodSource("broken")
  void refusesAFileWhoseGraphOrConstantsAreNotWhole(String fault, byte[] file) {
    String message = refusal(file);

    assertTrue(message.contains(fault), message);
    assertEquals(1, message.lines().count());
    assertTrue(message.chars().noneMatch(Character::isISOControl), message);
  }

  @Test
  void refusesGraphsThatAreNotTheOneOfAnImage() {
    Proto relu = node("Relu", "x", "y");
    Proto graph = Proto.graph(SIDE, relu);
    assertRefused("is not an ONNX file", new byte[0]);
    assertRefused(
        "is not an ONNX file", new Proto().message(7, graph).message(7, graph).bytes());
    assertRefused("is not an ONNX file", Arrays.copyOf(Proto.model(graph), 40));
    assertRefused(
        "functions", new Proto().message(7, graph).message(25, new Proto()).bytes());
    assertRefused("has the input shape [1, 3, 40000, 40000]", Proto.file(40_000, relu));
    assertRefused(
        "has the input shape [1, 3, 1099511627776, 1099511627776]", Proto.file(1L << 40, relu));
    assertRefused(
        "has 2 inputs", Proto.model(graph.message(11, Proto.value("z", Proto.FLOAT, 1, 3, 2, 2))));
    assertRefused(
        "has an input \"x\" of int64 (7) numbers, expected f32 or f16; export it in f32",
        Proto.model(new Proto()
            .message(11, Proto.value("x", Proto.INT64, 1, 3, SIDE, SIDE))
            .message(12, Proto.value("y", Proto.FLOAT, 1))));
    assertRefused(
        "has no output",
        Proto.model(new Proto().message(11, Proto.value("x", Proto.FLOAT, 1, 3, SIDE, SIDE))));
  }

  private static void assertRefused(String fault, byte[] file) {
    String message = refusal(file);
    assertTrue(message.contains(fault), message);
  }

  private static String refusal(byte[] file) {
    return assertThrows(
            InvalidInputException.class,
            () -> OnnxFile.read(write(file), "the network").outputs(SIDE, OnnxFile.FACE_WORK))
        .getMessage();
  }

  private static Path write(byte[] file) {
    try {
      return Files.write(folder.resolve("network.onnx"), file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void findsTheShapesThatOpenCvGives() {
    assertShape(new long[] {1, 8, 110, 110}, CONV, WEIGHTS);
    assertShape(
        new long[] {1, 8, 56, 56},
        WEIGHTS,
        node("Conv", "x w", "y", ints("pads", 1, 1, 1, 1), ints("strides", 2, 2)));
    assertShape(
        new long[] {1, 3, 38, 38},
        node(
            "MaxPool",
            "x",
            "y",
            ints("kernel_shape", 3, 3),
            ints("strides", 3, 3),
            number("ceil_mode", 1)));
    assertShape(new long[] {1, 3, 1, 1}, node("GlobalAveragePool", "x", "y"));
    assertShape(
        new long[] {1, 2, 224, 224},
        zeros("w", 3, 2, 2, 2),
        node("ConvTranspose", "x w", "y", ints("strides", 2, 2)));
    assertShape(new long[] {1, 37_632}, node("Flatten", "x", "y"));
    assertShape(
        new long[] {1, 3, 50, 20},
        whole("s", 10, 30),
        whole("e", 60, Long.MAX_VALUE),
        whole("a", 2, 3),
        whole("p", 1, 4),
        node("Slice", "x s e a", "z"),
        node("Slice", "z b f g p", "y"),
        whole("b", 0, 2),
        whole("f", 1000, 80),
        whole("g", 2, 3));
    assertShape(
        new long[] {1, 3, 56, 224},
        reals("s", 1, 1, 0.5f, 2),
        node("Resize", "x  s", "y", word("mode", "nearest")));
    assertShape(new long[] {1, 112, 112, 3}, node("Transpose", "x", "y", ints("perm", 0, 2, 3, 1)));
    // A shape that is calculated out of the image's, as PyTorch writes a view.
    assertShape(
        new long[] {1, 37_632},
        node("Shape", "x", "s"),
        whole("i", 0),
        node("Gather", "s i", "n"),
        whole("r", -1),
        node("Concat", "n r", "d", number("axis", 0)),
        node("Reshape", "x d", "y"));
  }

  private static void assertShape(long[] expected, Proto... fields) {
    OnnxFile file = OnnxFile.read(write(Proto.file(SIDE, fields)), "the network");
    assertArrayEquals(expected, file.outputs(SIDE, OnnxFile.FACE_WORK).get("y"));
    try (OpenCvNetwork network = OpenCvNetwork.open(file, SIDE, OnnxFile.FACE_WORK)) {
      assertEquals(
          Arrays.stream(expected).reduce(1, (a, b) -> a * b),
          network.forward(black(), true, 0, 1).length);
    }
  }

  @Test
  void runsALongChain() {
    Proto[] chain = IntStream.range(0, 4000)
        .mapToObj(i -> node("Relu", i == 0 ? "x" : "n" + i, i == 3999 ? "y" : "n" + (i + 1)))
        .toArray(Proto[]::new);
    assertShape(new long[] {1, 3, SIDE, SIDE}, chain);
  }

  @Test
  void opensRealNetworks() {
    for (String name : List.of("mobileface_v2_112", "quality_v2_bgr_10_out_tiny_112_45_128")) {
      OnnxFile file = OnnxFile.read(Material.at("faces/" + name + ".onnx"), "the network");
      OpenCvNetwork.openForFaces(file, SIDE).close();
    }
    YuNetDetector.open(Material.at("faces/yunet_n_320_320.onnx")).close();
    YuNetDetector.open(Material.at("faces/yunet_n_640_640.onnx")).close();
  }

  @Test
  void refusesADetectorWithSmallerOutputsThanOpenCvReads() throws IOException {
    byte[] file = Files.readAllBytes(Material.at("faces/yunet_n_320_320.onnx"));
    // Ten numbers of a cell become one.
    for (int i = 0; i < file.length - 5; i++) {
      String name = new String(file, i, 5, StandardCharsets.ISO_8859_1);
      if (name.equals("kps_8") || name.equals("cls_8")) {
        byte[] other = (name.equals("kps_8") ? "cls_8" : "kps_8").getBytes(StandardCharsets.UTF_8);
        System.arraycopy(other, 0, file, i, 5);
      }
    }
    Path path = write(file);
    assertThrows(InvalidInputException.class, () -> YuNetDetector.open(path));
  }

  @Test
  void refusesTheAttacksOnEmbedders() throws IOException {
    for (Path file : attacks()) {
      String message = assertThrows(
              InvalidInputException.class,
              () -> OnnxEmbedder.open(file, EmbedderSpec.SFACE, UsePolicy.COMMERCIAL),
              file.toString())
          .getMessage();
      assertTrue(message.contains(file.toString()) && message.lines().count() == 1, message);
    }
  }

  private static List<Path> attacks() throws IOException {
    Path cases = Material.at("..").resolve("cases/attacks").normalize();
    Assumptions.assumeTrue(Files.isDirectory(cases), "skipped: there is no " + cases);
    try (Stream<Path> files = Files.list(cases)) {
      return files.filter(file -> file.toString().endsWith(".onnx")).toList();
    }
  }

  private static RgbImage black() {
    return RgbImage.of(SIDE, SIDE, new byte[SIDE * SIDE * 3]);
  }
}
