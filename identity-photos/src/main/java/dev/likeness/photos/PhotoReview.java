package dev.likeness.photos;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.decode.PhotoDecoder;
import dev.likeness.photos.embed.FaceEmbedder;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.internal.quality.QualityChecks;
import dev.likeness.photos.quality.Reason;
import dev.likeness.photos.quality.ReasonCode;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The review of a set of photos: a verdict for each photo, the accepted photos, and advice for the
 * set. Immutable.
 */
public final class PhotoReview {
  private final List<PhotoVerdict> photos;
  private final List<Optional<ReviewSheet.Preview>> previews;
  private final List<AcceptedPhoto> accepted;
  private final SetVerdict set;
  private final Basis basis;
  private final boolean isPersonUnclear;

  /**
   * What a review for another person of the same set needs.
   *
   * @param single the result for each photo alone
   * @param identity the groups by person; empty without a face embedder
   * @param embedder the name of the face embedder; empty without one
   * @param duplicates finds near duplicates among the photos
   * @param limits limits for decoding further photos
   * @param hasBuiltInDetector true if the built-in cascades found the faces
   */
  private record Basis(
      List<PhotoIntake.Result> single,
      Optional<IdentityComparison> identity,
      Optional<String> embedder,
      PhotoComparison duplicates,
      DecodeLimits limits,
      boolean hasBuiltInDetector) {
    IdentityComparison requireIdentity() {
      return identity.orElseThrow(() -> new InvalidInputException("the photos were not compared by"
          + " person, as no face embedder was given; review the photos with a face embedder"));
    }
  }

  private PhotoReview(Basis basis, Map<AcceptedPhoto, Reason> others, boolean isPersonUnclear) {
    List<PhotoIntake.Result> ofOne = PhotoIntake.Result.withReasons(basis.single, others);
    List<PhotoIntake.Result> results =
        PhotoIntake.Result.withReasons(ofOne, basis.duplicates.findDuplicates(ofOne));
    this.photos = results.stream().map(PhotoIntake.Result::verdict).toList();
    this.previews = results.stream().map(PhotoIntake.Result::preview).toList();
    this.accepted = acceptedPhotos(results);
    this.basis = basis;
    this.isPersonUnclear = isPersonUnclear;
    this.set = SetVerdict.of(photos, accepted, basis.hasBuiltInDetector)
        .withIdentity(basis.identity.isPresent(), isPersonUnclear);
  }

  /**
   * Reviews a set with {@link ReviewTools#builtIn()} and {@link ReviewOptions#defaults()}.
   *
   * @param set the photos, which should show one person
   * @return the review, with at least one accepted photo
   * @throws NoUsablePhotoException if every photo is rejected; the exception contains the review
   * @throws ResourceLimitException if OpenCV's native libraries are missing
   * @throws CancelledException if the thread is interrupted
   */
  public static PhotoReview of(PhotoSet set) {
    try (ReviewTools tools = ReviewTools.builtIn()) {
      return of(set, tools);
    }
  }

  /**
   * Reviews a set with the given face detector only, without optional tools.
   *
   * @param set the photos, which should show one person
   * @param detector finds the faces; the caller closes it
   * @param options limits, thresholds and the number of threads
   * @return the review, with at least one accepted photo
   * @throws NoUsablePhotoException if every photo is rejected; the exception contains the review
   * @throws CancelledException if the thread is interrupted
   */
  public static PhotoReview of(PhotoSet set, FaceDetector detector, ReviewOptions options) {
    return of(set, ReviewTools.of(detector), options);
  }

  /**
   * Reviews a set with the given tools and the default options ({@link ReviewOptions#defaults()}).
   *
   * @param set the photos, which should show one person
   * @param tools the face detector and optional measures; the caller closes them
   * @return the review, with at least one accepted photo
   * @throws NoUsablePhotoException if every photo is rejected; the exception contains the review
   * @throws CancelledException if the thread is interrupted
   */
  public static PhotoReview of(PhotoSet set, ReviewTools tools) {
    return of(set, tools, ReviewOptions.defaults());
  }

