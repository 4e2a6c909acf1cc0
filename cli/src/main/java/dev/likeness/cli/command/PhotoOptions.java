package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.model.ModelExtras;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.PhotoVerdict;
import dev.likeness.photos.ReviewOptions;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.quality.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options for photos, consent and known traits. */
@Command(optionListHeading = "Photos and consent")
public final class PhotoOptions {
  @Option(names = "--photos", paramLabel = "DIR", description = "3 to 20 photos of one person")
  private Path photos;

  @Mixin
  private ConsentOptions consent;

  @Option(
      names = "--trait",
      paramLabel = "TRAIT=WORDS",
      description = "known trait of the person, such as \"glasses=round glasses\"; \"glasses=\" "
          + "leaves glasses out of prompts. Other traits are measured in the photos; may be "
          + "repeated")
  private Map<String, String> traits = Map.of();

  /** Returns the traits that the user gives. */
  PersonProfile profile() {
    PersonProfile profile = PersonProfile.UNKNOWN;
    for (Map.Entry<String, String> trait : traits.entrySet()) {
      profile = profile.withCorrection(trait.getKey(), trait.getValue());
    }
    return profile;
  }

  boolean isGiven() {
    return photos != null;
  }

  /** Returns the consent for a person file that records none. */
  ConsentOptions missingConsent() {
    return consent;
  }

  /** Refuses an output folder that is the folder of the photos. */
  void requireSeparateFolder(Path out) {
    try {
      if (photos != null && Files.isDirectory(out) && Files.isSameFile(photos, out)) {
        throw new IllegalArgumentException(
            "--out is the folder of the photos; headshots in it would be read as photos next time;"
                + " choose another");
      }
    } catch (IOException e) {
      throw new InvalidInputException("cannot read " + out + ": " + e.getMessage(), e);
    }
  }

  /** Prints a warning if photographs are given to a base trained on rendered people only. */
  void warn(BaseOptions base, Console console) {
    if (isGiven() && !ModelExtras.in(base.folder()).photographs() && !ExamplePhotos.isIn(photos)) {
      console
          .err()
          .println(
              base.name() + " was trained on rendered people only; for photographs give --base a"
                  + " model that was trained on photographs");
    }
  }

  /**
   * Reviews the photos.
   *
   * @throws IllegalArgumentException if the consent is missing, before any work
   */
  PhotoReview review() {
    try (ReviewTools tools = ReviewTools.builtIn()) {
      return review(tools);
    }
  }

  /** Reviews the photos with {@code tools}, which the caller closes. */
  PhotoReview review(ReviewTools tools) {
    consent();
    return PhotoReview.of(PhotoSet.from(photos), tools);
  }

  /**
   * Reviews the photos without external converters, which would read them from a temporary file.
   */
  PhotoReview reviewInMemory(ReviewTools tools) {
    consent();
    return PhotoReview.of(
        PhotoSet.from(photos),
        tools,
        ReviewOptions.defaults().withDecodeLimits(DecodeLimits.DEFAULT.withoutPrograms()));
  }

  Consent consent() {
    Optional<Consent> given = consent.consent();
    if (given.isPresent()) {
      return given.get();
    }
    PhotoSet.from(photos);
    if (ExamplePhotos.isIn(photos)) {
      return Consent.synthetic();
    }
    throw new IllegalArgumentException(
        "--consent TEXT is missing: say who agreed to what, such as \"Ada Byron, "
            + "2026-11-20: headshots for my own use\"; only the example photos need none");
  }

  /**
   * Formats a review as lines: one for each photo, then the number of usable photos and the
   * weaknesses of the set.
   */
  public static final class ReviewText {
    private ReviewText() {}

    /** Returns the lines of a review. Line breaks in file names are escaped. */
    public static List<String> lines(PhotoReview review) {
      int widest = review.photos().stream()
          .mapToInt(photo -> photo.name().length())
          .max()
          .orElse(0);
      Stream<String> photos = review.photos().stream().map(photo -> line(photo, widest));
      String sum = String.format(
          Locale.ROOT,
          "%d of %d photos can be used, readiness %.0f %%",
          review.set().accepted(),
          review.set().photos(),
          100 * review.set().readiness());
      return Stream.of(photos, Stream.of(sum), review.set().advice().stream())
          .flatMap(lines -> lines)
          .map(Quoted::line)
          .toList();
    }

    private static String line(PhotoVerdict photo, int widest) {
      String why = photo.reasons().stream().map(Reason::message).collect(Collectors.joining("; "));
      return String.format(
              Locale.ROOT,
              "%-" + widest + "s  %-6s  %s",
              photo.name(),
              photo.verdict().id(),
              why)
          .stripTrailing();
    }
  }
}
