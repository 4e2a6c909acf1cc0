package dev.likeness.headshots.report;

import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.internal.io.AtomicFile;
import dev.likeness.headshots.person.Authenticity;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

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
