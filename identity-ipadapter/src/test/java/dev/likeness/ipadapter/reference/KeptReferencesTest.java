package dev.likeness.ipadapter.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings.Grid;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Files of reference embeddings that were written by earlier versions open as they were. */
class KeptReferencesTest {
  private static final Path FILE =
      GoldenResource.file("/dev/likeness/ipadapter/reference/kept.safetensors");
  private static final ReferenceEmbeddings KEPT = new ReferenceEmbeddings(
      Optional.of(new Grid(new float[] {1, 2, 3, -1, -2, -3}, 2, 1, 3)),
      Optional.of(new Grid(new float[] {0, 0.5f, 0}, 1, 1, 3)),
      Optional.of(new Grid(new float[] {1, 0, 0, 0.6f, 0.8f, 0}, 2, 1, 3)),
      List.of(1.0, 0.5),
      new EmbeddingOrigin("0123456789abcdef", "ArcFace", "unit"));

  @Test
  void opensAsItWasWritten() {
    assertEquals(KEPT, ReferenceEmbeddings.open(FILE));
  }

  @Test
  void hasTheKeysThatOtherVersionsRead() {
    assertEquals(
        Map.of(
            "likeness.kind",
            "reference embeddings",
            "likeness.encoder",
            "0123456789abcdef",
            "likeness.recogniser",
            "ArcFace",
            "likeness.length",
            "unit",
            "likeness.class_word",
            "woman"),
        SafetensorsHeader.read(FILE).metadata());
  }

  @Test
  void isNotUsedWithAnotherRecogniser() {
    EmbeddingOrigin other = new EmbeddingOrigin("", "SFace", "");
    assertThrows(
        InvalidInputException.class,
        () -> ReferenceEmbeddings.open(FILE).origin().require("the adapter", other));
  }
}
