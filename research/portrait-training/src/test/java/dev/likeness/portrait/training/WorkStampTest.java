package dev.likeness.portrait.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.portrait.PortraitModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

class WorkStampTest {
  @TempDir
  private Path work;

  @Test
  void goesOnOnlyInAFolderOfTheSame() {
    WorkStamp.require(work, "seed", 1);
    WorkStamp.require(work, "seed", 1);
    refuses("seed 1, not 2", () -> WorkStamp.require(work, "seed", 2));
  }

  @Test
  void programsGoOnOnlyFromTheirSeedAndModel() throws IOException {
    String model = ReleasedFolder.in(work.resolve("model"));
    Executable parts = () -> TrainParts.main(
        new String[] {work.toString(), model, "c", "stages=preview", "people=1", "previewSteps=0"});
    WorkStamp.require(work, "seed", 2);
    refuses(
        "seed 2, not 1",
        () -> TrainAttributes.main(new String[] {work.toString(), "c", "1", "4", "1", "4"}));
    refuses(
        "seed 2, not 1", () -> TrainCaptioner.train(work, "c", 1, 1, 1, work.resolve("folder")));
    refuses("seed 2, not 1", parts);
    Files.writeString(work.resolve("seed.txt"), "1");
    WorkStamp.require(work, "model", "another");
    refuses("model another, not " + FirstWeights.made(PortraitModel.files()), parts);
  }

  @Test
  void facesOfAnotherEditionAreRefused() throws IOException {
    FaceStore faces = new FaceStore(work.resolve("faces.rgb"), 1);
    faces.fill(1, done -> {});
    faces.fill(1, done -> {});
    Files.delete(work.resolve("edition.txt"));
    refuses("edition unknown", () -> faces.fill(2, done -> {}));
  }

  @Test
  void classifiersOfTwoSeedsShareNobody() {
    assertEquals(700_000_001, TrainAttributes.renders(1).person(0).seed());
    assertEquals(
        TrainAttributes.renders(1).person(39_999).seed() + 1,
        TrainAttributes.renders(2).person(0).seed());
    for (long seed : new long[] {0, 1001}) {
      assertThrows(IllegalArgumentException.class, () -> TrainAttributes.requirePeople(seed, 4, 1));
    }
    assertEquals(
        "a classifier learns from up to 40000 people of a seed of 1 to 1000, given 40004 of 3: the people of others are"
            + " used for something else",
        assertThrows(
                IllegalArgumentException.class, () -> TrainAttributes.requirePeople(3, 10_001, 4))
            .getMessage());
    TrainAttributes.requirePeople(1000, 40_000, 1);
    TrainAttributes.requirePeople(1000, 10_000, 4);
  }

  private void refuses(String what, Executable program) {
    String said = assertThrows(InvalidInputException.class, program).getMessage();
    assertTrue(said.startsWith(work + " holds what was made with " + what), said);
  }
}
