package dev.likeness.diffusion.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.file.pickle.CraftedPickle;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import dev.likeness.diffusion.internal.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

@ExtendWith(NoTensorLeaks.class)
class TextualInversionTest {
  private static final int VECTORS = 2;

  @TempDir
  private Path folder;

  private Path file(Map<String, Integer> widths) {
    Path file = folder.resolve("ada.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      Map<String, Tensor> tensors = new HashMap<>();
      widths.forEach((name, width) -> tensors.put(name, torch.ones(VECTORS, width)));
      SafetensorsWriter.write(file, tensors, Map.of());
    }
    return file;
  }

  private void assertOpens(String token, Set<Integer> widths, Map<String, Integer> tensors) {
    TextualInversion word = TextualInversion.open(file(tensors));
    assertEquals(token, word.token());
    assertEquals(widths, word.values().keySet());
    assertEquals(VECTORS, word.vectors());
  }

  @Test
  void readsATensorForEachTowerByEitherName() {
    assertOpens("ada", Set.of(768, 1280), Map.of("clip_l", 768, "clip_g", 1280));
    assertOpens("ada", Set.of(768, 1280), Map.of("text_encoders_0", 768, "text_encoders_1", 1280));
    assertOpens("ada", Set.of(1280, 768), Map.of("text_encoders_0", 1280, "text_encoders_1", 768));
    assertOpens("ada", Set.of(768), Map.of("text_encoders_0", 768));
    assertOpens("<ada>", Set.of(768), Map.of("<ada>", 768));
    assertOpens("<ada>", Set.of(768), Map.of("string_to_param.<ada>", 768));
  }

