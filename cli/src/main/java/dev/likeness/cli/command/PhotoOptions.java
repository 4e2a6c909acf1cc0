package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
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
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Option;

/** Whose photos, and who agreed that they are learnt from. */
public final class PhotoOptions {
  @Option(names = "--photos", paramLabel = "DIR", description = "3 to 20 photos of one person")
  private Path photos;

  @Option(
      names = "--consent",
      paramLabel = "TEXT",
      description =
          "who agreed to what, kept with the person's file; "
              + "needed with --photos, except for photos of rendered people, and with a --person whose file records none")
  private String consent;

  @Option(
      names = "--trait",
      paramLabel = "SLOT=WORDS",
      description = "what you know of how they look, such as "
          + "\"glasses=round glasses\"; without words, as in \"glasses=\", nothing is said of it and nothing guessed; the rest "
          + "is found out; may be given several times")
  private Map<String, String> traits = Map.of();

  /** What is said of how the person looks. */
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

  /** The consent of a person who is kept in a file that records none. */
  MissingConsent missingConsent() {
    return new MissingConsent(consent);
  }

  /** Refuses to write beside the photos, where results would be taken for photos the next time. */
  void requireSeparateFolder(Path out) {
    try {
      if (photos != null && Files.isDirectory(out) && Files.isSameFile(photos, out)) {
        throw new IllegalArgumentException(
            "--out is the photos' own folder, where headshots would be taken for photos the next time;"
                + " choose another");
      }
    } catch (IOException e) {
      throw new InvalidInputException("cannot look at " + out + ": " + e.getMessage(), e);
    }
  }

  /** Says what is to be expected where real photos are for a base that knows none. */
  void warn(BaseOptions base, Console console) {
    if (isGiven()
        && !ModelExtras.in(base.folder()).photographs()
        && !SyntheticPhotos.isSyntheticFolder(photos)) {
      console
          .err()
          .println(base.name() + " knows rendered people alone; for photographs give --base a"
              + " model that was trained on photographs");
    }
  }

  /** Looks at the photos; refuses before any work when nobody is said to have agreed. */
  PhotoReview review() {
    try (ReviewTools tools = ReviewTools.builtIn()) {
      return review(tools);
    }
  }

  /** The same with other tools, which stay the caller's to close. */
  PhotoReview review(ReviewTools tools) {
    consent();
    return PhotoReview.of(PhotoSet.from(photos), tools);
  }

  /** The same without programs that convert photos, which would read them from a temporary file. */
  PhotoReview reviewInMemory(ReviewTools tools) {
    consent();
    return PhotoReview.of(
        PhotoSet.from(photos),
        tools,
        ReviewOptions.defaults().withDecodeLimits(DecodeLimits.DEFAULT.withoutPrograms()));
  }

  Consent consent() {
    if (consent != null) {
      return Consent.of(consent);
    }
    PhotoSet.from(photos);
    if (SyntheticPhotos.isSyntheticFolder(photos)) {
      return Consent.synthetic();
    }
    throw new IllegalArgumentException(
        "--consent TEXT is missing: say who agreed to what, such as \"Ada Byron, "
            + "2026-11-20: headshots for my own use\"; only photos of rendered people need none");
  }

  /**
   * A review of photos as lines for people: one a photo, then how many can be used and what the set
   * lacks.
   */
  public static final class ReviewText {
    private ReviewText() {}

    /** The lines of a review. */
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
