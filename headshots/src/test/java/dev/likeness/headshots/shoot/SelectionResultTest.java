package dev.likeness.headshots.shoot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreCard;
import dev.likeness.headshots.style.Style;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SelectionResultTest {
  @Test
  void selectsTheBestWithReasons() {
    SelectionResult choice =
        SelectionResult.of(List.of(candidate(1, 0.3), candidate(2, 0.1), candidate(3, 0.9)), 2);
    assertEquals(List.of(2L, 1L), choice.selected().stream().map(Headshot::seed).toList());
    assertEquals("kept: the best of all images", choice.verdicts().get(1).reason());
    assertEquals(
        "kept: among the best, and different from the images kept before",
        choice.verdicts().get(0).reason());
    assertEquals(
        List.of(0.9036, 1.0, 0.7598),
        choice.asList().stream().map(one -> one.get("ranking_score")).toList());
    assertEquals(
        "not kept: the kept images are better, or differ more from each other",
        choice.verdicts().get(2).reason());
  }

  @Test
  void neverSelectsADuplicate() {
    SelectionResult.Candidate again = candidateOf(
        new Headshot(image(1), Style.named("studio"), 9, ImageRequest.of("x"), 1),
        card(0.2),
        Double.NaN,
        false);
    SelectionResult choice = SelectionResult.of(List.of(candidate(1, 0.1), again), 2);
    assertEquals(List.of(1L), choice.selected().stream().map(Headshot::seed).toList());
    assertEquals(
        "not kept: nearly the same image as a kept one",
        choice.verdicts().get(1).reason());
  }

  @Test
  void prefersADifferentImageToASlightlyBetterSimilarOne() {
    byte[] nearly = image(1).rgb();
    for (int i = 0; i < 64 * 64 * 3 / 6; i++) {
      nearly[i] = (byte) (255 - nearly[i]);
    }
    SelectionResult.Candidate like = candidateOf(
        new Headshot(
            RgbImage.of(64, 64, nearly), Style.named("studio"), 7, ImageRequest.of("x"), 1),
        card(0.2),
        Double.NaN,
        false);
    SelectionResult choice =
        SelectionResult.of(List.of(candidate(1, 0.1), like, candidate(3, 0.3)), 2);
    assertEquals(List.of(1L, 3L), choice.selected().stream().map(Headshot::seed).toList());
  }

  @Test
  void selectsFailedImagesLastAndFacelessOnesNever() {
    SelectionResult.Candidate blurred = candidate(1, 1.5);
    SelectionResult.Candidate faceless = candidateOf(
        candidate(2, 0).headshot(),
        new ScoreCard(List.of(new ScoreCard.Score(ScoreAspect.FACE, 1, 0, false))),
        Double.NaN,
        false);
    SelectionResult choice = SelectionResult.of(List.of(blurred, faceless, candidate(3, 0.5)), 3);
    assertEquals(List.of(3L, 1L), choice.selected().stream().map(Headshot::seed).toList());
    assertEquals(
        "kept because no better image is left: the face is blurred",
        choice.verdicts().get(0).reason());
    assertEquals("not kept: no face was found", choice.verdicts().get(1).reason());
  }

  @Test
  void weightsLikenessAbovePromptAdherence() {
    ScoreCard.Score alike = new ScoreCard.Score(ScoreAspect.LIKENESS, 0.62, 0.5, true);
    ScoreCard.Score unlike = new ScoreCard.Score(ScoreAspect.LIKENESS, 0.6, 0.5, true);
    SelectionResult.Candidate first =
        candidateOf(candidate(1, 0).headshot(), new ScoreCard(List.of(unlike)), 1, false);
    SelectionResult.Candidate second =
        candidateOf(candidate(2, 0).headshot(), new ScoreCard(List.of(alike)), 1, false);
    SelectionResult.Candidate disobedient =
        candidateOf(candidate(3, 0).headshot(), new ScoreCard(List.of(alike)), 0, false);
    assertArrayEquals(
        new double[] {Math.pow(1 / 3.0, 0.5), 1, Math.pow(1 / 3.0, 0.25)},
        Ranking.RankingScore.of(List.of(first, second, disobedient)),
        1e-12);
  }

  @Test
  void ranksByLikenessFarBelowItsLimit() {
    List<SelectionResult.Candidate> unlike = Stream.of(0.45, 0.6, Double.NaN)
        .map(cosine -> candidateOf(
            candidate(1, 0).headshot(),
            new ScoreCard(List.of(new ScoreCard.Score(ScoreAspect.LIKENESS, cosine, 0.8, false))),
            Double.NaN,
            false))
        .toList();
    assertArrayEquals(
        new double[] {Math.sqrt(2 / 3.0), 1, Math.sqrt(1 / 3.0)},
        Ranking.RankingScore.of(unlike),
        1e-12);
  }

  @Test
  void ranksByGuidanceLikenessToo() {
    SelectionResult.Candidate judged = candidateWithLikeness(0.62, 0.7);
    SelectionResult.Candidate heldMore = candidateWithLikeness(0.6, 0.8);
    assertArrayEquals(
        new double[] {Math.sqrt(0.5), 1},
        Ranking.RankingScore.of(List.of(judged, heldMore)),
        1e-12);
    SelectionResult.Candidate judgedMuchMore = candidateWithLikeness(0.9, 0.7);
    assertArrayEquals(
        new double[] {1, Math.sqrt(0.5)},
        Ranking.RankingScore.of(List.of(judgedMuchMore, heldMore)),
        1e-12);
    List<SelectionResult.Candidate> unjudged = Stream.of(0.7, 0.8)
        .map(held -> new SelectionResult.Candidate(
            candidate(1, 0).headshot(), new ScoreCard(List.of()), Double.NaN, false, held))
        .toList();
    assertArrayEquals(new double[] {Math.sqrt(0.5), 1}, Ranking.RankingScore.of(unjudged), 1e-12);
  }

  private static SelectionResult.Candidate candidateWithLikeness(double judged, double held) {
    ScoreCard card =
        new ScoreCard(List.of(new ScoreCard.Score(ScoreAspect.LIKENESS, judged, 0.5, true)));
    return new SelectionResult.Candidate(candidate(1, 0).headshot(), card, Double.NaN, false, held);
  }

  @Test
  void ignoresFailuresThatMostCandidatesShare() {
    List<SelectionResult.Candidate> blurred = IntStream.range(0, 8)
        .mapToObj(i -> candidate(i, i < 3 ? 0.9 : 1.1 + 0.1 * i))
        .toList();
    assertEquals(
        "kept: among the best, and different from the images kept before;"
            + " like most images of this shoot, the face is blurred",
        SelectionResult.of(blurred, 8).verdicts().get(3).reason());
    assertTrue(SelectionResult.of(blurred.subList(0, 7), 7)
        .verdicts()
        .get(3)
        .reason()
        .startsWith("kept because no better image is left"));
    List<SelectionResult.Candidate> fewer =
        IntStream.range(0, 8).mapToObj(i -> candidate(i, i < 4 ? 0.9 : 1.5)).toList();
    assertTrue(SelectionResult.of(fewer, 8)
        .verdicts()
        .get(4)
        .reason()
        .startsWith("kept because no better image is left"));
  }

  @Test
  void countsUnmeasuredAspectsAsEqual() {
    assertArrayEquals(
        new double[] {1, 1},
        Ranking.RankingScore.of(List.of(candidate(1, 0.1), candidate(2, 0.1))));
  }

  @Test
  void countsAspectsOfOthersAsAverage() {
    SelectionResult.Candidate obedient =
        candidateOf(candidate(1, 0.1).headshot(), card(0.1), 0.9, false);
    SelectionResult.Candidate other =
        candidateOf(candidate(2, 0.1).headshot(), card(0.1), 0.2, false);
    assertArrayEquals(
        new double[] {1, Math.pow(0.5, 0.25), Math.pow(0.5, 0.25)},
        Ranking.RankingScore.of(List.of(obedient, other, candidate(3, 0.1))),
        1e-12);
  }

  @Test
  void penalisesLowLikenessEvenIfMostAreLow() {
    List<SelectionResult.Candidate> unlike = IntStream.range(0, 8)
        .mapToObj(i -> candidateOf(
            candidate(i, 0).headshot(),
            new ScoreCard(
                List.of(new ScoreCard.Score(ScoreAspect.LIKENESS, i < 2 ? 0.6 : 0.4, 0.5, i < 2))),
            Double.NaN,
            false))
        .toList();
    assertTrue(SelectionResult.of(unlike, 8).verdicts().subList(2, 8).stream()
        .allMatch(verdict -> verdict.rank() > 2
            && verdict.reason().startsWith("kept because no better image is left")));
  }

  /** Of an image whose face nothing held. */
  private static SelectionResult.Candidate candidateOf(
      Headshot headshot, ScoreCard card, double obedience, boolean repaired) {
    return new SelectionResult.Candidate(headshot, card, obedience, repaired, Double.NaN);
  }

  private static SelectionResult.Candidate candidate(long seed, double blur) {
    return candidateOf(
        new Headshot(image(seed), Style.named("studio"), seed, ImageRequest.of("x"), 1),
        card(blur),
        Double.NaN,
        false);
  }

  private static ScoreCard card(double blur) {
    return new ScoreCard(List.of(new ScoreCard.Score(ScoreAspect.SHARPNESS, blur, 1, blur <= 1)));
  }

  private static RgbImage image(long seed) {
    byte[] rgb = new byte[64 * 64 * 3];
    Random random = new Random(seed * 7919);
    byte[] cells = new byte[64];
    random.nextBytes(cells);
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = cells[i / 3 / 64 / 8 * 8 + i / 3 % 64 / 8];
    }
    return RgbImage.of(64, 64, rgb);
  }
}
