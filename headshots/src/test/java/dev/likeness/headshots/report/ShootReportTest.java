package dev.likeness.headshots.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.image.DigitalSourceType;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.imagefile.ImageFile;
import dev.likeness.diffusion.internal.imagefile.XmpPacket;
import dev.likeness.diffusion.request.ImageRequest;
import dev.likeness.headshots.Selfies;
import dev.likeness.headshots.person.Authenticity;
import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreCard;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.SelectionResult;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.headshots.shoot.ShootRequest;
import dev.likeness.headshots.style.Style;
import dev.likeness.photos.Photo;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.likeness.ConfidenceInterval;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShootReportTest {
  @TempDir
  private Path folder;

  @Test
  void reportsScoresWithoutASelection() {
    Shoot shoot = new Shoot(
        ShootRequest.of(Style.named("studio"), 1), List.of(candidate(1, 1.5).headshot()));
    String html = ShootReport.of(
            Recommendation.of(made(Optional.empty()), shoot, List.of(card(1.5))))
        .toHtml();
    assertTrue(
        html.contains("<td>sharpness: the face is blurred</td><td>1.50</td><td>at most 1.00</td>"),
        html);
    ShootReport report = ShootReport.of(Recommendation.of(made(Optional.empty()), shoot));
    Authenticity.Result alike = new Authenticity.Result(Set.of(), Set.of());
    assertEquals(
        "number of comparisons: 2, number of headshots: 1; give one for each headshot",
        assertThrows(
                IllegalArgumentException.class, () -> report.differences(List.of(alike, alike)))
            .getMessage());
  }

  @Test
  void saysTheSameToAPageOfAnotherProgram() {
    Shoot shoot = new Shoot(
        ShootRequest.of(Style.named("studio"), 2),
        List.of(candidate(1, 1.5).headshot(), candidate(2, 0.1).headshot()));
    ShootReport report = ShootReport.of(
        Recommendation.of(made(Optional.empty()), shoot, List.of(card(1.5), card(0.1))));
    Map<String, Object> content = report.toMap();
    String html = report.toHtml();
    assertEquals("Use this", content.get("heading"));
    assertTrue(html.contains(HtmlText.escape(String.valueOf(content.get("verdict")))), html);
    List<?> images = (List<?>) content.get("images");
    Map<?, ?> best = (Map<?, ?>) images.get(0);
    Map<?, ?> other = (Map<?, ?>) images.get(1);
    assertEquals(
        List.of(1, true, true),
        List.of(best.get("index"), best.get("best"), best.get("recommended")));
    assertEquals(
        List.of(0, false, false),
        List.of(other.get("index"), other.get("best"), other.get("recommended")));
    assertEquals(
        List.of("The face is blurred.", "Images without a flaw come first."),
        other.get("sentences"));
    for (Object image : images) {
      for (Object sentence : (List<?>) ((Map<?, ?>) image).get("sentences")) {
        assertTrue(html.contains("<p>" + HtmlText.escape((String) sentence) + "</p>"), html);
      }
    }
    for (String list : List.of("warnings", "limits", "next_steps")) {
      for (Object sentence : (List<?>) content.get(list)) {
        assertTrue(html.contains(HtmlText.escape((String) sentence)), html);
      }
    }
    assertEquals(
        Map.of(
            "label",
            "sharpness: the face is blurred",
            "value",
            "1.50",
            "limit",
            "at most 1.00",
            "passed",
            false),
        ((List<?>) other.get("scores")).get(0));
  }

  @Test
  void reportsOnOnePageThatNeedsNothingElse() {
    SelectionResult choice = SelectionResult.of(List.of(candidate(1, 0.1), candidate(2, 1.5)), 1);
    String html = ShootReport.of(Recommendation.of(made(Optional.empty()), kept(choice), choice))
        .toHtml();
    assertTrue(html.contains("<h2>Use this</h2>") && html.contains("<h2>Not chosen</h2>"), html);
    assertTrue(html.contains("<p>The face is blurred.</p>"), html);
    assertTrue(
        html.contains("<p class=\"verdict\">The image can be used: no flaw was found.</p>"), html);
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
    String html = ShootReport.of(Recommendation.of(
            made(Optional.empty()),
            new Shoot(ShootRequest.of(Style.named("studio"), 2), List.of(cropped)),
            choice))
        .toHtml();
    List<String> sizes = new ArrayList<>();
    for (String part : html.substring(html.indexOf("base64,")).split("data:image/png;")) {
      byte[] png =
          Base64.getDecoder().decode(part.substring("base64,".length(), part.indexOf('"')));
      sizes.add(RgbImage.read(Files.write(folder.resolve("shown.png"), png)).toString());
    }
    assertEquals(List.of("40x50 image", "64x64 image"), sizes);
  }

  @Test
  void showsEachPhotoOfOneNameAsItself() {
    List<Photo> photos = new ArrayList<>();
    photos.add(Photo.of("selfie.jpg", new byte[] {1}));
    Selfies.names().forEach(name -> photos.add(Photo.of("selfie.jpg", Selfies.read(name))));
    PhotoReview review = PhotoReview.of(PhotoSet.of(photos));
    Shoot shoot = new Shoot(ShootRequest.of(Style.named("studio"), 1), List.of());
    String html =
        ShootReport.of(Recommendation.of(made(Optional.of(review)), shoot)).toHtml();
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
    String html = ShootReport.of(Recommendation.of(
            made(Optional.of(review)),
            new Shoot(ShootRequest.of(Style.named("studio"), 1), List.of(asked))))
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
    String html = ShootReport.of(Recommendation.of(made(Optional.empty()), kept(choice), choice))
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
    String html = ShootReport.of(Recommendation.of(made(Optional.empty()), kept(choice), choice))
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
    String svg = chart(SelectionResult.of(List.of(other, alike), 1));
    assertTrue(
        svg.indexOf("<title>0.80") < svg.indexOf("<title>0.30")
            && svg.contains("class=\"recommended\""),
        svg);
    assertEquals("", chart(SelectionResult.of(List.of(candidate(1, 0.1)), 1)));
  }

  @Test
  void beginsWithTheWarningsAndTheVerdictAndFoldsNumbers() {
    SelectionResult choice = SelectionResult.of(List.of(candidate(1, 0.1), candidate(2, 1.5)), 1);
    ShootSummary unfit = new ShootSummary(
        "<b>toy</b>",
        "The person was trained from 9 of 10 photos; 1 was left out.",
        "Ada's <i>yes</i>",
        List.of("The base model toy only knows <rendered> people.", "Second."),
        false,
        "Nothing has checked the likeness.",
        Optional.empty());
    String html = ShootReport.of(Recommendation.of(unfit, kept(choice), choice))
        .differences(List.of(new Authenticity.Result(Set.of(Authenticity.Flag.YOUNGER), Set.of())))
        .toHtml();
    List<Integer> places = Stream.of(
            "only knows &lt;rendered&gt; people",
            "Do not use these images for the person in the photos: the face is made up.",
            "trained from 9 of 10 photos",
            "Ada&#39;s &lt;i&gt;yes&lt;/i&gt;",
            "The best image, but not of this person",
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
  void showsTheRecommendedImagesFirst() {
    List<Headshot> three =
        Stream.of(1, 2, 3).map(seed -> candidate(seed, 0).headshot()).toList();
    Shoot shoot = new Shoot(ShootRequest.of(Style.named("studio"), 3), three);
    String html = ShootReport.of(Recommendation.of(
            made(Optional.empty()), shoot, List.of(card(1.5), card(0.5), card(0.1))))
        .toHtml();
    assertInOrder(
        html,
        "Use 2 of 3 images: no flaw was found in them. Begin with headshot-003.png.",
        "<h2>Use these</h2>",
        "<h3>headshot-003.png",
        "<h3>headshot-002.png",
        "<h2>Not recommended</h2>",
        "<h3>headshot-001.png",
        "<p>The face is blurred.</p><p>Images without a flaw come first.</p>");
    String flawed = ShootReport.of(Recommendation.of(
            made(Optional.empty()), shoot, List.of(card(1.5), card(1.2), card(1.9))))
        .toHtml();
    assertInOrder(
        flawed,
        "All 3 images have a visible flaw. Generate more before you use one.",
        "<h2>The best image, with flaws</h2>",
        "<h3>headshot-002.png",
        "No image is free of flaws; this one is the best.",
        "<h2>Not recommended</h2>",
        "<h3>headshot-001.png",
        "<h3>headshot-003.png");
  }

  @Test
  void separatesKeptImagesWithFlawsFromImagesThatWereNotKept() {
    SelectionResult choice = SelectionResult.of(
        List.of(candidate(1, 1.5), candidate(2, 0.1), candidate(3, 1.2), candidate(4, 1.9)), 2);
    assertInOrder(
        ShootReport.of(Recommendation.of(made(Optional.empty()), kept(choice), choice))
            .toHtml(),
        "Use only headshot-001.png: the other image has a visible flaw.",
        "<h2>Use this</h2>",
        "<h3>headshot-001.png",
        "<h2>Not recommended</h2>",
        "<h3>headshot-002.png",
        "<h2>Not chosen</h2>",
        "<h3>Seed 1",
        "<h3>Seed 4");
  }

  private static void assertInOrder(String html, String... parts) {
    List<Integer> places = Stream.of(parts).map(html::indexOf).toList();
    assertTrue(places.get(0) >= 0 && !places.contains(-1), places + "\n" + html);
    assertEquals(places.stream().sorted().toList(), places, html);
  }

  private static Shoot kept(SelectionResult choice) {
    return new Shoot(ShootRequest.of(Style.named("studio"), 2), choice.selected());
  }

  private static String chart(SelectionResult choice) {
    return LikenessChart.svg(Recommendation.of(made(Optional.empty()), kept(choice), choice));
  }

  @Test
  void showsHiddenCharactersOfNamesByTheirCodes() {
    Headshot asked = new Headshot(
        image(1), Style.named("studio"), 1, ImageRequest.of("a\u202egnp.exe\u001b[2J 'b'"), 1);
    String html = ShootReport.of(Recommendation.of(
            made(Optional.empty()),
            new Shoot(ShootRequest.of(Style.named("studio"), 1), List.of(asked))))
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
    String svg = chart(choice);
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