  @Test
  void refusesIntegersWithoutAScale() {
    Path file = folder.resolve("ada.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      for (ScalarType type :
          List.of(ScalarType.Char, ScalarType.Byte, ScalarType.Short, ScalarType.Long)) {
        Tensor whole = torch.ones(VECTORS, 768).to(type);
        SafetensorsWriter.write(file, Map.of("clip_l", whole), Map.of());
        assertEquals(
            file + ": tensor \"clip_l\" has type " + Tensors.dtype(whole)
                + " without a scale; expected floating-point numbers: download it again in f32,"
                + " bf16, f16 or float8",
            assertThrows(InvalidInputException.class, () -> TextualInversion.open(file))
                .getMessage());
      }
    }
  }

  @Test
  void appliesTheScaleOfEightBits() {
    Path file = folder.resolve("ada.safetensors");
    try (TensorScope scope = TensorScope.open()) {
      for (ScalarType type : List.of(ScalarType.Char, ScalarType.Float8_e4m3fn)) {
        SafetensorsWriter.write(
            file,
            Map.of(
                "clip_l", torch.full(new long[] {VECTORS, 768}, new Scalar(6)).to(type),
                "clip_l_scale", torch.full(new long[] {1}, new Scalar(0.5))),
            Map.of());
        assertEquals(3, TextualInversion.open(file).values().get(768)[7]);
      }
    }
  }

  @Test
  void refusesVectorsForT5() {
    for (Map<String, Integer> tensors : Set.of(
        Map.of("clip_l", 768, "t5", 4096),
        Map.of("text_encoders_0", 768, "text_encoders_1", 4096),
        Map.of("<ada>", 4096))) {
      Path file = file(tensors);
      String name = tensors.entrySet().stream()
          .filter(tensor -> tensor.getValue() == 4096)
          .findFirst()
          .orElseThrow()
          .getKey();
      assertEquals(
          file + " has embeddings for T5 (\"" + name
              + "\", of width 4096), which are not supported; give a textual inversion that was"
              + " trained with CLIP alone",
          assertThrows(InvalidInputException.class, () -> TextualInversion.open(file))
              .getMessage());
    }
  }

  @Test
  void namesTheTensorsThatItExpects() {
    Path file = file(Map.of("one", 768, "two", 768));
    assertEquals(
        file
            + " has no textual inversion; expected one of: emb_params, string_to_param, clip_l with"
            + " clip_g, text_encoders_0 with text_encoders_1, a single tensor named after its token",
        assertThrows(InvalidInputException.class, () -> TextualInversion.open(file))
            .getMessage());
  }

  /** A file of the web UI is called by its name there and, as in diffusers, by the name in it. */
  @Test
  void hasTheNameInTheFileToo() throws IOException {
    byte[] pickle = CraftedPickle.start()
        .raw("}(")
        .text("string_to_param")
        .raw("}(")
        .text("*")
        .tensor("0", 4, 0, new long[] {2, 2}, new long[] {2, 1})
        .raw("u")
        .text("name")
        .text("ada\u001b[1m")
        .raw("u")
        .stop();
    Path file = Files.move(CraftedPickle.zip(folder, pickle, 4), folder.resolve("style.pt"));
    List<TextualInversion> named = TextualInversion.openWithAllNames(file);
    assertEquals(
        List.of("style", "ada\u001b[1m"),
        named.stream().map(TextualInversion::token).toList());
    assertEquals(named.get(0), named.get(1).withToken("style"));
    assertEquals("style", TextualInversion.open(file).token());
    assertTrue(named.get(1).forWidth(2).length == 4);
    String message = assertThrows(
            InvalidInputException.class, () -> named.get(1).forWidth(3))
        .getMessage();
    assertTrue(message.startsWith("the textual inversion \"ada\\u001b[1m\" has vectors"), message);
  }

  @Test
  void refusesNumbersThatAreNotFinite() {
    for (double value : new double[] {Double.NaN, Double.POSITIVE_INFINITY}) {
      Path file = folder.resolve("ada.safetensors");
      try (TensorScope scope = TensorScope.open()) {
        Tensor vectors = torch.ones(VECTORS, 768);
        vectors.select(0, 1).narrow(0, 3, 1).fill_(new Scalar(value));
        SafetensorsWriter.write(file, Map.of("emb_params", vectors), Map.of());
      }
      assertEquals(
          file + ": tensor \"emb_params\" has values that are NaN or infinite; the file is damaged,"
              + " or its training failed: download it again, or use an earlier state of the"
              + " training",
          assertThrows(InvalidInputException.class, () -> TextualInversion.open(file))
              .getMessage());
    }
  }

  @Test
  void refusesShapesOfNoTextEncoder() {
    for (Map<String, long[]> shapes : List.of(
        Map.of("<ada>", new long[] {}),
        Map.of("<ada>", new long[] {0}),
        Map.of("<ada>", new long[] {0, 0}),
        Map.of("<ada>", new long[] {0, 1L << 40}),
        Map.of("<ada>", new long[] {1, 10_000}),
        Map.of("<ada>", new long[] {2_000, 8}),
        Map.of("<ada>", new long[] {1, 1, 8}),
        Map.of("", new long[] {1, 8}),
        Map.of("emb_params", new long[] {0, 64}),
        Map.of("text_encoders_0", new long[] {0, 1L << 33}),
        Map.of("string_to_param.x", new long[] {1, 1, 1}),
        Map.of("clip_l", new long[] {2, 64}, "clip_g", new long[] {3, 128}),
        Map.of("clip_l", new long[] {2, 64}, "clip_g", new long[] {2, 64}))) {
      Path file = folder.resolve("ada.safetensors");
      try (TensorScope scope = TensorScope.open()) {
        Map<String, Tensor> tensors = new HashMap<>();
        shapes.forEach((name, shape) -> tensors.put(name, torch.ones(shape)));
        SafetensorsWriter.write(file, tensors, Map.of());
      }
      String message = assertThrows(InvalidInputException.class, () -> TextualInversion.open(file))
          .getMessage();
      assertTrue(message.startsWith(file.toString()), message);
    }
  }

  @Test
  void refusesAWidthOfZeroFromPrograms() {
    assertThrows(
        IllegalArgumentException.class, () -> new TextualInversion("ada", Map.of(0, new float[0])));
  }
}
