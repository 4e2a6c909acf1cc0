package dev.likeness.diffusion.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.SafetensorsWriter;
import dev.likeness.diffusion.internal.natives.NoTensorLeaks;
import dev.likeness.diffusion.internal.tensor.TensorScope;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
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
            + " has no textual inversion; expected emb_params, string_to_param, clip_l and clip_g, text_encoders_0 and"
            + " text_encoders_1, or one tensor named as its token",
        assertThrows(InvalidInputException.class, () -> TextualInversion.open(file))
            .getMessage());
  }
}
