package dev.likeness.headshots.report;

import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.headshots.person.Authenticity;
import dev.likeness.headshots.score.ScoreCard;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.SelectionResult;
import dev.likeness.headshots.shoot.Shoot;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A report of a shoot as one self-contained HTML page, for the person who chooses images. It shows
 * warnings, a verdict, the images to use, and the reasons against other images. The photos, the
 * next steps and the limits of generated images follow. It is as private as the photos. Immutable.
 */
public final class ShootReport {
  private static final int SMALL_SIDE = 320;
  private static final int LARGE_SIDE = 640;

  private final ShootSummary made;
  private final Shoot shoot;
  private final Optional<SelectionResult> choice;
  private final List<ScoreCard> cards;
  private final List<Authenticity.Result> differences;
  private final GeneratedImage.Marking marking;

  private ShootReport(
      ShootSummary made,
      Shoot shoot,
      Optional<SelectionResult> choice,
      List<ScoreCard> cards,
      List<Authenticity.Result> differences,
      GeneratedImage.Marking marking) {
    this.made = made;
    this.shoot = shoot;
    this.choice = choice;
    this.cards = List.copyOf(cards);
    this.differences = List.copyOf(differences);
    this.marking = marking;
    requireCount(cards, "score cards");
    requireCount(differences, "comparisons");
  }

  /** One image of the report. The card is null if the image was not scored. */
  record Entry(
      Headshot headshot,
      String name,
      ScoreCard card,
      String why,
      String numbers,
      boolean recommended,
      Set<Authenticity.Flag> flags) {
    boolean isFlawless() {
      return card == null || card.failures().isEmpty();
    }
  }

  /**
   * {@return a report without scores, with images marked by {@link GeneratedImage.Marking#load()}}
   *
   * @param made the summary of person, photos and base
   * @param shoot the delivered headshots, cropped or not; if {@link #selection} is called, the kept
   *     headshots in the order of their ranks
   */
  public static ShootReport of(ShootSummary made, Shoot shoot) {
    return new ShootReport(
        made, shoot, Optional.empty(), List.of(), List.of(), GeneratedImage.Marking.load());
  }

  /**
   * {@return a copy of this report with the result of a selection}
   *
   * @param result the selection
   * @throws IllegalArgumentException if the selection did not keep as many images as the shoot has
   */
  public ShootReport selection(SelectionResult result) {
    long kept =
        result.verdicts().stream().filter(SelectionResult.Verdict::isSelected).count();
    if (kept != shoot.headshots().size()) {
      throw new IllegalArgumentException(
          "headshots in the shoot: " + shoot.headshots().size() + ", kept by the selection: " + kept
              + "; give the shoot with the kept headshots");
    }
    return new ShootReport(made, shoot, Optional.of(result), cards, differences, marking);
  }

  /**
   * {@return a copy of this report with scores of its headshots, for a report without a selection}
   *
   * @param given one score card for each headshot, or none
   * @throws IllegalArgumentException if there are cards, but not one for each headshot
   */
  public ShootReport scores(List<ScoreCard> given) {
    return new ShootReport(made, shoot, choice, given, differences, marking);
  }

  /**
   * {@return a copy of this report with comparisons between headshots and photos}
   *
   * @param given one comparison for each headshot, or none
   * @throws IllegalArgumentException if there are comparisons, but not one for each headshot
   */
  public ShootReport differences(List<Authenticity.Result> given) {
    return new ShootReport(made, shoot, choice, cards, given, marking);
  }

  /**
   * {@return a copy of this report with the given marking}
   *
   * @param other marks the images in the page as generated, so that a saved image keeps the mark
   */
  public ShootReport marking(GeneratedImage.Marking other) {
    return new ShootReport(made, shoot, choice, cards, differences, other);
  }

