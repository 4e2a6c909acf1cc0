package dev.likeness.portrait.evaluation;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.fail;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreCard;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.SelectionResult;
import dev.likeness.headshots.style.Style;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeptDrawingsTest {
  @TempDir
  private Path folder;

  @Test
  void drawsOnceAndReadsWhatItKept() {
    KeptDrawings kept = new KeptDrawings(folder, "a model");
    List<SelectionResult.Candidate> drawn =
        List.of(candidate("studio", 7, 0.25), candidate("office", 8, Double.NaN));
    assertEquals(drawn, kept.candidates("somebody", () -> drawn));
    List<SelectionResult.Candidate> read = kept.candidates("somebody", () -> fail("they are kept"));
    for (int i = 0; i < 2; i++) {
      Headshot shot = read.get(i).headshot();
      Headshot own = drawn.get(i).headshot();
      assertEquals(own.style(), shot.style());
      assertEquals(own.request(), shot.request());
      assertArrayEquals(own.image().rgb(), shot.image().rgb());
      assertEquals(drawn.get(i).card(), read.get(i).card());
      assertEquals(drawn.get(i).promptAdherence(), read.get(i).promptAdherence());
      assertEquals(drawn.get(i).hasRegeneratedFace(), read.get(i).hasRegeneratedFace());
      assertEquals(drawn.get(i).guidanceLikeness(), read.get(i).guidanceLikeness());
    }
    List<RgbImage> images = drawn.stream().map(each -> each.headshot().image()).toList();
    assertEquals(images, kept.images("nobody", () -> images));
    assertArrayEquals(
        images.get(1).rgb(),
        kept.images("nobody", () -> fail("they are kept")).get(1).rgb());
  }

  @Test
  void refusesWhatAnotherModelDrew() {
    new KeptDrawings(folder, "a model").images("nobody", List::of);
    assertEquals(
        folder.resolve("nobody").resolve("drawn.json")
            + " is of what a model drew, not another; give an empty folder",
        assertThrows(
                InvalidInputException.class,
                () -> new KeptDrawings(folder, "another").images("nobody", List::of))
            .getMessage());
  }

  private static SelectionResult.Candidate candidate(String style, long seed, double obedience) {
    byte[] rgb = new byte[8 * 8 * 3];
    rgb[0] = (byte) seed;
    ImageRequest request =
        ImageRequest.of("portrait " + seed).steps(20).guidance(2.5).seed(seed);
    return new SelectionResult.Candidate(
        new Headshot(RgbImage.of(8, 8, rgb), Style.named(style), seed, request, 1),
        new ScoreCard(List.of(
            new ScoreCard.Score(ScoreAspect.GAZE, 0.3, 0.21, false),
            new ScoreCard.Score(ScoreAspect.LIKENESS, Double.NaN, 0.8, false))),
        obedience,
        seed == 7,
        obedience / 2);
  }
}
