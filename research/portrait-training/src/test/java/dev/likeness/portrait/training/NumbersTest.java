package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.portrait.making.MakePortrait;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NumbersTest {
  @Test
  void saysWhichNumberIsNone() {
    assertEquals("steps=many; give a whole number", refused("steps=many"));
    assertEquals("rate=fast; give a number", refused("rate=fast"));
    assertEquals("seed=1e9; give a whole number", refused("seed=1e9"));
  }

  @Test
  void learnsFromNobodyWhomAnotherNetworkKnows() {
    String told =
        "seed=499999000 images=900 candidates=2; give an image or more of people below 500000000: those from"
            + " there on are whom"
            + " embedders, readers and classifiers know, or nobody";
    assertEquals(told, refused("seed=499999000", "pictures=900", "candidates=2"));
    assertEquals(
        500,
        Numbers.of(List.of("seed=499999000", "pictures=500", "candidates=2")).images());
    refused("pictures=0");
    refused("seed=-1");
  }

  /** Seeds of faces are few, those of renders are not. */
  @Test
  void aStageThatIsNotAskedForRefusesNothing(@TempDir Path work) {
    String faces = assertThrows(IllegalArgumentException.class, () -> make(work, "stages=embedder"))
        .getMessage();
    assertEquals(
        "a seed of faces is 0 to 199, given 1200001: the people of others are used for something else",
        faces);
    String evaluation = assertThrows(RuntimeException.class, () -> make(work, "stages=evaluation"))
        .getMessage();
    assertFalse(evaluation.contains("seed"), evaluation);
  }

  private static void make(Path work, String stages) {
    MakePortrait.main(new String[] {work.toString(), work.toString(), "c", stages, "seed=1200001"});
  }

  private static String refused(String... pairs) {
    return assertThrows(IllegalArgumentException.class, () -> Numbers.of(List.of(pairs)))
        .getMessage();
  }
}