  /** {@return the HTML page} */
  public String toHtml() {
    List<Entry> entries = choice
        .map(chosen -> selected(chosen, shoot, differences))
        .orElseGet(() -> all(shoot.headshots(), cards, differences));
    StringBuilder page = new StringBuilder(1 << 20);
    page.append("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n")
        .append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        .append("<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none';")
        .append(" img-src data:; style-src 'unsafe-inline'\">\n")
        .append("<title>Your headshots</title><style>\n")
        .append(ReportText.resource("report.css"))
        .append("</style></head><body>\n");
    ReportText.appendHead(page, made, entries);
    appendImages(page, entries);
    made.review().ifPresent(review -> ReportText.appendPhotos(page, review));
    int flawless = (int) usable(entries);
    ReportText.appendList(
        page, "next", "What to do next", "ol", ReportText.nextSteps(made, flawless));
    ReportText.appendList(page, "not", "What these images are not", "ul", ReportText.limits(made));
    String curve = choice.map(LikenessChart::svg).orElseGet(() -> LikenessChart.svg(cards));
    page.append("<details><summary>About the numbers</summary>\n")
        .append("<p>A score beyond its limit is a flaw. Lower scores are better, except for")
        .append(" likeness. The ranking score, up to 1, compares an image with the others in")
        .append(" likeness (counted twice), quality and prompt adherence.</p>\n")
        .append(curve)
        .append("</details>\n<footer><p>Generated by likeness ")
        .append(ReportText.escape(LikenessVersion.current()))
        .append(" with the base model ")
        .append(ReportText.escape(made.base()))
        .append(".</p></footer>\n</body></html>\n");
    return page.toString();
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

  private void requireCount(List<?> given, String what) {
    if (!given.isEmpty() && given.size() != shoot.headshots().size()) {
      throw new IllegalArgumentException("number of " + what + ": " + given.size()
          + ", number of headshots: " + shoot.headshots().size() + "; give one for each headshot");
    }
  }

  static long usable(List<Entry> entries) {
    return entries.stream()
        .filter(entry -> entry.recommended && entry.isFlawless())
        .count();
  }

  /** All headshots: those without a flaw are recommended, or else the one with the best scores. */
  private static List<Entry> all(
      List<Headshot> headshots, List<ScoreCard> cards, List<Authenticity.Result> differences) {
    boolean anyFlawless = cards.isEmpty() || cards.stream().anyMatch(ReportText::isFlawless);
    Optional<ScoreCard> best = cards.stream().max(Comparator.comparingDouble(ShootReport::merit));
    List<Entry> entries = new ArrayList<>();
    for (int i = 0; i < headshots.size(); i++) {
      ScoreCard card = cards.isEmpty() ? null : cards.get(i);
      boolean use =
          card == null || (anyFlawless ? ReportText.isFlawless(card) : card == best.get());
      String why = card == null
          ? "This image was not checked."
          : ReportText.isFlawless(card)
              ? "No flaw was found."
              : use ? "No image is free of flaws; this one has the best scores." : "";
      entries.add(new Entry(
          headshots.get(i),
          Headshot.fileName(i),
          card,
          why,
          "",
          use,
          differences.isEmpty() ? Set.of() : differences.get(i).flags()));
    }
    entries.sort(Comparator.comparingDouble(entry -> entry.card == null ? 0 : -merit(entry.card)));
    return entries;
  }

  private static double merit(ScoreCard card) {
    return card.quality() * card.likeness();
  }

  /** All candidates: the kept ones, the best first, then the others. */
  private static List<Entry> selected(
      SelectionResult choice, Shoot delivered, List<Authenticity.Result> differences) {
    return choice.verdicts().stream()
        .sorted(Comparator.comparingInt(
            verdict -> verdict.isSelected() ? verdict.rank() : Integer.MAX_VALUE))
        .map(verdict -> entry(verdict, delivered, differences))
        .toList();
  }

  private static Entry entry(
      SelectionResult.Verdict verdict, Shoot delivered, List<Authenticity.Result> differences) {
    SelectionResult.Candidate candidate = verdict.candidate();
    int index = verdict.rank() - 1;
    String flawless = candidate.card().failures().isEmpty() ? "No flaw was found. " : "";
    String reason = verdict.reason().replaceFirst("^(not )?kept(: | )", "");
    String why = verdict.isSelected()
        ? flawless + (index == 0 ? "It is the best of all." : "It differs from the images before.")
        : flawless
            + (flawless.isEmpty() ? "Flawless images come first." : ReportText.sentence(reason));
    String numbers = String.format(
            Locale.ROOT, "<p>Ranking score: %.2f</p>", verdict.rankingScore())
        + (Double.isNaN(candidate.promptAdherence())
            ? ""
            : String.format(
                Locale.ROOT, "<p>Prompt adherence: %.0f %%</p>", 100 * candidate.promptAdherence()))
        + (candidate.hasRegeneratedFace() ? "<p>The face was generated again.</p>" : "");
    return new Entry(
        verdict.isSelected() ? delivered.headshots().get(index) : candidate.headshot(),
        verdict.isSelected()
            ? Headshot.fileName(index)
            : "Seed " + candidate.headshot().seed(),
        candidate.card(),
        why,
        numbers,
        verdict.isSelected(),
        verdict.isSelected() && !differences.isEmpty() ? differences.get(index).flags() : Set.of());
  }

  private void appendImages(StringBuilder page, List<Entry> entries) {
    List<Entry> use = entries.stream().filter(Entry::recommended).toList();
    List<Entry> others = entries.stream().filter(entry -> !entry.recommended).toList();
    if (!use.isEmpty()) {
      String heading = !made.fitsPerson()
          ? "The best images, but not of this person"
          : usable(entries) == 0 ? "The best images, with flaws" : "Use these";
      page.append("<section id=\"use\"><h2>")
          .append(heading)
          .append("</h2>\n<div class=\"grid\">\n");
      String kind = made.fitsPerson() ? "use fits" : "use";
      use.forEach(entry -> appendFigure(page, entry, kind, LARGE_SIDE));
      page.append("</div></section>\n");
    }
    if (!others.isEmpty()) {
      page.append("<section id=\"others\"><h2>")
          .append(choice.isPresent() ? "Not chosen" : "Not recommended")
          .append("</h2>\n")
          .append(
              choice.isPresent()
                  ? "<p class=\"note\">These are not saved as files. The reason is below each"
                      + " image.</p>\n"
                  : "<p class=\"note\">The reason is below each image.</p>\n")
          .append("<div class=\"grid small\">\n");
      others.forEach(entry -> appendFigure(page, entry, "other", SMALL_SIDE));
      page.append("</div></section>\n");
    }
  }

  private void appendFigure(StringBuilder page, Entry entry, String kind, int side) {
    Headshot headshot = entry.headshot;
    String style = headshot.style().title();
    String flaws = entry.card == null ? "" : ReportText.flaws(entry.card);
    String alike = entry.recommended && entry.card != null ? ReportText.likeness(entry.card) : "";
    String look = flaws.isEmpty() || !entry.recommended ? flaws : "Look closely: " + flaws;
    String text = Stream.of(
            entry.recommended ? entry.why : look,
            alike,
            entry.recommended ? look : entry.why,
            ReportText.differences(entry.flags),
            ReportText.enlargement(headshot))
        .filter(part -> !part.isBlank())
        .map(part -> "<p>" + ReportText.escape(part.strip()) + "</p>")
        .collect(Collectors.joining());
    page.append("<figure class=\"")
        .append(kind)
        .append("\"><img alt=\"")
        .append(ReportText.escape("Generated headshot " + entry.name + ", style " + style))
        .append("\" src=\"")
        .append(ReportText.dataUri(
            marking.encodePng(ReportText.fit(headshot.image(), side), headshot.isEdited())))
        .append("\"><figcaption><h3>")
        .append(ReportText.escape(entry.name))
        .append("</h3><p class=\"style\">")
        .append(ReportText.escape(style))
        .append("</p>")
        .append(text)
        .append("<details><summary>Numbers</summary><p>Prompt: ")
        .append(ReportText.escape(headshot.request().prompt()))
        .append("</p><p>Seed: ")
        .append(headshot.seed())
        .append("</p>")
        .append(entry.numbers)
        .append(entry.card == null ? "" : ReportText.scores(entry.card))
        .append("</details></figcaption></figure>\n");
  }
}
