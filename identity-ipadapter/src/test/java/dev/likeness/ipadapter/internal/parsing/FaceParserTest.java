package dev.likeness.ipadapter.internal.parsing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.Closeness;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.internal.file.KeyList;
import dev.likeness.diffusion.internal.file.Safetensors;
import dev.likeness.diffusion.internal.file.TensorSource;
import dev.likeness.diffusion.internal.memory.LoadedWeights;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.tensor.Compute;
import dev.likeness.ipadapter.internal.GoldenNetwork;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * A narrow BiSeNet that {@code tools/goldens/face_parsing.py} ran by facexlib's class and by
 * onnxruntime, and PuLID's image of a face's features.
 */
@ExtendWith(NoTensorLeaks.class)
class FaceParserTest {
  private static final String GOLDEN = "parsing/reference.safetensors";
  private static final int SIDE = 96;

  @TempDir
  private Path folder;

  private Path write(Consumer<Map<String, Tensor>> change) {
    return GoldenNetwork.write(
        GoldenNetwork.json("parsing/reference.json"),
        folder.resolve("bisenet.safetensors"),
        change);
  }

  /** OpenCV's first use leaves constants of its own behind. */
  @BeforeAll
  static void loadOpenCv() {
    Path file = GoldenResource.file("/golden/parsing/bisenet.onnx");
    FaceParser.open(file, SIDE, Compute.EXACT).close();
  }

  private static Tensor unit(Safetensors golden) {
    return golden.read("face").to(ScalarType.Float).div(new Scalar(255.0));
  }

  private static Tensor every(Tensor x, int step) {
    return x.slice(2, new LongOptional(), new LongOptional(), step)
        .slice(3, new LongOptional(), new LongOptional(), step);
  }

  @Test
  void parsesAsFacexlib() {
    try (TensorScope scope = TensorScope.open()) {
      assertParsesAsTheReference(write(tensors -> {}));
    }
  }

  @Test
  void parsesAnOnnxFileAsOnnxruntime() {
    assertParsesAsTheReference(GoldenResource.file("/golden/parsing/bisenet.onnx"));
  }

  private static void assertParsesAsTheReference(Path file) {
    try (TensorScope scope = TensorScope.open();
        Safetensors golden = GoldenNetwork.tensors(GOLDEN)) {
      try (FaceParser parser = FaceParser.open(file, SIDE, Compute.EXACT)) {
        Tensor face = unit(golden);
        Closeness.assertWithinSpread(
            1e-4, golden.read("logits"), every(parser.logits(face), 4), "logits");
        // Two labels may be equal to the last bit at the border of two parts.
        Tensor same = golden.read("labels").to(ScalarType.Long).eq(parser.labels(face));
        double share = same.to(ScalarType.Double).mean().item_double();
        assertTrue(share > 0.9995, "labels that are equal: " + share);
      }
    }
  }

  @Test
  void makesPulidsImageOfTheFaceFeatures() {
    try (TensorScope scope = TensorScope.open();
        Safetensors golden = GoldenNetwork.tensors(GOLDEN)) {
      Tensor labels = golden.read("labels").to(ScalarType.Long);
      Tensor white = FaceFeatureImage.of(unit(golden), labels);
      assertEquals(3, white.size(1));
      // One rounding of f32.
      Closeness.assertWithin(1e-6, golden.read("white"), white.narrow(1, 0, 1), "white");
      Closeness.assertWithin(0, white.narrow(1, 0, 1), white.narrow(1, 2, 1), "channels");
      Tensor small = FaceFeatureImage.resize(white, 56);
      Closeness.assertWithin(1e-5, golden.read("small"), small.narrow(1, 1, 1), "resized");
    }
  }

  @Test
  void enlargesWithoutWideningTheFilter() {
    try (TensorScope scope = TensorScope.open()) {
      Tensor flat = torch.ones(1, 3, 5, 7);
      Closeness.assertWithin(1e-6, torch.ones(1, 3, 12, 12), FaceFeatureImage.resize(flat, 12), "");
    }
  }

  @Test
  void mapsEveryKeyOfThePublishedNetwork() {
    KeyList keys = GoldenNetwork.published("bisenet");
    BiSeNet.Shape shape = BiSeNet.Shape.of(keys);
    assertEquals(new BiSeNet.Shape(64, 19), shape);
    TensorSource file = FaceParser.canonical(keys);
    try (LoadedWeights weights = new LoadedWeights(file, Compute.EXACT)) {
      weights.check(w -> new BiSeNet(w, 64, 19), Set.of());
    }
  }

  private void assertRefused(String message, Consumer<Map<String, Tensor>> change) {
    try (TensorScope scope = TensorScope.open()) {
      Path file = write(change);
      assertEquals(
          file + message,
          assertThrows(
                  InvalidInputException.class,
                  () -> FaceParser.open(file, SIDE, Compute.EXACT).close())
              .getMessage());
    }
  }

  @Test
  void namesWhatDoesNotFit() {
    assertRefused(
        ": no tensor \"cp.arm16.bn_atten.running_var\"; closest: cp.arm16.bn_atten.running_mean; "
            + "the model may be of a variant that is not supported, or the file and its config of"
            + " different models: use both files of one published model",
        tensors -> tensors.remove("cp.arm16.bn_atten.running_var"));
    assertRefused(
        " has tensors that belong to no module of its config (1, e.g. \"sp.conv1.weight\"); the"
            + " file and the config are of different models: use both files of one model",
        tensors -> tensors.put("sp.conv1.weight", torch.ones(2, 2)));
    assertRefused(
        ": \"conv_out16.conv_out.weight\" has shape [19, 5, 1, 1], expected [19, 4, 1, 1] by its"
            + " config; the file and the config are of different models: use both files of one model",
        tensors -> tensors.put("conv_out16.conv_out.weight", torch.ones(19, 5, 1, 1)));
    assertRefused(
        " has 11 labels, expected 19; give a BiSeNet with the labels of CelebAMask-HQ",
        tensors -> tensors.put("conv_out.conv_out.weight", torch.ones(11, 16, 1, 1)));
    assertRefused(
        ": the face parser (BiSeNet) has no usable tensor \"cp.resnet.conv1.weight\"; the file may"
            + " be of a kind that is not supported, or incomplete: give another file, or download it again",
        tensors -> tensors.remove("cp.resnet.conv1.weight"));
  }

  @Test
  void refusesAnOnnxFileForFacesOfAnotherSize() {
    Path file = GoldenResource.file("/golden/parsing/bisenet.onnx");
    assertEquals(
        "the face parser " + file + " takes faces of 96x96 pixels, expected 512x512; export it for"
            + " this size or for any size",
        assertThrows(
                InvalidInputException.class,
                () -> FaceParser.open(file, 512, Compute.EXACT).close())
            .getMessage());
  }
}
