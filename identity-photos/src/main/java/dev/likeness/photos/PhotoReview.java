package dev.likeness.photos;

import com.fasterxml.jackson.jr.ob.JSON;
import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.error.ResourceLimitException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.photos.decode.PhotoDecoder;
import dev.likeness.photos.decode.PhotoFormat;
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

  private PhotoReview(List<PhotoIntake.Result> results) {
    photos = results.stream().map(PhotoIntake.Result::verdict).toList();
    previews = results.stream().map(PhotoIntake.Result::preview).toList();
    accepted = acceptedPhotos(results);
    set = SetVerdict.of(photos, accepted);
  }

  /**
   * Reviews with the built-in cascades and the default limits.
   *
   * @throws NoUsablePhotoException (an {@link InvalidInputException}) when every photo is rejected
   * @throws ResourceLimitException when OpenCV's natives are missing
   */
  public static PhotoReview of(PhotoSet set) {
    try (ReviewTools tools = ReviewTools.builtIn()) {
      return of(set, tools);
    }
  }

  /** Reviews with {@code detector}, which stays the caller's to close. */
  public static PhotoReview of(PhotoSet set, FaceDetector detector, ReviewOptions options) {
    return of(set, ReviewTools.of(detector), options);
  }

  /** Reviews with {@code tools}, which stay the caller's to close, and the default limits. */
  public static PhotoReview of(PhotoSet set, ReviewTools tools) {
    return of(set, tools, ReviewOptions.defaults());
  }

  /**
   * Reviews with {@code tools}, which the caller closes; an embedder finds photos of another
   * person.
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
    PhotoReview review = new PhotoReview(withReasons(ofOne, duplicates.findDuplicates(ofOne)));
    if (review.accepted.isEmpty()) {
      throw new NoUsablePhotoException(review);
    }
    return review;
  }

  // What comparing photos with each other says against some of them joins what was found in each.
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

  /** One verdict a photo, in the order of the set. */
  public List<PhotoVerdict> photos() {
    return photos;
  }

  /** The photos that may be used, in the order of the set; at least one. */
  public List<AcceptedPhoto> accepted() {
    return accepted;
  }

  /**
   * At most {@code count} of the accepted photos: the crispest first, then always the one least
   * like those chosen.
   */
  public List<AcceptedPhoto> best(int count) {
    return Subset.of(accepted, count);
  }

  /** What the photos are together. */
  public SetVerdict set() {
    return set;
  }

  /**
   * The review as an image: every photo with its faces framed, its verdict and why, and what the
   * set lacks.
   */
  public RgbImage toSheet() {
    return ReviewSheet.render(this, previews);
  }

  /**
   * The review as one JSON object, {@code {"photos":[…],"set":{…}}}; numbers that were not measured
   * are null.
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
   * Chooses the photos that are worth most for training, in that order: crisp ones that differ
   * (farthest first).
   */
  static final class Subset {
    // A photo as crisp as can be is worth this much difference more than a blurred one.
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

  /** A review as JSON, in the shape that {@code likeness photos --json} promises. */
  static final class ReviewJson {
    private ReviewJson() {}

    static String of(PhotoReview review) {
      Map<String, Object> root = new LinkedHashMap<>();
      root.put("photos", review.photos().stream().map(ReviewJson::photo).toList());
      root.put("set", set(review.set()));
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

    // JSON knows no NaN; four digits say all that a measure knows.
    private static Double number(double value) {
      return Double.isFinite(value) ? Math.round(value * 1e4) / 1e4 : null;
    }
  }
}
