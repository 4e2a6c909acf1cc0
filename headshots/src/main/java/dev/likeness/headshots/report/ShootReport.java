package dev.likeness.headshots.report;

import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.headshots.score.ScoreCard;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.headshots.shoot.SelectionResult;
import dev.likeness.headshots.shoot.Shoot;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoVerdict;
import dev.likeness.photos.internal.image.Resampler;
import dev.likeness.photos.quality.Reason;
import dev.likeness.photos.quality.Verdict;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;

/**
 * A report of a shoot as one self-contained HTML page: the photos with their review, and the
 * headshots with their scores. With a selection, it also has the reason why each image was kept or
 * not. It is as private as the photos. Immutable.
 */
public final class ShootReport {
  private static final int THUMBNAIL = 160;
  private static final int IMAGE_SIDE = 512;

  private final String html;

  private ShootReport(String html) {
    this.html = html;
  }

  /**
   * Builds the report.
   *
   * @param shoot the delivered headshots: with a selection, the kept ones in the order of their
   *     ranks, cropped or not
   * @param choice the selection; empty if nothing was selected
   * @param cards one score card for each headshot if there is no selection; empty if there are no
   *     scores
   * @param review the reviewed photos; empty for a person from a file
   * @param marking marks the images in the page as generated, so that a saved image keeps the mark
   * @return the report
   * @throws IllegalArgumentException if {@code shoot} is not the kept headshots, or the number of
   *     cards does not match
   */
  public static ShootReport of(
      Shoot shoot,
      Optional<SelectionResult> choice,
      List<ScoreCard> cards,
      Optional<PhotoReview> review,
      GeneratedImage.Marking marking) {
    if (!cards.isEmpty() && cards.size() != shoot.headshots().size()) {
      throw new IllegalArgumentException(cards.size() + " score cards for "
          + shoot.headshots().size() + " headshots; give one for each");
    }
    StringBuilder page = new StringBuilder();
    page.append(
            "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Headshots</title><style>\n")
        .append(readResource("report.css"))
        .append("</style></head><body>\n<h1>Headshots</h1>\n")
        .append("<p class=\"note\">Generated images, not photographs; made with likeness ")
        .append(escape(LikenessVersion.current()))
        .append(".</p>\n");
    choice.ifPresentOrElse(
        made -> appendSelected(page, made, shoot, marking),
        () -> appendAll(page, shoot.headshots(), cards, marking));
    review.ifPresent(seen -> appendPhotos(page, seen));
    return new ShootReport(page.append("</body></html>\n").toString());
  }

  /** {@return the HTML page} */
  public String toHtml() {
    return html;
  }

  /**
   * Writes the page. The write is atomic; a new file is readable by its owner only.
   *
   * @param file the file to write
   */
  public void write(Path file) {
    AtomicFile.writePrivate(file, out -> out.write(html.getBytes(StandardCharsets.UTF_8)));
  }

  private static void appendAll(
      StringBuilder page,
      List<Headshot> headshots,
      List<ScoreCard> cards,
      GeneratedImage.Marking marking) {
    page.append(LikenessCurve.svg(cards))
        .append("<h2>")
        .append(headshots.size())
        .append(" generated</h2>\n<div class=\"grid\">\n");
    for (int i = 0; i < headshots.size(); i++) {
      Headshot headshot = headshots.get(i);
      appendFigure(page, "", headshot, Headshot.fileName(i), headshot.request().prompt(), marking);
      if (!cards.isEmpty()) {
        appendScores(page, cards.get(i));
      }
      page.append("</figcaption></figure>\n");
    }
    page.append("</div>\n");
  }

  private static void appendSelected(
      StringBuilder page, SelectionResult choice, Shoot delivered, GeneratedImage.Marking marking) {
    List<SelectionResult.Verdict> kept = choice.verdicts().stream()
        .filter(SelectionResult.Verdict::isSelected)
        .sorted((a, b) -> Integer.compare(a.rank(), b.rank()))
        .toList();
    if (kept.size() != delivered.headshots().size()) {
      throw new IllegalArgumentException(
          "the shoot has " + delivered.headshots().size() + " headshots and the selection keeps "
              + kept.size() + "; give the shoot with the kept headshots");
    }
    List<SelectionResult.Verdict> others =
        choice.verdicts().stream().filter(verdict -> !verdict.isSelected()).toList();
    page.append(
        "<p class=\"note\">Every generated image was scored. The ranking score, up to 1, compares an image with"
            + " the others in likeness (counted twice), quality and prompt adherence. The images with the"
            + " highest ranking scores that differ from each other are kept. A score beyond its limit is"
            + " red, with the reason. Lower scores are better, except for likeness.</p>\n");
    page.append(LikenessCurve.svg(choice));
    page.append("<h2>Kept ")
        .append(kept.size())
        .append(" of ")
        .append(choice.verdicts().size())
        .append("</h2>\n");
    appendVerdicts(page, kept, verdict -> delivered.headshots().get(verdict.rank() - 1), marking);
    if (!others.isEmpty()) {
      page.append("<h2>Not kept</h2>\n");
      appendVerdicts(page, others, verdict -> verdict.candidate().headshot(), marking);
    }
  }

