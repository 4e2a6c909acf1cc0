package dev.likeness.photos.internal.embed;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.photos.embed.EmbedderSpec;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.embed.OnnxEmbedder;
import dev.likeness.photos.embed.UsePolicy;
import dev.likeness.photos.face.BoundingBox;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.HeadPose;
import dev.likeness.photos.internal.embed.IResNetExport.Step;
import dev.likeness.photos.internal.onnx.Proto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The same IResNet as different exporters write it gives the same embedding, by OpenCV and with
 * gradients. Files whose numbers are damaged are refused when they are opened.
 */
class IResNetExportsTest {
  private static final RgbImage IMAGE = noise();
  private static final Face FACE = new Face(
      new BoundingBox(20, 20, 80, 80), 1, HeadPose.FRONTAL, Optional.empty(), Optional.empty());
  private static final int FLAT = 196;

  @TempDir
  private Path folder;

  private static IResNetExport plain() {
    return new IResNetExport();
  }

  private static Arguments export(String name, Function<IResNetExport, IResNetExport> change) {
    return Arguments.of(name, change.apply(plain()).bytes());
  }

  static Stream<Arguments> exports() {
    return Stream.of(
        export("as it is", e -> e),
        // Constants behind other nodes.
        export(
            "a slope behind Unsqueeze",
            e -> e.weight("s", e.weights.get("slope").values(), 4)
                .whole("axes", 1, 2)
                .change(x -> x.steps.add(0, Step.of("Unsqueeze", "s axes", "slope")))
                .change(x -> x.weights.remove("slope"))),
        export(
            "a slope behind Reshape",
            e -> e.weight("s", e.weights.get("slope").values(), 2, 2)
                .whole("shape", 4, 1, 1)
                .change(x -> x.steps.add(0, Step.of("Reshape", "s shape", "slope")))
                .change(x -> x.weights.remove("slope"))),
        export(
            "a bias behind two Identities",
            e -> e.instead("bias", "other").change(x -> {
              x.steps.add(0, Step.of("Identity", "bias", "one"));
              x.steps.add(1, Step.of("Identity", "one", "other"));
            })),
        export(
            "a norm's tensors behind Identity",
            e -> e.instead("n_v", "v")
                .instead("n_m", "m")
                .change(x -> x.steps.add(0, Step.of("Identity", "n_v", "v")))
                .change(x -> x.steps.add(0, Step.of("Identity", "n_m", "m")))),
        export(
            "a matrix behind Transpose",
            e -> e.weight("t", transposed(e.weights.get("fc").values()), FLAT, IResNetExport.SIZE)
                .change(
                    x -> x.steps.add(0, Step.of("Transpose", "t", "fc", Proto.ints("perm", 1, 0))))
                .change(x -> x.weights.remove("fc"))),
        export(
            "a product and a sum",
            e -> e.weight("fc", transposed(e.weights.get("fc").values()), FLAT, IResNetExport.SIZE)
                .replace("g", Step.of("MatMul", "flat fc", "m"), Step.of("Add", "bias m", "g"))),
        export(
            "a weight in a node",
            e -> e.change(x -> x.steps.add(0, Step.of("Constant", "", "slope", inNode(x, "slope"))))
                .change(x -> x.weights.remove("slope"))),
        export("initialisers among the inputs", IResNetExport::declared),
        // The input.
        export("an open batch", e -> e.image(-1, 3, 112, 112)),
        export("an open height and width", e -> e.image(1, 3, -1, -1)),
        export("four open dimensions", e -> e.image(-1, -1, -1, -1)),
        export("an open width", e -> e.image(1, 3, 112, -1)),
        export(
            "an open height and initialisers among the inputs",
            e -> e.image(-1, 3, -1, 112).declared()),
        // Flattening.
        export(
            "Reshape",
            e -> e.replace("flat", Step.of("Reshape", "n shape", "flat")).whole("shape", 1, -1)),
        export(
            "Reshape that keeps the batch",
            e -> e.replace("flat", Step.of("Reshape", "n shape", "flat")).whole("shape", 0, -1)),
        export(
            "Reshape to a computed shape",
            e -> e.whole("first", 0)
                .whole("rest", -1)
                .replace(
                    "flat",
                    Step.of("Shape", "n", "dims"),
                    Step.of("Gather", "dims first", "batch"),
                    Step.of("Concat", "batch rest", "shape", Proto.number("axis", 0)),
                    Step.of("Reshape", "n shape", "flat"))),
        export(
            "Flatten with an axis from the end",
            e -> e.replace("flat", Step.of("Flatten", "n", "flat", Proto.number("axis", -3)))),
        // Nodes that change nothing.
        export("Identity before Flatten", e -> e.instead("n", "i", Step.of("Identity", "n", "i"))),
        export("Dropout", e -> e.instead("flat", "d", Step.of("Dropout", "flat", "d"))),
        export("Identity in a block", e -> e.instead("b1d", "i", Step.of("Identity", "b1d", "i"))),
        export("Identity at the end", e -> e.tail(Step.of("Identity", "raw", "y"))),
        export("2,000 Identities", e -> identities(e, 2000)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("exports")
  void theSameNetworkGivesTheSameEmbedding(String name, byte[] file) throws IOException {
    float[] expected = raw(plain().bytes(), true);
    // Both compute the same sums in another order.
    assertArrayEquals(expected, raw(file, true), 2e-4f);
    assertArrayEquals(expected, raw(file, false), 2e-4f);
  }

  @Test
  void saysWhatOpenCvCannotRun() throws IOException {
    IResNetExport export = plain();
    export
        .weight("s", export.weights.get("slope").values(), 1, 4, 1, 1)
        .whole("axes", 0)
        .change(x -> x.steps.add(0, Step.of("Squeeze", "s axes", "slope")))
        .change(x -> x.weights.remove("slope"));
    assertArrayEquals(raw(plain().bytes(), true), raw(export.bytes(), false), 2e-4f);
    Path path = Files.write(folder.resolve("arcface.onnx"), export.bytes());
    assertEquals(
        "the face embedder " + path + " has what OpenCV cannot run: the operation Squeeze in this"
            + " form; export it with folded constants and opset 12",
        refusal(() -> OnnxEmbedder.open(path, EmbedderSpec.ARCFACE, UsePolicy.NON_COMMERCIAL)));
  }

  /** Since opset 5 the shape is an input. onnxruntime refuses such a file, too. */
  @Test
  void refusesAReshapeWithoutItsShape() throws IOException {
    for (Step step : List.of(
        Step.of("Reshape", "n", "flat", Proto.ints("shape", 1, -1)),
        Step.of("Reshape", "n", "flat"),
        Step.of("Reshape", "n shape shape", "flat"))) {
      byte[] file = plain().replace("flat", step).whole("shape", 1, -1).bytes();
      Path path = Files.write(folder.resolve("arcface.onnx"), file);
      String said = refusal(() -> DifferentiableEmbedder.open(path, UsePolicy.NON_COMMERCIAL));
      assertTrue(said.contains(path.toString()), said);
      assertTrue(said.contains("Reshape"), said);
    }
  }

  @Test
  void f16WeightsComputeInF32() throws IOException {
    float[] expected = unit(raw(plain().bytes(), true));
    byte[] file = plain().half().bytes();
    byte[] declared = plain().half().declared().image(1, 3, -1, -1).bytes();
    for (byte[] one : List.of(file, declared)) {
      for (boolean opencv : new boolean[] {true, false}) {
        // f16 weights have a relative error of 2^-10.
        assertEquals(1, FaceEmbedder.cosine(expected, unit(raw(one, opencv))), 1e-4);
      }
      // Both read the same numbers.
      assertArrayEquals(raw(one, true), raw(one, false), 2e-4f);
    }
  }

  static Stream<Arguments> halves() {
    return Stream.of(0f, 1f, -2f, 0.333251953125f, 65504f, 6.103515625e-5f, -1023.5f)
        .map(value -> Arguments.of(value, IResNetExport.toHalf(value)));
  }

  @ParameterizedTest
  @MethodSource("halves")
  void f16NumbersAreReadExactly(float value, short bits) throws IOException {
    IResNetExport export = plain().half();
    export.weights.get("bias").values()[0] = value;
    Path file = Files.write(folder.resolve("arcface.onnx"), export.bytes());
    float[] read = dev.likeness.photos.internal.onnx.OnnxFile.read(file, "the network")
        .graph()
        .constants()
        .get("bias")
        .floats()
        .orElseThrow();
    assertEquals(value, read[0]);
  }

  static Stream<Arguments> tails() {
    Step norm = Step.of("ReduceL2", "raw", "l", Proto.ints("axes", 1), Proto.number("keepdims", 1));
    Step last =
        Step.of("ReduceL2", "raw", "l", Proto.ints("axes", -1), Proto.number("keepdims", 1));
    Step divided = Step.of("Div", "raw l", "y");
    Step bounded = Step.of("Div", "raw b", "y");
    Step sum = Step.of("ReduceSum", "q axes", "r", Proto.number("keepdims", 1));
    return Stream.of(
        export("a division by its norm", e -> e.tail(norm, divided)),
        export("a norm over the last axis", e -> e.tail(last, divided)),
        export(
            "LpNormalization",
            e -> e.tail(Step.of(
                "LpNormalization", "raw", "y", Proto.number("axis", 1), Proto.number("p", 2)))),
        export("LpNormalization by default", e -> e.tail(Step.of("LpNormalization", "raw", "y"))),
        export(
            "a norm with a bound",
            e -> e.weight("least", new float[] {1e-12f})
                .tail(norm, Step.of("Clip", "l least", "b"), bounded)),
        export(
            "a norm with an expanded bound",
            e -> e.weight("least", new float[] {1e-12f})
                .whole("size", 1, IResNetExport.SIZE)
                .tail(
                    norm,
                    Step.of("Clip", "l least", "k"),
                    Step.of("Expand", "k size", "b"),
                    bounded)),
        export(
            "a norm and a small number",
            e -> e.weight("eps", new float[] {1e-10f}, 1)
                .tail(norm, Step.of("Add", "l eps", "b"), bounded)),
        export(
            "the larger of two",
            e -> e.weight("eps", new float[] {1e-10f}, 1)
                .tail(norm, Step.of("Max", "eps l", "b"), bounded)),
        export(
            "the root of a sum of products",
            e -> e.whole("axes", 1)
                .tail(Step.of("Mul", "raw raw", "q"), sum, Step.of("Sqrt", "r", "l"), divided)),
        export(
            "the root of a sum of powers",
            e -> e.whole("axes", 1)
                .weight("two", new float[] {2}, 1)
                .tail(Step.of("Pow", "raw two", "q"), sum, Step.of("Sqrt", "r", "l"), divided)),
        export(
            "the root of a sum of squares",
            e -> e.tail(
                Step.of("ReduceSumSquare", "raw", "r", Proto.ints("axes", 1)),
                Step.of("Sqrt", "r", "l"),
                divided)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("tails")
  void aNetworkMayDivideItsEmbeddingByItsLength(String name, byte[] file) throws IOException {
    float[] expected = unit(raw(plain().bytes(), true));
    Path path = Files.write(folder.resolve("arcface.onnx"), file);
    try (DifferentiableEmbedder embedder = open(path)) {
      assertArrayEquals(expected, embedder.embed(IMAGE, FACE), 2e-5f);
      assertEquals(
          NORMALISED,
          refusal(() -> embedder.embedRaw(IMAGE, FACE)).replaceFirst(" [0-9a-f]{8} ", " "));
    }
    try (OnnxEmbedder embedder =
        OnnxEmbedder.open(path, EmbedderSpec.ARCFACE, UsePolicy.NON_COMMERCIAL)) {
      assertArrayEquals(expected, embedder.embed(IMAGE, FACE), 2e-5f);
      assertEquals(
          NORMALISED,
          refusal(() -> embedder.embedRaw(IMAGE, FACE)).replaceFirst(" [0-9a-f]{8} ", " "));
    }
  }

  private static final String NORMALISED = "the face embedder ArcFace returns only normalised"
      + " vectors, but the adapter was trained on vectors before normalisation; use the embedder"
      + " that the adapter was trained with";

  static Stream<Arguments> otherTails() {
    Step norm = Step.of("ReduceL2", "raw", "l", Proto.ints("axes", 1), Proto.number("keepdims", 1));
    return Stream.of(
        export(
            "another norm",
            e -> e.tail(Step.of("LpNormalization", "raw", "y", Proto.number("p", 1)))),
        export(
            "the norm of all axes",
            e -> e.tail(
                Step.of("ReduceMean", "raw", "l", Proto.ints("axes", 1)),
                Step.of("Div", "raw l", "y"))),
        export(
            "a norm bounded from above",
            e -> e.weight("least", new float[] {1e-12f})
                .weight("most", new float[] {2})
                .tail(norm, Step.of("Clip", "l least most", "b"), Step.of("Div", "raw b", "y"))),
        export("a number over the embedding", e -> e.tail(norm, Step.of("Div", "l raw", "y"))),
        export(
            "a cubic root",
            e -> e.weight("third", new float[] {1 / 3f}, 1)
                .tail(
                    Step.of("ReduceSumSquare", "raw", "r", Proto.ints("axes", 1)),
                    Step.of("Pow", "r third", "l"),
                    Step.of("Div", "raw l", "y"))),
        export("an activation", e -> e.tail(Step.of("Sigmoid", "raw", "y"))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("otherTails")
  void refusesOtherTailsByTheirNode(String name, byte[] file) throws IOException {
    Path path = Files.write(folder.resolve("arcface.onnx"), file);
    String message = refusal(() -> open(path).close());
    assertTrue(
        message.startsWith("the face embedder " + path + ": ")
            && message.endsWith(
                "; give an IResNet of ArcFace's form, such as AuraFace's glintr100.onnx"),
        message);
  }

  static Stream<Arguments> scalings() {
    return Stream.of(
        scaling("Sub 127.5", "Mul 0.00784313725"),
        scaling("Sub 127.5", "Div 127.5"),
        scaling("Mul 0.00784313725", "Sub 1"),
        scaling("Div 127.5", "Add -1"),
        scaling("Add -127.5", "Div 127.5"));
  }

  private static Arguments scaling(String... operations) {
    IResNetExport export = plain();
    String value = "x";
    Step[] steps = new Step[operations.length];
    for (int i = 0; i < operations.length; i++) {
      String[] words = operations[i].split(" ");
      export.weight("k" + i, new float[] {Float.parseFloat(words[1])});
      steps[i] = Step.of(words[0], value + " k" + i, "scaled" + i);
      value = "scaled" + i;
    }
    export.instead("x", value);
    export.steps.addAll(0, List.of(steps));
    return Arguments.of(String.join(", ", operations), export.bytes());
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("scalings")
  void aNetworkMayScaleItsPixels(String name, byte[] file) throws IOException {
    float[] expected = raw(plain().bytes(), true);
    assertArrayEquals(expected, raw(file, true), 1e-3f);
    assertArrayEquals(expected, raw(file, false), 1e-3f);
  }

  @Test
  void aChainOfAThousandsOfNodesIsFollowed() throws IOException {
    Path path =
        Files.write(folder.resolve("arcface.onnx"), identities(plain(), 8100).bytes());
    try (DifferentiableEmbedder embedder = open(path)) {
      assertEquals(IResNetExport.SIZE, embedder.embeddingSize());
    }
    IResNetExport dropouts = plain();
    IResNetExport constants = plain();
    dropouts.instead("flat", "d4000", chain("Dropout", "flat", "d", 4000));
    constants.instead("slope", "c4000");
    constants.steps.addAll(0, List.of(chain("Identity", "slope", "c", 4000)));
    for (IResNetExport export : List.of(dropouts, constants)) {
      Files.write(path, export.bytes());
      open(path).close();
    }
  }

  private static IResNetExport identities(IResNetExport export, int count) {
    return export.instead("n", "i" + count, chain("Identity", "n", "i", count));
  }

  private static Step[] chain(String operation, String from, String to, int count) {
    Step[] steps = new Step[count];
    for (int i = 0; i < count; i++) {
      steps[i] = Step.of(operation, i == 0 ? from : to + i, to + (i + 1));
    }
    return steps;
  }

  /** A Reshape that flattens has the shape in an attribute until opset 5. */
  @Test
  void readsAReshapeWithAnAttribute() throws IOException {
    byte[] file = plain()
        .replace("flat", Step.of("Reshape", "n", "flat", Proto.ints("shape", 1, FLAT)))
        .opset(4)
        .bytes();
    assertArrayEquals(raw(plain().bytes(), true), raw(file, false), 2e-4f);
    for (long[] shape : new long[][] {{FLAT}, {4, 49}, {1, FLAT, 1}, {2, FLAT / 2}, {1, 1, FLAT}}) {
      Path path = Files.write(
          folder.resolve("arcface.onnx"),
          plain()
              .replace("flat", Step.of("Reshape", "n", "flat", Proto.ints("shape", shape)))
              .opset(4)
              .bytes());
      String message = refusal(() -> open(path).close());
      assertTrue(message.startsWith("the face embedder " + path), message);
    }
  }

  static Stream<Arguments> damaged() {
    String variance = ": node BatchNormalization \"BatchNormalizationn\" has a variance that is"
        + " negative, expected at least 0; download the file again";
    String overflow = " has weights that overflow f32 when its batch norms are folded, because they"
        + " are damaged; download the file again";
    String returned = " returns vectors or gradients that are NaN, infinite or zero, because its"
        + " weights are damaged; download the file again";
    String epsilon = " has an attribute \"epsilon\" of the node BatchNormalization"
        + " \"BatchNormalization0\" that is NaN or infinite; download the file again, or export it"
        + " with other settings";
    return Stream.of(
        damage("a negative variance", variance, e -> fill(e, "n_v", -1)),
        damage("a variance of zero less", variance, e -> fill(e, "n_v", -1e-5f)),
        damage("one negative variance", variance, e -> e.weights.get("n_v").values()[2] = -3),
        damage("a scale that overflows", overflow, e -> {
          fill(e, "n_v", 0);
          fill(e, "n_w", 3e38f);
        }),
        damage("a matrix that overflows", overflow, e -> {
          fill(e, "fc", 1e30f);
          fill(e, "y_w", 1e30f);
        }),
        damage("a convolution that overflows", overflow, e -> {
          fill(e, "b0dw", -1e30f);
          fill(e, "b0e_w", 1e30f);
        }),
        damage("a bias that overflows", overflow, e -> {
          fill(e, "bias", 1e20f);
          fill(e, "y_w", 1e20f);
        }),
        damage("features that overflow", returned, e -> {
          fill(e, "cw", 3e38f);
          fill(e, "b0cw", 3e38f);
        }),
        damage("features of zero", returned, e -> {
          fill(e, "y_w", 0);
          fill(e, "y_b", 0);
        }),
        damage("features that are always the same", returned, e -> fill(e, "fc", 0)),
        damage("an epsilon of NaN", epsilon, e -> epsilon(e, Float.NaN)),
        damage("an infinite epsilon", epsilon, e -> epsilon(e, Float.POSITIVE_INFINITY)));
  }

  private static Arguments damage(String name, String message, Consumer<IResNetExport> change) {
    return Arguments.of(name, message, plain().change(change).bytes());
  }

  private static void fill(IResNetExport export, String name, float value) {
    Arrays.fill(export.weights.get(name).values(), value);
  }

  private static void epsilon(IResNetExport export, float value) {
    byte[] four =
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putFloat(value).array();
    export.replace(
        "y",
        Step.of(
            "BatchNormalization",
            "g y_w y_b y_m y_v",
            "y",
            new Proto().text(1, "epsilon").fixed32(2, four).number(20, 1)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("damaged")
  void refusesDamagedNumbersWhenAFileIsOpened(String name, String message, byte[] file)
      throws IOException {
    Path path = Files.write(folder.resolve("arcface.onnx"), file);
    assertEquals("the face embedder " + path + message, refusal(() -> open(path).close()));
  }

  @Test
  void refusesDamagedTensorsWithArcFacesNames() throws Exception {
    assertDamaged("bn2.running_var", -2, "bn2 has a variance that is negative");
    assertDamaged("layer1.0.bn1.running_var", -1, "layer1.0.bn1 has a variance that is negative");
    assertDamaged("features.running_var", -0.5, "features has a variance that is negative");
    assertDamaged("fc.weight", 0, "returns vectors or gradients that are NaN, infinite or zero");
    assertDamaged("conv1.weight", 3e38, "are damaged; download the file again");
    assertDamaged("features.weight", 3e38, "are damaged; download the file again");
  }

  private void assertDamaged(String tensor, double value, String fault) throws Exception {
    Path golden = Path.of(IResNetExportsTest.class
        .getResource("/golden/iresnet/backbone.safetensors")
        .toURI());
    Path file = folder.resolve("arcface.safetensors");
    try (TensorScope scope = TensorScope.open();
        Safetensors source = Safetensors.open(golden)) {
      Map<String, Tensor> tensors = new LinkedHashMap<>();
      source.names().forEach(name -> tensors.put(name, source.read(name)));
      tensors.put(tensor, torch.full_like(tensors.get(tensor), new Scalar(value)));
      SafetensorsWriter.write(file, tensors, Map.of());
    }
    String message = refusal(() -> open(file).close());
    assertTrue(message.contains(fault) && message.contains(file.toString()), message);
  }

  static Stream<Arguments> otherTypes() {
    Step quantized = Step.of("DequantizeLinear", "flat", "q");
    return Stream.of(
        Arguments.of(
            "has a tensor \"slope\" of type bf16 (16), which is not supported; export it in f32",
            typed(16, 2)),
        Arguments.of(
            "has a tensor \"slope\" of type float8e4m3fn (17), which is not supported; export it in"
                + " f32",
            typed(17, 1)),
        Arguments.of(
            "has a tensor \"slope\" of type uint16 (4), which is not supported; export it in f32",
            typed(4, 2)),
        Arguments.of(
            ": node Cast \"Castq\" casts to bf16 (16), which is not supported; export it in f32",
            plain()
                .instead("flat", "q", Step.of("Cast", "flat", "q", Proto.number("to", 16)))
                .bytes()),
        Arguments.of(
            ": node DequantizeLinear \"DequantizeLinearq\" computes with quantised numbers; export it"
                + " in f32",
            plain().instead("flat", "q", quantized).bytes()));
  }

  private static byte[] typed(int type, int width) {
    IResNetExport export = plain();
    export.weights.remove("slope");
    export.others.add(Proto.initializer(Proto.tensor("slope", type, new byte[4 * width], 4, 1, 1)));
    return export.bytes();
  }

  @ParameterizedTest
  @MethodSource("otherTypes")
  void namesTypesThatAreNotRead(String message, byte[] file) throws IOException {
    Path path = Files.write(folder.resolve("arcface.onnx"), file);
    String expected = "the face embedder " + path + (message.startsWith(":") ? "" : " ") + message;
    assertEquals(expected, refusal(() -> open(path).close()));
    assertEquals(
        expected,
        refusal(() -> OnnxEmbedder.open(path, EmbedderSpec.ARCFACE, UsePolicy.NON_COMMERCIAL)
            .close()));
  }

  @Test
  void refusesDropoutInTrainingMode() throws IOException {
    IResNetExport export = plain();
    export.others.add(Proto.initializer(Proto.tensor("ratio", 1, new byte[4])));
    export.others.add(Proto.initializer(Proto.tensor("training", 9, new byte[] {1})));
    export.instead("flat", "d", Step.of("Dropout", "flat ratio training", "d"));
    Path path = Files.write(folder.resolve("arcface.onnx"), export.bytes());
    assertEquals(
        "the face embedder " + path + ": node Dropout \"Dropoutd\" is in training mode; give an"
            + " IResNet of ArcFace's form, such as AuraFace's glintr100.onnx",
        refusal(() -> open(path).close()));
  }

  private static DifferentiableEmbedder open(Path file) {
    return IResNetEmbedder.open(file, EmbedderSpec.ARCFACE, UsePolicy.NON_COMMERCIAL);
  }

  private float[] raw(byte[] file, boolean opencv) throws IOException {
    Path path = Files.write(folder.resolve("arcface-raw.onnx"), file);
    try (FaceEmbedder embedder = opencv
        ? OnnxEmbedder.open(path, EmbedderSpec.ARCFACE, UsePolicy.NON_COMMERCIAL)
        : open(path)) {
      return embedder.embedRaw(IMAGE, FACE);
    }
  }

  private static float[] unit(float[] vector) {
    double square = 0;
    for (float number : vector) {
      square += (double) number * number;
    }
    float[] unit = vector.clone();
    for (int i = 0; i < unit.length; i++) {
      unit[i] /= (float) Math.sqrt(square);
    }
    return unit;
  }

  private static float[] transposed(float[] matrix) {
    float[] out = new float[matrix.length];
    for (int i = 0; i < matrix.length; i++) {
      out[i % FLAT * IResNetExport.SIZE + i / FLAT] = matrix[i];
    }
    return out;
  }

  private static Proto inNode(IResNetExport export, String name) {
    IResNetExport.Weight weight = export.weights.get(name);
    ByteBuffer raw = ByteBuffer.allocate(4 * weight.values().length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : weight.values()) {
      raw.putFloat(value);
    }
    return new Proto()
        .text(1, "value")
        .message(5, Proto.tensor("", 1, raw.array(), weight.dims()))
        .number(20, 4);
  }

  private static String refusal(Runnable action) {
    return assertThrows(InvalidInputException.class, action::run).getMessage();
  }

  private static RgbImage noise() {
    byte[] bytes = new byte[120 * 120 * 3];
    new Random(5).nextBytes(bytes);
    return RgbImage.of(120, 120, bytes);
  }
}
