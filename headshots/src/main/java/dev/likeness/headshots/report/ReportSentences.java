package dev.likeness.headshots.report;

import dev.likeness.headshots.person.Authenticity;
import dev.likeness.headshots.score.ScoreAspect;
import dev.likeness.headshots.score.ScoreCard;
import dev.likeness.headshots.shoot.Headshot;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoVerdict;
import dev.likeness.photos.SetVerdict;
import dev.likeness.photos.quality.Reason;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The sentences of a report, for readers who choose images. */
final class ReportSentences {
  private static final Map<Authenticity.Flag, String> DIFFERENCES = new EnumMap<>(Map.of(
      Authenticity.Flag.LOW_LIKENESS,
      "It looks less like the photos than the photos look like each other.",
      Authenticity.Flag.YOUNGER,
      "The skin is smoother than in all photos, so the person may look younger than they are.",
      Authenticity.Flag.SLIMMER,
      "The face is narrower than in all photos.",
      Authenticity.Flag.LIGHTER_SKIN,
      "The skin is lighter than in all photos."));

  private ReportSentences() {}

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
    return clauses.stream().map(ReportSentences::sentence).collect(Collectors.joining(" "));
  }

  /** The flaws of an image; empty if there are none. */
  static String flaws(ScoreCard card) {
    return sentences(card.failures().stream().map(ScoreCard.Score::failureText).toList());
  }

  /** The differences of an image from the photos; empty if there are none. */
  static String differences(Set<Authenticity.Flag> flags) {
    return flags.stream()
        .sorted()
        .filter(DIFFERENCES::containsKey)
        .map(DIFFERENCES::get)
        .collect(Collectors.joining(" "));
  }

  /** The sentences about an image that is shown first: why to use it, and where to look closely. */
  static List<String> ofBest(
      Headshot headshot, Optional<ScoreCard> card, String reason, Set<Authenticity.Flag> flags) {
    String flaws = card.map(ReportSentences::flaws).orElse("");
    return withoutBlanks(
        reason,
        card.map(ReportSentences::likeness).orElse(""),
        flaws.isEmpty() ? "" : "Look closely: " + flaws,
        differences(flags),
        enlargement(headshot));
  }

  /** The sentences about an image that is not recommended: its flaws first. */
  static List<String> ofOther(
      Headshot headshot, Optional<ScoreCard> card, String reason, Set<Authenticity.Flag> flags) {
    return withoutBlanks(
        card.map(ReportSentences::flaws).orElse(""),
        reason,
        differences(flags),
        enlargement(headshot));
  }

  private static List<String> withoutBlanks(String... sentences) {
    return Stream.of(sentences)
        .filter(part -> !part.isBlank())
        .map(String::strip)
        .toList();
  }

  /** The heading of the images that are shown first. */
  static String heading(ShootSummary made, List<Recommendation.Choice> best) {
    String images = best.size() == 1 ? "The best image" : "The best images";
    if (!made.fitsPerson()) {
      return images + ", but not of this person";
    }
    if (best.get(0).card().isEmpty()) {
      return "Not checked";
    }
    return !best.get(0).isRecommended()
        ? images + ", with flaws"
        : best.size() == 1 ? "Use this" : "Use these";
  }

  /** How much an image was enlarged; empty if it was not. */
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

  /** Whether the face in an image was recognised; empty if it was not, or not judged. */
  static String likeness(ScoreCard card) {
    return card.of(ScoreAspect.LIKENESS)
        .filter(ScoreCard.Score::hasLimit)
        .filter(ScoreCard.Score::isPassed)
        .map(score -> score.person() == 0
            ? "The face recognition network recognises the person of the photos in it."
            : "The face recognition network finds every person of the photos in it.")
        .orElse("");
  }

  /** The reasons against a photo, or the warnings about it. */
  static String reasons(PhotoVerdict photo) {
    return sentences(photo.reasons().stream().map(Reason::message).toList());
  }

  /**
   * What a reader can do next, the most useful first.
   *
   * @param isFile true for a file, whose reader has the command, and may pass the file on; false
   *     for a page that has buttons for the same
   */
  static List<String> nextSteps(ShootSummary made, boolean anyFlawless, boolean isFile) {
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
      steps.add((anyFlawless
              ? "For more choice, generate more images, other styles, or another seed, and keep"
                  + " the best ones."
              : "Generate more images and keep the best ones; many flaws appear in some"
                  + " images only.")
          + (isFile
              ? " With the command, in which the names in capitals are yours: ./likeness headshot"
                  + " --person FILE --base BASE --count 8 --keep 3 --out DIR."
              : ""));
      steps.add("Something is nearly right? Edit that image: other clothes, backdrop, light or"
          + " expression."
          + (isFile
              ? " With the command: ./likeness edit IMAGE --person FILE --base BASE"
                  + " --outfit TEXT --out DIR."
              : ""));
    }
    steps.add("When you publish an image, say that it was generated, for example: “AI-generated"
        + " portrait”. Each file says so in its metadata too, but some sites remove metadata.");
    if (isFile) {
      steps.add("Keep this page private: it shows the person and the names of photos.");
    }
    return steps;
  }

  /** What generated headshots are not. */
  static List<String> limits() {
    return List.of(
        "They are not photographs. No camera took them; skin, teeth, ears, hair and clothes are"
            + " made up and may differ from the person’s.",
        "They are not proof of identity. Do not use them for passports, identity cards, visas,"
            + " exams, or wherever a photograph is required.",
        "They do not prove that the person was in a place, wore these clothes, or agreed to a"
            + " message.",
        "The checks find many flaws, not all. They were set with rendered faces. Look at eyes,"
            + " teeth, ears, hands and the edge of the hair yourself.",
        "The best image is the best by these checks: images without a flaw come first, then those"
            + " with the highest likeness, which counts twice, quality and agreement with the"
            + " requested words. A flaw that no check measures, such as a blotch in one eye, does not"
            + " change the order.");
  }
}