  /**
   * Reviews a set with the given tools and options. With a face embedder, the review also finds
   * photos that show another person, and photos that are crops of the same shot. Without a face
   * embedder, it cannot compare the people, and {@link SetVerdict#toolAdvice()} says so.
   *
   * @param set the photos, which should show one person
   * @param tools the face detector and optional measures; the caller closes them
   * @param options limits, thresholds and the number of threads
   * @return the review, with at least one accepted photo
   * @throws NoUsablePhotoException if every photo is rejected; the exception contains the review
   * @throws CancelledException if the thread is interrupted
   */
  public static PhotoReview of(PhotoSet set, ReviewTools tools, ReviewOptions options) {
    QualityChecks judge =
        new QualityChecks(options.qualityLimits(), tools.brisque(), tools.quality());
    PhotoIntake intake =
        new PhotoIntake(new PhotoDecoder(options.decodeLimits()), tools.detector(), judge);
    List<PhotoIntake.Result> single = intake.reviewAll(set.photos(), options.threads());
    Optional<PhotoComparison.Embeddings> embeddings = tools
        .embedder()
        .map(embedder -> new PhotoComparison.Embeddings(acceptedPhotos(single), embedder));
    PhotoComparison duplicates =
        new PhotoComparison(options.qualityLimits().band(ReasonCode.NEAR_DUPLICATE), embeddings);
    Optional<IdentityComparison> identity =
        embeddings.map(vectors -> new IdentityComparison(acceptedPhotos(single), vectors));
    PhotoReview review = new PhotoReview(
        new Basis(
            single,
            identity,
            tools.embedder().map(FaceEmbedder::name),
            duplicates,
            options.decodeLimits(),
            tools.detector() instanceof CascadeDetector),
        identity.map(IdentityComparison::reasons).orElse(Map.of()),
        identity.filter(IdentityComparison::isAmbiguous).isPresent());
    if (review.accepted.isEmpty()) {
      throw new NoUsablePhotoException(review);
    }
    return review;
  }

  private static List<AcceptedPhoto> acceptedPhotos(List<PhotoIntake.Result> results) {
    return results.stream()
        .map(PhotoIntake.Result::accepted)
        .flatMap(Optional::stream)
        .toList();
  }

  /** {@return one verdict per photo, in the order of the set} */
  public List<PhotoVerdict> photos() {
    return photos;
  }

  /** {@return the accepted photos, in the order of the set; empty if every photo is rejected} */
  public List<AcceptedPhoto> accepted() {
    return accepted;
  }

  /**
   * Returns the accepted photos that are most useful for training. The sharpest photo comes first.
   * Each further photo has the best sum of sharpness and difference from the photos chosen before.
   *
   * @param count the largest number of photos, at least 1
   * @return at most {@code count} photos, the most useful first
   * @throws IllegalArgumentException if {@code count} is below 1
   */
  public List<AcceptedPhoto> best(int count) {
    return PhotoSubset.of(accepted, count);
  }

  /** {@return true if a face embedder checked which photos show the same person} */
  public boolean isIdentityCompared() {
    return basis.identity.isPresent();
  }

  /** {@return the name of the face embedder that compared the photos; empty if there was none} */
  public Optional<String> comparedBy() {
    return basis.embedder;
  }

  /**
   * Returns the photos in groups, one for each person that the photos seem to show. Each photo that
   * passed the quality checks is in one group. A photo that cannot be compared well may be alone in
   * a group, although it shows the person of another group.
   *
   * @return the groups, the largest first; empty if identity was not compared
   */
  public List<List<AcceptedPhoto>> groups() {
    return basis.identity.map(IdentityComparison::groups).orElse(List.of());
  }

  /**
   * Returns true if the photos show several people, and it is unclear which of them to train. The
   * choice is clear if one person is in more than half of the photos of {@link #groups()}, and in
   * at least twice as many photos as any other person. Training refuses an unclear review. Choose a
   * person by {@link #withPerson} or {@link #withPersonIn}, or remove photos.
   *
   * @return true if a person must be chosen
   */
  public boolean isPersonUnclear() {
    return isPersonUnclear;
  }

