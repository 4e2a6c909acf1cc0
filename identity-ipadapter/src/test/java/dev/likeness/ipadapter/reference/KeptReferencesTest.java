package dev.likeness.ipadapter.reference;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.golden.GoldenResource;
import dev.likeness.diffusion.internal.file.SafetensorsHeader;
import dev.likeness.ipadapter.reference.ReferenceEmbeddings.Grid;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

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

  static Stream<Arguments> damaged() {
    return Stream.of(
        face("a face embedding of length 2.000, expected 1", 2, 0, 0, 0.6f, 0.8f, 0),
        face("a face embedding of length 0.600, expected 1", 1, 0, 0, 0.6f, 0, 0),
        face("a face embedding of length 0.000, expected 1", 1, 0, 0, 0, 0, 0),
        face("a face embedding of length 1.414, expected 1", 1, 1, 0, 0.6f, 0.8f, 0),
        face("a face embedding of length 173.205, expected 1", 100, 100, 100, 1, 0, 0));
  }

  private static Arguments face(String fault, float... values) {
    return Arguments.of(fault, new Grid(values, 2, 1, 3));
  }

  @ParameterizedTest
  @MethodSource("damaged")
  void refusesFacesOfAnotherLength(String fault, Grid faces, @TempDir Path folder) {
    Path file = folder.resolve("kept.safetensors");
    new ReferenceEmbeddings(
            KEPT.image(), KEPT.unconditional(), Optional.of(faces), KEPT.weights(), KEPT.origin())
        .save(file);
    assertEquals(
        file + " has " + fault + "; make the file from images again",
        assertThrows(InvalidInputException.class, () -> ReferenceEmbeddings.open(file))
            .getMessage());
  }

  @Test
  void facesBeforeNormalisationMayHaveAnyLengthButZero(@TempDir Path folder) {
    Path file = folder.resolve("raw.safetensors");
    EmbeddingOrigin raw = new EmbeddingOrigin("", "ArcFace", "raw");
    for (float[] values : new float[][] {{20, 0, 0, 3, 4, 0}, {20, 0, 0, 0, 0, 0}}) {
      Optional<Grid> faces = Optional.of(new Grid(values, 2, 1, 3));
      new ReferenceEmbeddings(Optional.empty(), Optional.empty(), faces, List.of(1.0, 1.0), raw)
          .save(file);
      if (values[3] == 3) {
        assertEquals(2, ReferenceEmbeddings.open(file).count());
      } else {
        assertEquals(
            file + " has a face embedding of length 0.000, expected more than 0; make the file from"
                + " images again",
            assertThrows(InvalidInputException.class, () -> ReferenceEmbeddings.open(file))
                .getMessage());
      }
    }
  }

  @Test
  void refusesMoreReferencesThanAPersonHas(@TempDir Path folder) {
    Path file = folder.resolve("many.safetensors");
    for (int count : new int[] {1000, 1001, 9000}) {
      float[] values = new float[count];
      Arrays.fill(values, 1);
      new ReferenceEmbeddings(
              Optional.empty(),
              Optional.empty(),
              Optional.of(new Grid(values, count, 1, 1)),
              Collections.nCopies(count, 1.0),
              KEPT.origin())
          .save(file);
      if (count == 1000) {
        assertEquals(count, ReferenceEmbeddings.open(file).count());
      } else {
        assertEquals(
            file + " has " + count + " reference embeddings, expected at most 1000; make the file"
                + " from fewer images",
            assertThrows(InvalidInputException.class, () -> ReferenceEmbeddings.open(file))
                .getMessage());
      }
    }
  }

  @Test
  void isNotUsedWithAnotherRecogniser() {
    EmbeddingOrigin other = new EmbeddingOrigin("", "SFace", "");
    assertThrows(
        InvalidInputException.class,
        () -> ReferenceEmbeddings.open(FILE).origin().require("the adapter", other));
  }
}