  private static void appendVerdicts(
      StringBuilder page,
      List<SelectionResult.Verdict> verdicts,
      Function<SelectionResult.Verdict, Headshot> image,
      GeneratedImage.Marking marking) {
    page.append("<div class=\"grid\">\n");
    for (SelectionResult.Verdict verdict : verdicts) {
      SelectionResult.Candidate candidate = verdict.candidate();
      Headshot headshot = image.apply(verdict);
      String name =
          verdict.isSelected() ? Headshot.fileName(verdict.rank() - 1) : "seed " + headshot.seed();
      appendFigure(
          page,
          verdict.isSelected() ? "selected" : "rejected",
          headshot,
          name,
          verdict.reason(),
          marking);
      page.append(candidate.hasRegeneratedFace() ? "<p>The face was generated again.</p>\n" : "");
      if (!Double.isNaN(candidate.promptAdherence())) {
        page.append(String.format(
            Locale.ROOT, "<p>Prompt adherence: %.0f %%</p>%n", 100 * candidate.promptAdherence()));
      }
      appendScores(page, candidate.card());
      page.append("</figcaption></figure>\n");
    }
    page.append("</div>\n");
  }

  private static void appendScores(StringBuilder page, ScoreCard card) {
    page.append(
        "<details><summary>Scores</summary><table><tr><th>aspect</th><th>value</th><th>limit</th></tr>\n");
    card.scores().forEach(score -> appendScore(page, score));
    page.append("</table></details>");
  }

  private static void appendScore(StringBuilder page, ScoreCard.Score score) {
    page.append(String.format(
        Locale.ROOT,
        "<tr class=\"%s\"><td>%s</td><td>%s</td><td>%s</td></tr>%n",
        score.isPassed() ? "well" : "failed",
        escape(score.aspect().label() + (score.isPassed() ? "" : ": " + score.failureText())),
        score.valueText(),
        score.limitText()));
  }

  private static void appendFigure(
      StringBuilder page,
      String kind,
      Headshot headshot,
      String name,
      String below,
      GeneratedImage.Marking marking) {
    page.append("<figure class=\"")
        .append(kind)
        .append("\"><img alt=\"")
        .append(escape(name))
        .append("\" src=\"")
        .append(dataUri(marking.encodePng(fit(headshot.image(), IMAGE_SIDE), headshot.isEdited())))
        .append("\"><figcaption><b>")
        .append(escape(name))
        .append("</b> ")
        .append(escape(headshot.style().title()))
        .append("<p>")
        .append(escape(below))
        .append("</p>\n");
  }

  private static void appendPhotos(StringBuilder page, PhotoReview review) {
    page.append(
        "<h2>The photos</h2>\n<p class=\"note\">The result of the review. Photos with the verdict keep or warn "
            + "were used; rejected photos were not.</p>\n<div class=\"grid small\">\n");
    // Several photos may have the same name, so accepted photos are matched by their order.
    Iterator<AcceptedPhoto> accepted = review.accepted().iterator();
    for (PhotoVerdict photo : review.photos()) {
      page.append("<figure class=\"").append(escape(photo.verdict().id())).append("\">");
      if (photo.verdict() != Verdict.REJECT) {
        page.append("<img alt=\"\" src=\"")
            .append(dataUri(fit(accepted.next().image(), THUMBNAIL).toPng()))
            .append("\">");
      }
      page.append("<figcaption><b>")
          .append(escape(photo.name()))
          .append("</b> ")
          .append(escape(photo.verdict().id()));
      for (Reason reason : photo.reasons()) {
        page.append("<p>").append(escape(reason.message())).append("</p>");
      }
      page.append("</figcaption></figure>\n");
    }
    page.append("</div>\n");
  }

  private static RgbImage fit(RgbImage image, int side) {
    return Math.max(image.width(), image.height()) <= side
        ? image
        : Resampler.AREA.fit(image, side);
  }

  private static String dataUri(byte[] png) {
    return "data:image/png;base64," + Base64.getEncoder().encodeToString(png);
  }

  private static String escape(String raw) {
    return raw.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  private static String readResource(String name) {
    try (InputStream in = ShootReport.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
