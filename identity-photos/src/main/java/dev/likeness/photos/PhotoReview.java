package dev.likeness.photos;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.decode.PhotoDecoder;
import dev.likeness.photos.decode.PhotoFormat;
import dev.likeness.photos.face.CascadeDetector;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.internal.quality.QualityChecks;
import dev.likeness.photos.quality.Reason;
import dev.likeness.photos.quality.ReasonCode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The review of a set of photos: a verdict for each photo, the accepted photos, and advice for the
 * set. Immutable.
 */
public final class PhotoReview {
  private final List<PhotoVerdict> photos;
  private final List<Optional<ReviewSheet.Preview>> previews;
  private final List<AcceptedPhoto> accepted;
  private final SetVerdict set;

  private PhotoReview(List<PhotoIntake.Result> results, FaceDetector detector) {
    photos = results.stream().map(PhotoIntake.Result::verdict).toList();
    previews = results.stream().map(PhotoIntake.Result::preview).toList();
    accepted = acceptedPhotos(results);
    set = SetVerdict.of(photos, accepted, detector instanceof CascadeDetector);
  }

  /**
   * Reviews a set with the built-in tools ({@link ReviewTools#builtIn()}) and the default limits.
   *
   * @param set the photos, which should show one person
   * @return the review, with at least one accepted photo
   * @throws NoUsablePhotoException if every photo is rejected; it contains the review
   * @throws ResourceLimitException if OpenCV's native libraries are missing
   * @throws CancelledException if the thread is interrupted
   */
  public static PhotoReview of(PhotoSet set) {
    try (ReviewTools tools = ReviewTools.builtIn()) {
      return of(set, tools);
    }
  }

  /**
   * Reviews a set with a face detector and no other tool.
   *
   * @param set the photos, which should show one person
   * @param detector finds the faces; the caller closes it
   * @param options limits, thresholds and the number of threads
   * @return the review, with at least one accepted photo
   * @throws NoUsablePhotoException if every photo is rejected; it contains the review
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
   * @throws NoUsablePhotoException if every photo is rejected; it contains the review
   * @throws CancelledException if the thread is interrupted
   */
  public static PhotoReview of(PhotoSet set, ReviewTools tools) {
    return of(set, tools, ReviewOptions.defaults());
  }

  /**
   * Reviews a set with the given tools and options. With a face embedder, the review also finds
   * photos that show another person, and photos that are crops of the same shot.
   *
   * @param set the photos, which should show one person
   * @param tools the face detector and optional measures; the caller closes them
   * @param options limits, thresholds and the number of threads
   * @return the review, with at least one accepted photo
   * @throws NoUsablePhotoException if every photo is rejected; it contains the review
   * @throws CancelledException if the thread is interrupted
   */
  public static PhotoReview of(PhotoSet set, ReviewTools tools, ReviewOptions options) {
    QualityChecks judge =
        new QualityChecks(options.qualityLimits(), tools.brisque(), tools.quality());
    PhotoIntake intake =
        new PhotoIntake(new PhotoDecoder(options.decodeLimits()), tools.detector(), judge);
    List<PhotoIntake.Result> single = reviewInParallel(set.photos(), intake, options.threads());
    Optional<PhotoComparison.Embeddings> embeddings = tools
        .embedder()
        .map(embedder -> new PhotoComparison.Embeddings(acceptedPhotos(single), embedder));
    PhotoComparison duplicates =
        new PhotoComparison(options.qualityLimits().band(ReasonCode.NEAR_DUPLICATE), embeddings);
    List<PhotoIntake.Result> ofOne = embeddings
        .map(vectors -> withReasons(
            single,
            PhotoComparison.SamePersonCheck.findOtherPersons(acceptedPhotos(single), vectors)))
        .orElse(single);
    PhotoReview review = new PhotoReview(
        withReasons(ofOne, duplicates.findDuplicates(ofOne)), tools.detector());
    if (review.accepted.isEmpty()) {
      throw new NoUsablePhotoException(review);
    }
    return review;
  }