  /**
   * Checks that it is clear which person to train.
   *
   * @return this review
   * @throws InvalidInputException if {@link #isPersonUnclear()}; the message names the groups
   */
  public PhotoReview requireOnePerson() {
    if (isPersonUnclear) {
      throw new InvalidInputException(basis.requireIdentity().question());
    }
    return this;
  }

  /**
   * Returns the review of this set for the person in one of its photos. Photos outside the group of
   * this photo are rejected. A photo that cannot be compared well can get a warning instead.
   *
   * @param shown a photo of {@link #groups()}
   * @return the review, with at least one accepted photo
   * @throws IllegalArgumentException if the photo is not in {@link #groups()}
   * @throws InvalidInputException if identity was not compared
   */
  public PhotoReview withPerson(AcceptedPhoto shown) {
    return new PhotoReview(basis, basis.requireIdentity().reasons(shown), false);
  }

  /**
   * Returns the review of this set for the person in the named photo. Photos outside the group of
   * this photo are rejected. A photo that cannot be compared well can get a warning instead.
   *
   * @param name the name of a photo of {@link #groups()}
   * @return the review, with at least one accepted photo
   * @throws InvalidInputException if no photo of {@link #groups()} has the name, or identity was
   *     not compared
   */
  public PhotoReview withPerson(String name) {
    return withPerson(basis.requireIdentity().groups().stream()
        .flatMap(List::stream)
        .filter(photo -> photo.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new InvalidInputException("the set has no usable photo "
            + Quoted.of(name) + "; give the name of a usable photo of the person")));
  }

  /**
   * Returns the review of this set for the person in {@code shown}. Photos of other people are
   * rejected. A photo that cannot be compared well can get a warning instead.
   *
   * @param shown a photo of the wanted person, from any source; its largest face is used
   * @param tools the face detector and the face embedder of this review; the caller closes them
   * @return the review, with at least one accepted photo
   * @throws InvalidInputException if {@code shown} cannot be read or shows no face, if no photo of
   *     the set shows the same person, or if this review or {@code tools} has no face embedder
   */
  public PhotoReview withPersonIn(Photo shown, ReviewTools tools) {
    IdentityComparison identity = basis.requireIdentity();
    AcceptedPhoto face = PhotoIntake.readFace(shown, basis.limits, tools.detector());
    float[] vector = tools
        .embedder()
        .orElseThrow(() -> new InvalidInputException(
            "the tools have no face embedder; give the tools of the review"))
        .embed(face.image(), face.face());
    Map<AcceptedPhoto, Reason> others = identity
        .reasons(vector, shown.name())
        .orElseThrow(() -> new InvalidInputException(
            "no photo of the set shows the person in " + Quoted.line(shown.name())
                + "; give a clear, frontal photo of one of the people in the set"));
    return new PhotoReview(basis, others, false);
  }

  /** Returns the number of each photo's group, from 1; null for a photo that is in no group. */
  List<Integer> groupNumbers() {
    Map<AcceptedPhoto, Integer> numbers = new IdentityHashMap<>();
    for (int i = 0; i < groups().size(); i++) {
      for (AcceptedPhoto photo : groups().get(i)) {
        numbers.put(photo, i + 1);
      }
    }
    List<Integer> inOrder = new ArrayList<>();
    for (PhotoIntake.Result result : basis.single) {
      inOrder.add(result.accepted().map(numbers::get).orElse(null));
    }
    return inOrder;
  }

  /** {@return the verdict on the whole set: its readiness, variety and advice} */
  public SetVerdict set() {
    return set;
  }

  /**
   * Renders the review as one image. It shows each photo with framed faces, the verdict and the
   * reasons. Below the photos, it shows the advice for the set.
   *
   * @return the image, at least 900 pixels wide
   */
  public RgbImage toSheet() {
    return ReviewSheet.render(this, previews);
  }

  /**
   * Writes the review as JSON.
   *
   * @return one object, {@code {"photos":[…],"set":{…}}}; numbers that were not measured are null
   */
  public String toJson() {
    return ReviewJson.of(this);
  }
}
