package dev.likeness.headshots.report;

import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.headshots.person.Authenticity;
import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreCard;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoVerdict;
import dev.likeness.photos.SetVerdict;
import dev.likeness.photos.internal.image.Resampler;
import dev.likeness.photos.quality.Reason;
import dev.likeness.photos.quality.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The sentences of a report, for readers who choose images, and its parts as HTML. */
final class ReportText {
  private static final Pattern HIDDEN = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Cs}\\p{Zl}\\p{Zp}]");
  private static final Map<Authenticity.Flag, String> DIFFERENCES = new EnumMap<>(Map.of(
      Authenticity.Flag.LOW_LIKENESS,
      "It looks less like the photos than the photos look like each other.",
      Authenticity.Flag.YOUNGER,
      "The skin is smoother than in all photos, so the person may look younger than they are.",
      Authenticity.Flag.SLIMMER,
      "The face is narrower than in all photos.",
      Authenticity.Flag.LIGHTER_SKIN,
      "The skin is lighter than in all photos."));

  private static final int THUMBNAIL = 160;

  private ReportText() {}

  /** Escapes text for HTML, and shows hidden characters by their codes. */
  static String escape(String raw) {
    String shown = HIDDEN
        .matcher(raw.replaceAll("\\s", " "))
        .replaceAll(
            hidden -> String.format(Locale.ROOT, "\\\\u%04x", hidden.group().codePointAt(0)));
    return shown
        .replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;")
        .replace("'", "&#39;");
  }

  /** A clause as a sentence: an upper-case letter first, a full stop last. */
  static String sentence(String clause) {
    String text = clause.strip();
    return text.isEmpty()
        ? ""
        : text.substring(0, 1).toUpperCase(Locale.ROOT)
            + text.substring(1)
            + (text.matches(".*[.!?]") ? "" : ".");
  }

  static String sentences(List<String> clauses) {
    return clauses.stream().map(ReportText::sentence).collect(Collectors.joining(" "));
  }

  /** The flaws of an image as sentences; empty if there are none. */
  static String flaws(ScoreCard card) {
    return sentences(card.failures().stream().map(ScoreCard.Score::failureText).toList());
  }

  /** The differences of an image from the photos as sentences; empty if there are none. */
  static String differences(Set<Authenticity.Flag> flags) {
    return flags.stream()
        .sorted()
        .filter(DIFFERENCES::containsKey)
        .map(DIFFERENCES::get)
        .collect(Collectors.joining(" "));
  }

  /** A sentence about enlargement; empty if the image was not enlarged. */
  static String enlargement(Headshot headshot) {
    return headshot.enlargement() <= 1
        ? ""
        : String.format(
            Locale.ROOT,
            "Enlarged %.1f times to %d × %d pixels, so it is less sharp than its size suggests.",
            headshot.enlargement(),
            headshot.image().width(),
            headshot.image().height());
  }

  /** The first sentence of a report: which images can be used. */
  static String verdict(ShootSummary made, int images, int flawless, String best) {
    if (images == 0) {
      return "There are no images.";
    }
    if (!made.fitsPerson()) {
      return "Do not use these images for the person in the photos: the face is made up.";
    }
    String first = images == 1 ? "" : " Begin with " + best + ".";
    if (flawless == 0) {
      return (images == 1 ? "The image has" : "All " + images + " images have")
          + " a visible flaw. Generate more before you use one.";
    }
    return flawless == images
        ? (images == 1
            ? "The image can be used: no flaw was found."
            : "All " + images + " images can be used: no flaw was found." + first)
        : "Use " + flawless + " of " + images + " images: no flaw was found in "
            + (flawless == 1 ? "it." : "them.") + first;
  }

  /** What a reader can do next, the most useful first. */
  static List<String> nextSteps(ShootSummary made, int flawless) {
    List<String> steps = new ArrayList<>();
    if (!made.fitsPerson()) {
      steps.add("Choose a base model that was trained on photographs, and train the person again."
          + " Nothing else makes the images look like the person.");
    }
    Optional<SetVerdict> set = made.review().map(PhotoReview::set);
    set.map(SetVerdict::advice)
        .filter(advice -> !advice.isEmpty())
        .ifPresent(
            advice -> steps.add("Better photos give a better likeness. " + sentences(advice)));
    if (made.fitsPerson()) {
      steps.add((flawless == 0
              ? "Generate more images and keep the best ones; many flaws appear in some"
                  + " images only."
              : "For more choice, generate more images, other styles, or another seed, and keep"
                  + " the best ones.")
          + " With the command, add: --count 8 --keep 3.");
      steps.add("Something is nearly right? Edit that image: other clothes, backdrop, light or"
          + " expression. With the command: edit IMAGE --person FILE --outfit TEXT --out DIR.");
    }
    steps.add("When you publish an image, say that it was generated, for example: “AI-generated"
        + " portrait”. Each file says so in its metadata too, but some sites remove metadata.");
    steps.add("Keep this page private: it shows the person and the names of photos.");
    return steps;
  }

  /** What generated headshots are not. */
  static List<String> limits(ShootSummary made) {
    List<String> limits = new ArrayList<>();
    limits.add("They are not photographs. No camera took them; skin, teeth, ears, hair and clothes"
        + " are made up and may differ from the person’s.");
    limits.add("They are not proof of identity. Do not use them for passports, identity cards,"
        + " visas, exams, or wherever a photograph is required.");
    limits.add("They do not prove that the person was in a place, wore these clothes, or agreed to"
        + " a message.");
    limits.add("The checks find many flaws, not all. They were set with rendered faces. Look at"
        + " eyes, teeth, ears, hands and the edge of the hair yourself.");
    return limits;
  }

  /** True if a card has no flaw. */
  static boolean isFlawless(ScoreCard card) {
    return card.failures().isEmpty();
  }

  /** How many images the judge of likeness takes for the person; empty if it judged none. */
  static String likeness(List<ScoreCard> cards) {
    List<ScoreCard.Score> judged = cards.stream()
        .flatMap(card -> card.of(ScoreAspect.LIKENESS).stream())
        .filter(ScoreCard.Score::hasLimit)
        .toList();
    long alike = judged.stream().filter(ScoreCard.Score::isPassed).count();
    return judged.isEmpty()
        ? ""
        : judged.get(0).person() == 0
            ? " It recognises the person in " + alike + " of " + judged.size() + " images."
            : " It finds every person in " + alike + " of " + judged.size() + " images.";
  }

  /** The likeness of an image in words; empty if it was not judged. */
  static String likeness(ScoreCard card) {
    return card.of(ScoreAspect.LIKENESS)
        .filter(ScoreCard.Score::hasLimit)
        .filter(ScoreCard.Score::isPassed)
        .map(score -> score.person() == 0
            ? "The face recognition network recognises the person of the photos in it."
            : "The face recognition network finds every person of the photos in it.")
        .orElse("");
  }

  /** A table of scores, for a fold. */
  static String scores(ScoreCard card) {
    String rows = card.scores().stream()
        .map(score -> String.format(
            Locale.ROOT,
            "<tr class=\"%s\"><td>%s</td><td>%s</td><td>%s</td></tr>%n",
            score.isPassed() ? "well" : "failed",
            escape(score.label() + (score.isPassed() ? "" : ": " + score.failureText())),
            score.valueText(),
            score.limitText()))
        .collect(Collectors.joining());
    return "<table><tr><th>aspect</th><th>value</th><th>limit</th></tr>\n" + rows + "</table>";
  }

  /** Appends the warnings, the verdict and the summary. */
  static void appendHead(StringBuilder page, ShootSummary made, List<ShootReport.Entry> entries) {
    boolean scored = entries.stream().anyMatch(entry -> entry.card() != null);
    page.append("<header><h1>Your headshots</h1>\n");
    if (!made.warnings().isEmpty()) {
      page.append("<div class=\"warning\" role=\"note\"><p><b>Read this first.</b> ")
          .append(made.warnings().stream()
              .map(ReportText::escape)
              .collect(Collectors.joining("</p><p>")))
          .append("</p></div>\n");
    }
    page.append("<p class=\"verdict\">")
        .append(escape(
            scored || !made.fitsPerson()
                ? verdict(
                    made,
                    entries.size(),
                    (int) ShootReport.usable(entries),
                    entries.isEmpty() ? "" : entries.get(0).name())
                : "The images were not checked. Look at them closely before you use one."))
        .append("</p>\n<p>")
        .append(escape(made.source()
            + (made.warnings().contains(made.likeness()) ? "" : " " + made.likeness())
            + likeness(entries.stream()
                .map(ShootReport.Entry::card)
                .filter(Objects::nonNull)
                .toList())))
        .append("</p>\n");
    if (!made.consent().isEmpty()) {
      page.append("<p>Consent: “").append(escape(made.consent())).append("”</p>\n");
    }
    page.append("<p class=\"note\">These are generated images, not photographs.</p></header>\n");
  }

  /** The photos that were used, and why others were not. */
  static void appendPhotos(StringBuilder page, PhotoReview review) {
    List<PhotoVerdict> out = review.photos().stream()
        .filter(photo -> photo.verdict() == Verdict.REJECT)
        .toList();
    page.append("<section id=\"photos\"><h2>The photos</h2>\n<p>")
        .append(review.accepted().size())
        .append(" of ")
        .append(review.photos().size())
        .append(review.photos().size() == 1 ? " photo was used." : " photos were used.")
        .append(review
            .comparedBy()
            .map(name -> " The face recognition network " + escape(name)
                + " checked whether they show one person.")
            .orElse(""))
        .append(out.isEmpty() ? "" : " Left out:")
        .append("</p>\n");
    if (!out.isEmpty()) {
      page.append("<ul>\n");
      out.forEach(photo -> page.append("<li><b>")
          .append(escape(photo.name()))
          .append("</b>: ")
          .append(escape(reasons(photo)))
          .append("</li>\n"));
      page.append("</ul>\n");
    }
    page.append("<div class=\"grid photos\">\n");
    // Several photos may have the same name, so accepted photos are matched by their order.
    Iterator<AcceptedPhoto> accepted = review.accepted().iterator();
    for (PhotoVerdict photo : review.photos()) {
      if (photo.verdict() != Verdict.REJECT) {
        page.append("<figure class=\"photo\"><img alt=\"")
            .append(escape("Photo " + photo.name()))
            .append("\" src=\"")
            .append(dataUri(fit(accepted.next().image(), THUMBNAIL).toPng()))
            .append("\"><figcaption><b>")
            .append(escape(photo.name()))
            .append("</b><p>")
            .append(escape(photo.reasons().isEmpty() ? "" : "Used. " + reasons(photo)))
            .append("</p></figcaption></figure>\n");
      }
    }
    page.append("</div></section>\n");
  }

  private static String reasons(PhotoVerdict photo) {
    return sentences(photo.reasons().stream().map(Reason::message).toList());
  }

  /** A section that is a list of sentences. */
  static void appendList(
      StringBuilder page, String id, String heading, String list, List<String> items) {
    page.append("<section id=\"").append(id).append("\"><h2>").append(heading).append("</h2>\n<");
    page.append(list).append(">\n");
    items.forEach(item -> page.append("<li>").append(escape(item)).append("</li>\n"));
    page.append("</").append(list).append("></section>\n");
  }

  /** The image, reduced to sides of at most {@code side} pixels. */
  static RgbImage fit(RgbImage image, int side) {
    return Math.max(image.width(), image.height()) <= side
        ? image
        : Resampler.AREA.fit(image, side);
  }

  static String dataUri(byte[] png) {
    return "data:image/png;base64," + Base64.getEncoder().encodeToString(png);
  }

  /** The text of a resource beside this class. */
  static String resource(String name) {
    try (InputStream in = ReportText.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new IllegalStateException("the jar of Likeness is damaged; download it again", e);
    }
  }
}
