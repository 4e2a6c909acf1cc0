package dev.likeness.headshots.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.report.Recommendation.Choice;
import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreCard;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.SelectionResult;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RecommendationTest {
  static final ShootSummary MADE = made(true);

  @Test
  void beginsWithTheFlawlessImageEvenIfAFlawedOneHasBetterScores() {
    // The first image is flawed by a little, and better in likeness than the flawless one.
    ScoreCard flawed = new ScoreCard(List.of(
        new ScoreCard.Score(ScoreAspect.LIKENESS, 0.9, 0.5, true),
        new ScoreCard.Score(ScoreAspect.SHARPNESS, 1.01, 1, false)));
    ScoreCard flawless = new ScoreCard(List.of(
        new ScoreCard.Score(ScoreAspect.LIKENESS, 0.6, 0.5, true),
        new ScoreCard.Score(ScoreAspect.SHARPNESS, 0.99, 1, true)));
    Recommendation recommendation = Recommendation.of(MADE, shoot(2), List.of(flawed, flawless));

    assertEquals("headshot-002.png", recommendation.first().orElseThrow().file());
    assertEquals(List.of("headshot-002.png"), files(recommendation.recommended()));
    assertEquals(
        "Use only headshot-002.png: the other image has a visible flaw.",
        recommendation.sentence());
  }

  @Test
  void saysInASentenceWhichImagesToUse() {
    assertEquals("There are no images.", sentence());
    assertEquals("The image can be used: no flaw was found.", sentence(0.1));
    assertEquals("The image has a visible flaw. Generate more before you use one.", sentence(1.1));
    assertEquals(
        "All 2 images have a visible flaw. Generate more before you use one.", sentence(1.1, 1.2));
    assertEquals(
        "All 2 images can be used: no flaw was found. Begin with headshot-002.png.",
        sentence(0.2, 0.1));
    assertEquals(
        "Use 2 of 3 images: no flaw was found in them. Begin with headshot-003.png.",
        sentence(1.5, 0.5, 0.1));
    assertEquals(
        "Use only headshot-003.png: the other 2 images have a visible flaw.",
        sentence(1.5, 1.2, 0.1));
    assertEquals(
        "The images were not checked. Look at them closely before you use one.",
        Recommendation.of(MADE, shoot(3)).sentence());
    assertEquals(
        "Do not use these images for the person in the photos: the face is made up.",
        Recommendation.of(made(false), shoot(1), cards(0.1)).sentence());
  }

  @Test
  void recommendsNothingIfTheBaseCannotShowThePerson() {
    Recommendation recommendation = Recommendation.of(made(false), shoot(2), cards(0.2, 0.1));

    assertEquals(List.of(), recommendation.recommended());
    assertEquals(Optional.empty(), recommendation.first());
    assertEquals(List.of("headshot-002.png", "headshot-001.png"), files(recommendation.choices()));
  }

  @Test
  void ordersAsASelectionDoes() {
    double[] blurs = {0.7, 0.2, 1.4, 0.5, 1.1};
    Shoot shoot = shoot(blurs.length);
    List<ScoreCard> cards = cards(blurs);
    SelectionResult all = SelectionResult.of(candidates(shoot, cards), blurs.length);
    Recommendation of = Recommendation.of(MADE, shoot, cards);

    assertEquals(all.selected(), of.choices().stream().map(Choice::headshot).toList());
    Recommendation kept = Recommendation.of(MADE, new Shoot(shoot.request(), all.selected()), all);
    assertEquals(
        List.of(0, 1, 2, 3, 4), kept.choices().stream().map(Choice::index).toList());
    assertEquals(
        List.of(true, true, true, false, false),
        kept.choices().stream().map(Choice::isRecommended).toList());
  }

  @Test
  void putsAKeptImageWithAFlawThatMostShareAfterOneWithout() {
    // Of eight images, five are blurred, so that blur is ignored: the best may be a blurred one.
    Shoot shoot = shoot(8);
    List<ScoreCard> cards = IntStream.range(0, 8)
        .mapToObj(i -> new ScoreCard(List.of(
            new ScoreCard.Score(ScoreAspect.SHARPNESS, i < 5 ? 1.1 : 0.9, 1, i >= 5),
            new ScoreCard.Score(ScoreAspect.LIKENESS, 0.9 - 0.05 * i, 0.4, true))))
        .toList();
    SelectionResult result = SelectionResult.of(candidates(shoot, cards), 8);
    assertEquals(0, result.selected().get(0).seed(), "the best is blurred");
    Recommendation recommendation =
        Recommendation.of(MADE, new Shoot(shoot.request(), result.selected()), result);

    assertEquals(3, recommendation.recommended().size());
    Choice first = recommendation.first().orElseThrow();
    assertEquals(first, recommendation.choices().get(0));
    assertEquals(true, first.isFlawless());
    assertEquals(
        "Use 3 of 8 images: no flaw was found in them. Begin with " + first.file() + ".",
        recommendation.sentence());
  }

  @Test
  void givesAReasonForEachImage() {
    assertEquals(
        List.of(
            "No flaw was found. It is the best of all.",
            "No flaw was found.",
            "Images without a flaw come first."),
        Recommendation.of(MADE, shoot(3), cards(0.5, 0.1, 1.1)).choices().stream()
            .map(Choice::reason)
            .toList());
    Headshot one = shoot(1).headshots().get(0);
    Shoot twice = new Shoot(shoot(1).request(), List.of(one, one));
    assertEquals(
        "No flaw was found. It is nearly the same as a better image.",
        Recommendation.of(MADE, twice, cards(0.1, 0.1)).choices().get(1).reason());
  }

  @Test
  void refusesScoresOfOtherImages() {
    assertEquals(
        "number of score cards: 1, number of headshots: 2; give one for each headshot",
        assertThrows(
                IllegalArgumentException.class, () -> Recommendation.of(MADE, shoot(2), cards(0.1)))
            .getMessage());
    SelectionResult choice = SelectionResult.of(candidates(shoot(2), cards(0.1, 0.2)), 1);
    assertEquals(
        "headshots in the shoot: 0, kept by the selection: 1; give the shoot with the kept"
            + " headshots",
        assertThrows(
                IllegalArgumentException.class, () -> Recommendation.of(MADE, shoot(0), choice))
            .getMessage());
  }

  static ScoreCard card(double blur) {
    return new ScoreCard(List.of(new ScoreCard.Score(ScoreAspect.SHARPNESS, blur, 1, blur <= 1)));
  }

  private static List<ScoreCard> cards(double... blurs) {
    return DoubleStream.of(blurs).mapToObj(RecommendationTest::card).toList();
  }

  private static String sentence(double... blurs) {
    return Recommendation.of(MADE, shoot(blurs.length), cards(blurs)).sentence();
  }

  private static List<String> files(List<Choice> choices) {
    return choices.stream().map(Choice::file).toList();
  }

  private static List<SelectionResult.Candidate> candidates(Shoot shoot, List<ScoreCard> cards) {
    return IntStream.range(0, cards.size())
        .mapToObj(i -> new SelectionResult.Candidate(
            shoot.headshots().get(i), cards.get(i), Double.NaN, false, Double.NaN))
        .toList();
  }

  private static Shoot shoot(int count) {
    return new Shoot(
        ShootRequest.of(Style.named("studio"), Math.max(1, count)),
        IntStream.range(0, count)
            .mapToObj(
                i -> new Headshot(noise(i), Style.named("studio"), i, ImageRequest.of("x"), 1))
            .toList());
  }

  private static RgbImage noise(long seed) {
    byte[] cells = new byte[64];
    new Random(seed * 7919).nextBytes(cells);
    byte[] rgb = new byte[64 * 64 * 3];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = cells[i / 3 / 64 / 8 * 8 + i / 3 % 64 / 8];
    }
    return RgbImage.of(64, 64, rgb);
  }

  private static ShootSummary made(boolean fits) {
    return new ShootSummary(
        "tiny",
        "The person was trained from 3 photos.",
        "",
        List.of(),
        fits,
        "A face recognition network has compared every image with the photos.",
        Optional.empty());
  }
}
