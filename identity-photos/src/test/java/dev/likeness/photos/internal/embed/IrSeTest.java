package dev.likeness.photos.internal.embed;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenFolder;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.golden.SeededWeights;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.tensor.ImageTensors;
import dev.likeness.diffusion.internal.tensor.NoiseSource;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.photos.embed.EmbedderSpec;
import dev.likeness.photos.embed.UsePolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.pytorch.NoGradGuard;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A narrow IR-SE-50 of {@code tools/goldens/ir_se50.py}, compared with facexlib's class. */
class IrSeTest {
  @TempDir
  private Path folder;

  private static Map<String, Object> golden() throws IOException {
    return JSON.std.mapFrom(
        Files.readAllBytes(GoldenResource.file("/golden/ir-se50/reference.json")));
  }

  private Path write(Consumer<Map<String, Tensor>> change) throws IOException {
    Map<String, Object> golden = golden();
    Path file = folder.resolve("recognition_arcface_ir_se50.safetensors");
    Map<String, Tensor> tensors = new LinkedHashMap<>(SeededWeights.of(
        GoldenFolder.shapes((Map<?, ?>) golden.get("tensors")),
        ((Number) golden.get("seed")).longValue()));
    change.accept(tensors);
    SafetensorsWriter.write(file, tensors, Map.of());
    return file;
  }

  private static IResNetEmbedder open(Path file) {
    return IResNetEmbedder.open(file, EmbedderSpec.of(file), UsePolicy.NON_COMMERCIAL);
  }

  @Test
  void embedsAsFacexlib() throws IOException {
    Map<String, Object> golden = golden();
    List<?> seeds = (List<?>) golden.get("images");
    List<?> embeddings = (List<?>) golden.get("embeddings");
    try (TensorScope scope = TensorScope.open();
        IResNetEmbedder embedder = open(write(tensors -> {}));
        NoGradGuard guard = new NoGradGuard()) {
      assertTrue(embedder.isNormalized());
      for (int i = 0; i < seeds.size(); i++) {
        try (NoiseSource noise = NoiseSource.seeded(((Number) seeds.get(i)).longValue())) {
          Tensor bgr = noise
              .next(3, 112, 112)
              .clamp(new ScalarOptional(new Scalar(-1.0)), new ScalarOptional(new Scalar(1.0)));
          // InfiniteYou gives the network blue, green, red.
          float[] actual = ImageTensors.floats(embedder.features(bgr.flip(1)));
          List<?> expected = (List<?>) embeddings.get(i);
          assertEquals(expected.size(), actual.length);
          for (int k = 0; k < actual.length; k++) {
            assertEquals(((Number) expected.get(k)).doubleValue(), actual[k], 1e-5, i + " " + k);
          }
        }
      }
    }
  }

  @Test
  void isForResearchOnlyAndReadsBlueFirst() {
    EmbedderSpec spec = EmbedderSpec.of(Path.of("recognition_arcface_ir_se50.pth"));
    assertEquals("ArcFace IR-SE", spec.name());
    assertFalse(spec.rgb());
    assertThrows(InvalidInputException.class, () -> UsePolicy.COMMERCIAL.require(spec));
  }

  private void assertRefused(String fault, Consumer<Map<String, Tensor>> change)
      throws IOException {
    try (TensorScope scope = TensorScope.open()) {
      Path file = write(change);
      assertEquals(
          file + ": " + fault
              + "; give an IResNet of ArcFace's form, such as AuraFace's glintr100.onnx",
          assertThrows(InvalidInputException.class, () -> open(file)).getMessage());
    }
  }

  @Test
  void namesWhatDoesNotFit() throws IOException {
    assertRefused(
        "has no tensor body.3.res_layer.5.fc2.weight",
        tensors -> tensors.remove("body.3.res_layer.5.fc2.weight"));
    assertRefused(
        "has no tensor body.20.res_layer.2.weight",
        tensors -> tensors.remove("body.20.res_layer.2.weight"));
    assertRefused(
        "has tensors that an IResNet does not have, such as \"body.2.gate.weight\"",
        tensors -> tensors.put("body.2.gate.weight", torch.ones(2)));
    assertRefused(
        "block 4: fc1 has the shape [8, 15, 1, 1], expected [any, 16, 1, 1]",
        tensors -> tensors.put("body.3.res_layer.5.fc1.weight", torch.ones(8, 15, 1, 1)));
    assertRefused(
        "block 4: fc2 has the shape [16, 9, 1, 1], expected [16, 8, 1, 1]",
        tensors -> tensors.put("body.3.res_layer.5.fc2.weight", torch.ones(16, 9, 1, 1)));
    assertRefused(
        "output_layer.4.bias has the shape [63], expected [64]",
        tensors -> tensors.put("output_layer.4.bias", torch.ones(63)));
  }
}
