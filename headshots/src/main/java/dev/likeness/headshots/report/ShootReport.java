package dev.likeness.headshots.report;

import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.headshots.person.Authenticity;
import dev.likeness.headshots.score.ScoreCard;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A report of a shoot as one self-contained HTML page, for the person who chooses images. It shows
 * warnings, the {@link Recommendation}, the images to use, and the reasons against other images.
 * The photos, the next steps and the limits of generated images follow. It is as private as the
 * photos. Immutable.
 */
public final class ShootReport {
  private final Recommendation recommendation;
  private final List<Authenticity.Result> differences;
  private final GeneratedImage.Marking marking;

  private ShootReport(
      Recommendation recommendation,
      List<Authenticity.Result> differences,
      GeneratedImage.Marking marking) {
    this.recommendation = recommendation;
    this.differences = List.copyOf(differences);
    this.marking = marking;
  }

  /**
   * {@return a report with images marked by {@link GeneratedImage.Marking#load()}}
   *
   * @param recommendation the headshots, with their scores if they were scored
   */
  public static ShootReport of(Recommendation recommendation) {
    return new ShootReport(recommendation, List.of(), GeneratedImage.Marking.load());
  }

  /**
   * {@return a copy of this report with comparisons between headshots and photos}
   *
   * @param given one comparison for each headshot in the order of the shoot, or none
   * @throws IllegalArgumentException if there are comparisons, but not one for each headshot
   */
  public ShootReport differences(List<Authenticity.Result> given) {
    int headshots = recommendation.choices().size();
    if (!given.isEmpty() && given.size() != headshots) {
      throw new IllegalArgumentException("number of comparisons: " + given.size()
          + ", number of headshots: " + headshots + "; give one for each headshot");
    }
    return new ShootReport(recommendation, given, marking);
  }

  /**
   * {@return the content of this report without images, for a page of another program} The values
   * are those that JSON has. {@code images} has an object for each headshot in the order of the
   * report: {@code index} in the shoot, {@code style}, {@code recommended}, {@code best} if the
   * report shows it first, {@code sentences}, {@code prompt}, {@code seed}, and {@code scores}.
   */
  public Map<String, Object> toMap() {
    ShootSummary made = recommendation.made();
    List<Recommendation.Choice> best = recommendation.best();
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("warnings", made.warnings());
    content.put("verdict", recommendation.sentence());
    content.put("source", made.source());
    content.put("likeness", made.likeness());
    content.put("consent", made.consent());
    content.put("heading", best.isEmpty() ? "" : ReportSentences.heading(made, best));
    content.put(
        "images",
        recommendation.choices().stream()
            .map(choice -> image(choice, best.contains(choice)))
            .toList());
    boolean anyFlawless = recommendation.choices().stream()
        .anyMatch(choice -> choice.isFlawless() || choice.card().isEmpty());
    content.put("next_steps", ReportSentences.nextSteps(made, anyFlawless, false));
    content.put("limits", ReportSentences.limits());
    content.put("base", made.base());
    return content;
  }

  private Map<String, Object> image(Recommendation.Choice choice, boolean isBest) {
    Set<Authenticity.Flag> flags =
        differences.isEmpty() ? Set.of() : differences.get(choice.index()).flags();
    Map<String, Object> image = new LinkedHashMap<>();
    image.put("index", choice.index());
    image.put("style", choice.headshot().style().title());
    image.put("recommended", choice.isRecommended());
    image.put("best", isBest);
    image.put(
        "sentences",
        isBest
            ? ReportSentences.ofBest(choice.headshot(), choice.card(), choice.reason(), flags)
            : ReportSentences.ofOther(choice.headshot(), choice.card(), choice.reason(), flags));
    image.put("prompt", choice.headshot().request().prompt());
    image.put("seed", choice.headshot().seed());
    image.put("scores", choice.card().map(ShootReport::scores).orElse(List.of()));
    return image;
  }

  private static List<Map<String, Object>> scores(ScoreCard card) {
    return card.scores().stream()
        .map(score -> Map.<String, Object>of(
            "label", score.label() + (score.isPassed() ? "" : ": " + score.failureText()),
            "value", score.valueText(),
            "limit", score.limitText(),
            "passed", score.isPassed()))
        .toList();
  }

  /**
   * {@return a copy of this report with the given marking}
   *
   * @param other marks the images in the page as generated, so that a saved image keeps the mark
   */
  public ShootReport marking(GeneratedImage.Marking other) {
    return new ShootReport(recommendation, differences, other);
  }

  /** {@return the HTML page} */
  public String toHtml() {
    return new ReportPage(recommendation, differences, marking).toHtml();
  }

  /**
   * Writes the page. A new file is readable by its owner only.
   *
   * @param file the file to write
   * @throws dev.likeness.diffusion.error.ResourceLimitException if the file cannot be written
   */
  public void write(Path file) {
    AtomicFile.writePrivate(file, out -> out.write(toHtml().getBytes(StandardCharsets.UTF_8)));
  }
}