  // Adds the reasons found by comparing photos to the reasons found in each photo.
  private static List<PhotoIntake.Result> withReasons(
      List<PhotoIntake.Result> results, Map<AcceptedPhoto, Reason> against) {
    return results.stream()
        .map(result ->
            result.accepted().map(against::get).map(result::withReason).orElse(result))
        .toList();
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

  /** {@return the accepted photos, in the order of the set; at least one} */
  public List<AcceptedPhoto> accepted() {
    return accepted;
  }

  /**
   * Returns the accepted photos that are most useful for training. The sharpest photo comes first.
   * Each further photo is chosen because it is sharp and differs from the photos chosen before.
   *
   * @param count the largest number of photos, at least 1
   * @return at most {@code count} photos, the most useful first
   * @throws IllegalArgumentException if {@code count} is below 1
   */
  public List<AcceptedPhoto> best(int count) {
    return Subset.of(accepted, count);
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

  private static List<PhotoIntake.Result> reviewInParallel(
      List<Photo> photos, PhotoIntake intake, int threads) {
    ExecutorService workers =
        Executors.newFixedThreadPool(Math.min(threads, photos.size()), PhotoReview::newWorker);
    try {
      List<Callable<PhotoIntake.Result>> tasks = photos.stream()
          .<Callable<PhotoIntake.Result>>map(photo -> () -> intake.review(photo))
          .toList();
      List<PhotoIntake.Result> results = new ArrayList<>();
      for (Future<PhotoIntake.Result> task : workers.invokeAll(tasks)) {
        results.add(task.get());
      }
      return results;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancelledException("the review of the photos was interrupted");
    } catch (ExecutionException e) {
      throw unchecked(e.getCause());
    } finally {
      workers.shutdownNow();
    }
  }

  private static Thread newWorker(Runnable work) {
    Thread thread = new Thread(work, "likeness-photos");
    thread.setDaemon(true);
    return thread;
  }

  private static RuntimeException unchecked(Throwable cause) {
    if (cause instanceof Error error) {
      throw error;
    }
    return cause instanceof RuntimeException known ? known : new IllegalStateException(cause);
  }

  /**
   * Chooses the photos that are most useful for training: sharp photos that differ from each other
   * (farthest-first traversal).
   */
  static final class Subset {
    // A sharp face (blur 0) outweighs this much distance, compared with a blurred face (blur 1).
    private static final double SHARPNESS_WEIGHT = 0.5;

    private Subset() {}

    static List<AcceptedPhoto> of(List<AcceptedPhoto> photos, int count) {
      if (count < 1) {
        throw new IllegalArgumentException("a subset has at least one photo, given " + count);
      }
      List<AcceptedPhoto> left = new ArrayList<>(photos);
      List<AcceptedPhoto> chosen = new ArrayList<>();
      while (chosen.size() < count && !left.isEmpty()) {
        int best = 0;
        for (int i = 1; i < left.size(); i++) {
          best = score(left.get(i), chosen) > score(left.get(best), chosen) ? i : best;
        }
        chosen.add(left.remove(best));
      }
      return List.copyOf(chosen);
    }

    private static double score(AcceptedPhoto photo, List<AcceptedPhoto> chosen) {
      double difference =
          chosen.stream().mapToDouble(other -> photo.distance(other)).min().orElse(0);
      return difference - SHARPNESS_WEIGHT * photo.features().blur();
    }
  }

  /** Writes a review in the JSON format of {@code likeness photos --json}. */
  static final class ReviewJson {
    private ReviewJson() {}

    static String of(PhotoReview review) {
      Map<String, Object> root = new LinkedHashMap<>();
      root.put("photos", review.photos().stream().map(ReviewJson::photo).toList());
      Map<String, Object> set = set(review.set());
      set.put("faces", review.photos().stream().mapToInt(photo -> photo.faces().size()).sum());
      root.put("set", set);
      try {
        return JSON.std.with(JSON.Feature.WRITE_NULL_PROPERTIES).asString(root);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static Map<String, Object> photo(PhotoVerdict photo) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("file", photo.name());
      object.put("format", photo.format().map(PhotoFormat::id).orElse(null));
      object.put("verdict", photo.verdict().id());
      object.put("reasons", photo.reasons().stream().map(ReviewJson::reason).toList());
      object.put("faces", photo.faces().size());
      return object;
    }

    private static Map<String, Object> reason(Reason reason) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("code", reason.code().id());
      object.put("value", number(reason.value()));
      object.put("limit", number(reason.limit()));
      object.put("message", reason.message());
      return object;
    }

    private static Map<String, Object> set(SetVerdict set) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("photos", set.photos());
      object.put("accepted", set.accepted());
      object.put("readiness", number(set.readiness()));
      SetVerdict.SetCoverage coverage = set.coverage();
      Map<String, Object> angles = new LinkedHashMap<>();
      angles.put("left", coverage.angles().left());
      angles.put("ahead", coverage.angles().ahead());
      angles.put("right", coverage.angles().right());
      object.put("angles", angles);
      object.put("sameExpression", coverage.sameExpression());
      object.put("sameLight", coverage.sameLight());
      object.put("sameBackground", coverage.sameBackground());
      object.put("sameDistance", coverage.sameDistance());
      object.put("sameClothes", coverage.sameClothes());
      object.put("advice", set.advice());
      return object;
    }

    // JSON has no NaN. Four decimals are as precise as the measures are.
    private static Double number(double value) {
      return Double.isFinite(value) ? Math.round(value * 1e4) / 1e4 : null;
    }
  }
}
