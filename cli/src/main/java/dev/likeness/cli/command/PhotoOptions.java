package dev.likeness.cli.command;

import dev.likeness.cli.console.Console;
import dev.likeness.cli.paths.PathUse;
import dev.likeness.cli.paths.PathUse.Use;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.model.ModelExtras;
import dev.likeness.headshots.person.PersonProfile;
import dev.likeness.photos.AcceptedPhoto;
import dev.likeness.photos.Photo;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.PhotoVerdict;
import dev.likeness.photos.ReviewOptions;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.quality.Reason;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options for photos, consent and known traits. */
@Command(optionListHeading = "Photos and consent")
public final class PhotoOptions {
  @PathUse(Use.PHOTOS)
  @Option(
      names = "--photos",
      paramLabel = "PHOTO|DIR",
      arity = "1..*",
      description = "3 to 20 photos of one person: files, folders, or both; captions for training "
          + "may lie beside them, in a.txt or a.caption for a.jpg, and photos in a folder 10_NAME "
          + "count 10 times")
  private List<Path> photos = List.of();

  @Mixin
  private WhoOption who;

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
    return !photos.isEmpty();
  }

  /** Returns the consent for a person file that records none. */
  ConsentOptions missingConsent() {
    return consent;
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

  /** Returns true if a photo of the wanted person is given. */
  boolean hasPersonPhoto() {
    return who.isGiven();
  }

  /**
   * Reviews the photos. If they show several people, asks the user to choose one.
   *
   * @param tools the tools, which the caller closes
   * @throws IllegalArgumentException if the consent is missing, before any work
   */
  PhotoReview review(ReviewTools tools, Console console) {
    return review(tools, ReviewOptions.defaults(), console);
  }

  /**
   * Reviews the photos without external converters, which would read them from a temporary file.
   */
  PhotoReview reviewInMemory(ReviewTools tools, Console console) {
    DecodeLimits limits = DecodeLimits.DEFAULT.withoutPrograms();
    return review(tools, ReviewOptions.defaults().withDecodeLimits(limits), console);
  }

  private PhotoReview review(ReviewTools tools, ReviewOptions options, Console console) {
    consent();
    who.requireEmbedder(tools);
    PhotoSet set = PhotoSet.from(photos);
    printNotices(set, console);
    return who.choose(PhotoReview.of(set, tools, options), photos, tools, console);
  }

  /** Prints what is not used of the folder of the photos. */
  static void printNotices(PhotoSet set, Console console) {
    set.notices().forEach(console.err()::println);
    console.err().flush();
  }

  /**
   * Prints the review to standard error.
   *
   * @throws InvalidInputException if the photos show several people and none was chosen
   */
  static void printOfOnePerson(PhotoReview review, Console console) {
    printOfOnePerson(review, console, console.err());
  }

  /**
   * Prints the review to the given stream.
   *
   * @throws InvalidInputException if the photos show several people and none was chosen. The
   *     message does not name the groups, because they are printed before it
   */
  static void printOfOnePerson(PhotoReview review, Console console, PrintWriter out) {
    ReviewText.lines(review, !console.asks()).forEach(out::println);
    out.flush();
    if (review.isPersonUnclear()) {
      throw new InvalidInputException("the photos seem to show "
          + review.groups().size() + " people; give a photo of the wanted person: --who FILE");
    }
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
      return lines(review, true);
    }

    /**
     * Returns the lines of a review.
     *
     * @param named false to leave out the groups of people, if a question has named them
     */
    static List<String> lines(PhotoReview review, boolean named) {
      int widest = review.photos().stream()
          .mapToInt(photo -> photo.name().length())
          .max()
          .orElse(0);
      Stream<String> photos = review.photos().stream().map(photo -> line(photo, widest));
      int faces =
          review.photos().stream().mapToInt(photo -> photo.faces().size()).sum();
      String sum = String.format(
          Locale.ROOT,
          "%d of %d photos can be used, readiness %.0f %%; %d face%s found%s",
          review.set().accepted(),
          review.set().photos(),
          100 * review.set().readiness(),
          faces,
          faces == 1 ? " was" : "s were",
          review.comparedBy().map(" and compared by "::concat).orElse(""));
      return Stream.of(
              photos,
              named ? groups(review) : Stream.<String>empty(),
              Stream.of(sum),
              review.set().advice().stream(),
              review.set().toolAdvice().stream())
          .flatMap(lines -> lines)
          .map(Quoted::line)
          .toList();
    }

    // One line for each group, if there are several and none was chosen.
    static Stream<String> groups(PhotoReview review) {
      List<List<AcceptedPhoto>> groups = review.isPersonUnclear() ? review.groups() : List.of();
      return IntStream.range(0, groups.size())
          .mapToObj(i -> "person " + (i + 1) + ": "
              + groups.get(i).stream().map(AcceptedPhoto::name).collect(Collectors.joining(", ")));
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

  /** The option that chooses one of several people in the photos. */
  @Command(optionListHeading = "Photos and consent")
  static final class WhoOption {
    @PathUse(Use.READ)
    @Option(
        names = "--who",
        paramLabel = "FILE",
        description = "a photo of the wanted person, if the photos show several people: "
            + "one of these photos, or any other; needs --embedder, or a base whose face embedder "
            + "is for photographs")
    private Path who;

    boolean isGiven() {
      return who != null;
    }

    /** Refuses the option without a face embedder. */
    void requireEmbedder(ReviewTools tools) {
      if (who != null && tools.embedder().isEmpty()) {
        throw new IllegalArgumentException(
            "--who needs a face embedder, which compares faces; give --embedder FILE");
      }
    }

    /**
     * Returns the review for the wanted person. Without the option, a review that shows several
     * people is returned unchanged if no user can be asked, or if the user chooses none. The
     * question names the groups, so {@link #printOfOnePerson} does not name them after it.
     *
     * @param photos the files and folders of the photos
     * @throws InvalidInputException if the photo does not show a person of the review
     */
    PhotoReview choose(PhotoReview review, List<Path> photos, ReviewTools tools, Console console) {
      if (who != null) {
        return review.withPersonIn(Photo.of(find(photos)), tools);
      }
      List<List<AcceptedPhoto>> groups = review.groups();
      PhotoReview chosen = review;
      boolean asks = console.asks() && review.isPersonUnclear();
      if (asks) {
        ReviewText.groups(review).map(Quoted::line).forEach(console.err()::println);
      }
      while (asks) {
        Optional<String> answer = console.ask("which person do you want? number from 1 to "
            + groups.size() + ", or Enter for none: ");
        Optional<Integer> number = answer.flatMap(text -> numberIn(text, groups.size()));
        if (number.isPresent()) {
          chosen = review.withPerson(groups.get(number.get() - 1).get(0));
        }
        asks = answer.isPresent() && number.isEmpty();
      }
      return chosen;
    }

    private static Optional<Integer> numberIn(String text, int most) {
      return text.matches("[0-9]{1,6}")
              && Integer.parseInt(text) >= 1
              && Integer.parseInt(text) <= most
          ? Optional.of(Integer.parseInt(text))
          : Optional.empty();
    }

    // A name without a folder may be one of the photos.
    private Path find(List<Path> photos) {
      return Stream.concat(
              Stream.of(who),
              photos.stream()
                  .map(place -> Files.isDirectory(place) ? place.resolve(who) : place)
                  .filter(file -> file.endsWith(who)))
          .filter(Files::exists)
          .findFirst()
          .orElseThrow(() -> new InvalidInputException(
              "the photo " + who + " of --who does not exist; give a photo of the wanted person"));
    }
  }
}
