package dev.likeness.headshots.shoot;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.DigitalSourceType;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.Selfies;
import dev.likeness.headshots.person.Authenticity;
import dev.likeness.headshots.report.LikenessChart;
import dev.likeness.headshots.report.ShootReport;
import dev.likeness.headshots.report.ShootSummary;
import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreCard;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.Photo;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.internal.imagefile.ImageFile;
import dev.likeness.photos.internal.imagefile.XmpPacket;
import dev.likeness.photos.likeness.ConfidenceInterval;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SelectionResultTest {
  @TempDir
  private Path folder;

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

  @Test
  void reportsScoresWithoutASelection() {
    Shoot shoot = new Shoot(
        ShootRequest.of(Style.named("studio"), 1), List.of(candidate(1, 1.5).headshot()));
    String html =
        ShootReport.of(made(Optional.empty()), shoot).scores(List.of(card(1.5))).toHtml();
    assertTrue(
        html.contains("<td>sharpness: the face is blurred</td><td>1.50</td><td>at most 1.00</td>"),
        html);
    assertThrows(
        IllegalArgumentException.class,
        () -> ShootReport.of(made(Optional.empty()), shoot).scores(List.of(card(1), card(1))));
  }

  @Test
  void reportsOnOnePageThatNeedsNothingElse() {
    SelectionResult choice = SelectionResult.of(List.of(candidate(1, 0.1), candidate(2, 1.5)), 1);
    String html = ShootReport.of(
            made(Optional.empty()),
            new Shoot(ShootRequest.of(Style.named("studio"), 2), choice.selected()))
        .selection(choice)
        .toHtml();
    assertTrue(html.contains("<h2>Use these</h2>") && html.contains("<h2>Not chosen</h2>"), html);
    assertTrue(html.contains("<p>The face is blurred.</p>"), html);
    assertTrue(
        html.contains("Use 1 of 2 images: no flaw was found in it. Begin with headshot-001.png."),
        html);
    assertTrue(
        html.contains("<td>sharpness: the face is blurred</td><td>1.50</td><td>at most 1.00</td>"),
        html);
    assertTrue(html.contains("white-space: nowrap"), "narrow columns must not break numbers");
    assertTrue(html.contains("overflow-wrap: break-word"), "narrow columns must not break words");
    assertFalse(
        html.contains("://") || html.contains("<script") || html.contains("<link"),
        "all of it is in the page");
    assertEquals(2, html.split("data:image/png;base64,", -1).length - 1);
  }

  @Test
  void showsDeliveredImagesOfTheSelection() throws IOException {
    SelectionResult choice = SelectionResult.of(List.of(candidate(1, 0.1), candidate(2, 1.5)), 1);
    Headshot kept = choice.selected().get(0);
    Headshot cropped =
        new Headshot(kept.image().crop(8, 0, 40, 50), kept.style(), kept.seed(), kept.request(), 1);
    String html = ShootReport.of(
            made(Optional.empty()),
            new Shoot(ShootRequest.of(Style.named("studio"), 2), List.of(cropped)))
        .selection(choice)
        .toHtml();
    List<String> sizes = new ArrayList<>();
    for (String part : html.substring(html.indexOf("base64,")).split("data:image/png;")) {
      byte[] png =
          Base64.getDecoder().decode(part.substring("base64,".length(), part.indexOf('"')));
      sizes.add(RgbImage.read(Files.write(folder.resolve("shown.png"), png)).toString());
    }
    assertEquals(List.of("40x50 image", "64x64 image"), sizes);
    Shoot none = new Shoot(ShootRequest.of(Style.named("studio"), 2), List.of());
    assertEquals(
        "headshots in the shoot: 0, kept by the selection: 1; give the shoot with the kept"
            + " headshots",
        assertThrows(
                IllegalArgumentException.class,
                () -> ShootReport.of(made(Optional.empty()), none).selection(choice))
            .getMessage());
  }

  @Test
  void showsEachPhotoOfOneNameAsItself() {
    List<Photo> photos = new ArrayList<>();
    photos.add(Photo.of("selfie.jpg", new byte[] {1}));
    Selfies.names().forEach(name -> photos.add(Photo.of("selfie.jpg", Selfies.read(name))));
    PhotoReview review = PhotoReview.of(PhotoSet.of(photos));
    Shoot shoot = new Shoot(ShootRequest.of(Style.named("studio"), 1), List.of());
    String html = ShootReport.of(made(Optional.of(review)), shoot).toHtml();
    String[] figures = html.substring(html.indexOf("The photos")).split("<figure");
    assertEquals(4, figures.length);
    assertTrue(
        figures[0].contains("3 of 4 photos were used. Left out:")
            && figures[0].contains("<li><b>selfie.jpg</b>: "),
        "a broken file has no image, but a reason");
    assertEquals(3, review.accepted().size());
    assertFalse(review.set().toolAdvice().isEmpty(), "the review used the built-in detector only");
    for (String advice : review.set().toolAdvice()) {
      assertFalse(html.contains(advice.substring(1, 30)), "the reader runs no tools: " + advice);
    }
    assertEquals(
        3,
        Stream.of(figures)
            .filter(figure -> figure.contains("<img"))
            .map(figure ->
                figure.substring(figure.indexOf("base64,"), figure.indexOf("<figcaption")))
            .distinct()
            .count());
  }

  @Test
  void reportsNamesAsTheyAreWritten() {
    List<Photo> photos =
        new ArrayList<>(List.of(Photo.of("<img src=x onerror=alert(1)>.jpg", new byte[] {1})));
    Selfies.names().forEach(name -> photos.add(Photo.of("selfie.jpg", Selfies.read(name))));
    PhotoReview review = PhotoReview.of(PhotoSet.of(photos));
    Headshot asked = new Headshot(
        image(1), Style.named("studio"), 1, ImageRequest.of("\"</p><script>alert(1)</script>"), 1);
    String html = ShootReport.of(
            made(Optional.of(review)),
            new Shoot(ShootRequest.of(Style.named("studio"), 1), List.of(asked)))
        .toHtml();
    assertFalse(html.contains("<script") || html.contains("<img src=x"), html);
    assertTrue(
        html.contains("&lt;img src=x onerror=alert(1)&gt;.jpg")
            && html.contains("&quot;&lt;/p&gt;&lt;script&gt;"),
        html);
  }

  @Test
  void reportsHowSureALikenessIsAndWhereThereIsNone() {
    ScoreCard.Score sure = new ScoreCard.Score(
        ScoreAspect.LIKENESS, 0.8, 0.5, true, Optional.of(new ConfidenceInterval(0.75, 0.85)), 0);
    ScoreCard.Score none = new ScoreCard.Score(ScoreAspect.LIKENESS, Double.NaN, 0.5, false);
    SelectionResult choice = SelectionResult.of(
        List.of(
            candidateOf(candidate(1, 0).headshot(), new ScoreCard(List.of(sure)), 1, true),
            candidateOf(candidate(2, 0).headshot(), new ScoreCard(List.of(none)), 1, false)),
        1);
    String html = ShootReport.of(
            made(Optional.empty()),
            new Shoot(ShootRequest.of(Style.named("studio"), 2), choice.selected()))
        .selection(choice)
        .toHtml();
    assertTrue(
        html.contains(
            "<td>likeness</td><td>0.800, 95 % 0.750 to 0.850</td><td>at least 0.500</td>"),
        html);
    assertTrue(
        html.contains("<td>likeness: no face was found to measure it on</td><td>none</td>"), html);
    assertTrue(
        html.contains("<p>The face was generated again.</p>") && !html.contains("NaN"), html);
  }

  @Test
  void disclosesTheImagesOfTheReport() throws IOException {
    SelectionResult choice = SelectionResult.of(List.of(candidate(1, 0.1), candidate(2, 1.5)), 1);
    String html = ShootReport.of(
            made(Optional.empty()),
            new Shoot(ShootRequest.of(Style.named("studio"), 2), choice.selected()))
        .selection(choice)
        .toHtml();
    String[] images = html.split("data:image/png;base64,");
    for (int i = 1; i < images.length; i++) {
      byte[] bytes = Base64.getDecoder().decode(images[i].substring(0, images[i].indexOf('"')));
      XmpPacket found = XmpPacket.parse(ImageFile.of(bytes).orElseThrow().xmp().orElseThrow());
      assertEquals(
          DigitalSourceType.TRAINED_ALGORITHMIC_MEDIA.uri(), found.sourceType().orElseThrow());
    }
  }

  @Test
  void plotsTheLikenessOfEachImageIfMeasured() {
    SelectionResult.Candidate alike = candidateOf(
        candidate(1, 0).headshot(),
        new ScoreCard(List.of(new ScoreCard.Score(ScoreAspect.LIKENESS, 0.8, 0.5, true))),
        Double.NaN,
        false);
    SelectionResult.Candidate other = candidateOf(
        candidate(2, 0).headshot(),
        new ScoreCard(List.of(new ScoreCard.Score(ScoreAspect.LIKENESS, 0.3, 0.5, false))),
        Double.NaN,
        false);
    String svg = LikenessChart.svg(SelectionResult.of(List.of(other, alike), 1));
    assertTrue(
        svg.indexOf("<title>0.80") < svg.indexOf("<title>0.30")
            && svg.contains("class=\"selected\""),
        svg);
    assertEquals("", LikenessChart.svg(SelectionResult.of(List.of(candidate(1, 0.1)), 1)));
  }

  @Test
  void beginsWithTheWarningsAndTheVerdictAndFoldsNumbers() {
    SelectionResult choice = SelectionResult.of(List.of(candidate(1, 0.1), candidate(2, 1.5)), 1);
    Shoot shoot = new Shoot(ShootRequest.of(Style.named("studio"), 2), choice.selected());
    ShootSummary unfit = new ShootSummary(
        "<b>toy</b>",
        "The person was trained from 9 of 10 photos; 1 was left out.",
        "Ada's <i>yes</i>",
        List.of("The base model toy only knows <rendered> people.", "Second."),
        false,
        "Nothing has checked the likeness.",
        Optional.empty());
    String html = ShootReport.of(unfit, shoot)
        .selection(choice)
        .differences(List.of(new Authenticity.Result(Set.of(Authenticity.Flag.YOUNGER), Set.of())))
        .toHtml();
    List<Integer> places = Stream.of(
            "only knows &lt;rendered&gt; people",
            "Do not use these images for the person in the photos: the face is made up.",
            "trained from 9 of 10 photos",
            "Ada&#39;s &lt;i&gt;yes&lt;/i&gt;",
            "The best images, but not of this person",
            "the person may look younger than they are",
            "Not chosen",
            "What to do next",
            "Choose a base model that was trained on photographs",
            "What these images are not",
            "They are not photographs.",
            "They are not proof of identity.",
            "&lt;b&gt;toy&lt;/b&gt;")
        .map(html::indexOf)
        .toList();
    assertEquals(places.stream().sorted().toList(), places, html);
    assertTrue(places.get(0) > 0, html);
    assertTrue(html.contains("<meta name=\"viewport\" content=\"width=device-width"), html);
    assertEquals(
        html.split("<img ", -1).length, html.split("<img alt=\"[^\"]+\"", -1).length, "alt texts");
    String unfolded = html.replaceAll("(?s)<style>.*?</style>", "")
        .replaceAll("(?s)<details>.*?</details>", "")
        .replaceAll("src=\"[^\"]*\"", "");
    assertFalse(unfolded.matches("(?s).*[0-9][.][0-9]{2}.*"), "numbers are folded: " + unfolded);
    assertFalse(unfolded.contains("limit") || unfolded.contains("score"), unfolded);
  }

  @Test
  void recommendsFlawlessImagesFirstWithoutASelection() {
    List<Headshot> three =
        Stream.of(1, 2, 3).map(seed -> candidate(seed, 0).headshot()).toList();
    Shoot shoot = new Shoot(ShootRequest.of(Style.named("studio"), 3), three);
    String html = ShootReport.of(made(Optional.empty()), shoot)
        .scores(List.of(card(1.5), card(0.5), card(0.1)))
        .toHtml();
    assertTrue(
        html.contains("Use 2 of 3 images: no flaw was found in them. Begin with headshot-003.png."),
        html);
    assertTrue(
        html.indexOf("<h3>headshot-003.png") < html.indexOf("<h3>headshot-002.png")
            && html.indexOf("<h3>headshot-002.png") < html.indexOf("Not recommended")
            && html.indexOf("Not recommended") < html.indexOf("<h3>headshot-001.png"),
        html);
    String flawed = ShootReport.of(made(Optional.empty()), shoot)
        .scores(List.of(card(1.5), card(1.2), card(1.9)))
        .toHtml();
    assertTrue(
        flawed.contains("All 3 images have a visible flaw.")
            && flawed.contains("The best images, with flaws"),
        flawed);
    assertTrue(flawed.indexOf("<h3>headshot-002.png") < flawed.indexOf("Not recommended"), flawed);
  }

  @Test
  void showsHiddenCharactersOfNamesByTheirCodes() {
    Headshot asked = new Headshot(
        image(1), Style.named("studio"), 1, ImageRequest.of("a\u202egnp.exe\u001b[2J 'b'"), 1);
    String html = ShootReport.of(
            made(Optional.empty()),
            new Shoot(ShootRequest.of(Style.named("studio"), 1), List.of(asked)))
        .toHtml();
    assertTrue(html.contains("a\\u202egnp.exe\\u001b[2J &#39;b&#39;"), html);
  }

  @Test
  void drawsNoLineOfLikenessWithoutALimit() {
    ScoreCard.Score unlimited =
        new ScoreCard.Score(ScoreAspect.LIKENESS, 0.9, Double.NEGATIVE_INFINITY, true);
    assertEquals("none", unlimited.limitText());
    assertEquals("likeness has no limit (0.900)", unlimited.reason());
    assertEquals(0.95, new ScoreCard(List.of(unlimited)).likeness(), 1e-12);
    assertNull(new ScoreCard(List.of(unlimited)).asList().get(0).get("threshold"));
    SelectionResult choice = SelectionResult.of(
        List.of(candidateOf(
            candidate(1, 0).headshot(), new ScoreCard(List.of(unlimited)), Double.NaN, false)),
        1);
    String svg = LikenessChart.svg(choice);
    assertTrue(svg.contains("<rect") && svg.contains("There is no line"), svg);
    assertFalse(svg.contains("<line") || svg.contains("Infinity"), svg);
  }

  private static ShootSummary made(Optional<PhotoReview> review) {
    return new ShootSummary(
        "tiny",
        "The person was trained from 3 photos.",
        "",
        List.of(),
        true,
        "A face recognition network has compared every image with the photos.",
        review);
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
