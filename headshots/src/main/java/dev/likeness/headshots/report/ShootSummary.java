package dev.likeness.headshots.report;

import dev.likeness.diffusion.BaseModel;
import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.Identity;
import dev.likeness.diffusion.internal.access.EngineAccess;
import dev.likeness.headshots.person.FaceEmbeddings;
import dev.likeness.headshots.person.PersonRecord;
import dev.likeness.headshots.person.PhotoPerson;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.embed.FaceEmbedder;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * A summary of a shoot in plain words: the person, the photos, the base, and the limits of this
 * base and its face embedder. Report, contact sheet and record begin with its warnings. Immutable.
 *
 * @param base the base model's name
 * @param source how many photos or reference images the headshots come from, in words for users
 * @param consent the words of the person's consent; empty if the consent is unknown or the person
 *     is rendered
 * @param warnings sentences that a reader must know first, the most important one first
 * @param fitsPerson false if the base cannot show this person, because it was trained on rendered
 *     people only and the person is real
 * @param likeness how likeness to the person was measured, in words for users
 * @param review the reviewed photos; empty for a person from a file
 */
public record ShootSummary(
    String base,
    String source,
    String consent,
    List<String> warnings,
    boolean fitsPerson,
    String likeness,
    Optional<PhotoReview> review) {
  /** Copies the warnings. */
  public ShootSummary {
    warnings = List.copyOf(warnings);
  }

  /**
   * The photos and the embedder that a summary reports.
   *
   * @param review the reviewed photos; empty for a person from a file
   * @param judge the embedder that measured likeness; empty if likeness was not measured
   */
  public record Evidence(Optional<PhotoReview> review, Optional<FaceEmbedder> judge) {
    /** Neither photos nor a measured likeness. */
    public static final Evidence NONE = new Evidence(Optional.empty(), Optional.empty());

    /**
     * {@return a copy of this evidence with the given photos}
     *
     * @param photos the reviewed photos
     */
    public Evidence review(PhotoReview photos) {
      return new Evidence(Optional.of(photos), judge);
    }

    /**
     * {@return a copy of this evidence with the embedder that measured likeness}
     *
     * @param embedder the embedder
     */
    public Evidence judge(FaceEmbedder embedder) {
      return new Evidence(review, Optional.of(embedder));
    }
  }

  /**
   * Summarises the person, the photos and the base of a shoot.
   *
   * @param base the base model; its folder declares whether it was trained on photographs
   * @param person the person
   * @param kept the record in the person's file
   * @param evidence the reviewed photos, and the embedder that measured likeness
   * @return the summary
   */
  public static ShootSummary of(
      BaseModel base, Identity person, PersonRecord kept, Evidence evidence) {
    Optional<PhotoReview> review = evidence.review();
    Optional<FaceEmbedder> judge = evidence.judge();
    List<String> warnings = new ArrayList<>(warnings(base, person));
    boolean judged = judge.filter(eye -> FaceEmbeddings.canJudge(eye, person)).isPresent();
    String compare = " Compare the images with the photos yourself.";
    String likeness = judge.isEmpty()
        ? "Nothing has checked whether the images look like the person." + compare
        : judged
            ? "A face recognition network has compared every image with the photos."
            : "Nothing has checked whether the images look like the person: the face recognition"
                + " network of this base was made for rendered faces and cannot compare real people."
                + compare;
    if (judge.isPresent() && !judged) {
      warnings.add(likeness);
    }
    return new ShootSummary(
        base.name(),
        source(person, kept, review),
        person
            .consent()
            .filter(given -> !given.isSynthetic())
            .map(Consent::text)
            .orElse(""),
        warnings,
        EngineAccess.extras(base).photographs() || isRendered(person),
        likeness,
        review);
  }

  /**
   * {@return a copy of this summary that says how alike the images are by the face embedder of an
   * adapter} The adapter makes images that this embedder finds alike.
   *
   * @param own mean cosine of headshots and photos by the adapter's own face embedder, from -1 to 1
   */
  public ShootSummary adapterLikeness(double own) {
    return measured(String.format(
        Locale.ROOT,
        " The adapter's own face recognition network measures a mean likeness of %.2f to the photos"
            + " and no other network measured it.",
        own));
  }

  /**
   * {@return a copy of this summary that says how alike the images are by the face embedder of an
   * adapter, and by an independent one} A large gap means that others see less of the person in the
   * images than the adapter.
   *
   * @param own mean cosine of headshots and photos by the adapter's own face embedder, from -1 to 1
   * @param independent mean cosine by another face embedder, from -1 to 1
   */
  public ShootSummary adapterLikeness(double own, double independent) {
    return measured(String.format(
        Locale.ROOT,
        " The adapter's own face recognition network measures a mean likeness of %.2f to the photos"
            + " and another network measures %.2f.",
        own,
        independent));
  }

  /** The adapter makes images for its own network, so the words advise to trust another one. */
  private ShootSummary measured(String numbers) {
    String advice = " The adapter makes images that its own network finds alike, so trust the other"
        + " network and your eyes.";
    return new ShootSummary(
        base, source, consent, warnings, fitsPerson, likeness + numbers + advice, review);
  }

  /**
   * The warnings of a base model for a person: the base only knows rendered people, or the person
   * was trained on another base.
   */
  static List<String> warnings(BaseModel base, Identity person) {
    List<String> warnings = new ArrayList<>();
    if (!EngineAccess.extras(base).photographs()) {
      warnings.add(
          isRendered(person)
              ? "The base model " + base.name() + " only knows rendered people, such as the one in"
                  + " these photos. It cannot show a real person."
              : "The base model " + base.name() + " only knows rendered people. It cannot show a"
                  + " real person: these images show a face that was made up. For real people, use"
                  + " a base model that was trained on photographs.");
    }
    person.baseMismatch(base).ifPresent(warnings::add);
    return warnings;
  }

  private static boolean isRendered(Identity person) {
    return person.consent().filter(Consent::isSynthetic).isPresent();
  }

  private static String source(Identity person, PersonRecord kept, Optional<PhotoReview> review) {
    PhotoPerson asked = PhotoPerson.of(person);
    if (asked.people().size() > 1) {
      return "Nothing was trained; the images show " + asked.people().size()
          + " people from reference images.";
    }
    if (!asked.people().isEmpty() && !asked.isTrained()) {
      int images = asked.people().get(0).images().size();
      return "Nothing was trained; the images were made with " + images + " reference image"
          + (images == 1 ? "" : "s") + " of the person.";
    }
    String verb = asked.isTrained()
        ? "The person was trained from "
        : "Nothing was trained; the images were made from ";
    if (review.isPresent()) {
      int all = review.get().photos().size();
      int used = review.get().accepted().size();
      return verb
          + (used == all ? count(used) : used + " of " + count(all))
          + (used == all
              ? "."
              : "; " + (all - used) + (all - used == 1 ? " was" : " were") + " left out.");
    }
    int known = kept.traits().size();
    return known == 0
        ? verb + "photos that the person's file does not count."
        : verb + count(known)
            + ". They are not shown, because the images were generated from the trained person alone.";
  }

  private static String count(int photos) {
    return photos + (photos == 1 ? " photo" : " photos");
  }
}
