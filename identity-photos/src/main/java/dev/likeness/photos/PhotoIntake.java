package dev.likeness.photos;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.internal.image.Resampler;
import dev.likeness.diffusion.internal.io.CurrentWork;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.decode.DecodedPhoto;
import dev.likeness.photos.decode.PhotoDecoder;
import dev.likeness.photos.decode.PhotoFormat;
import dev.likeness.photos.decode.UnreadablePhotoException;
import dev.likeness.photos.face.Face;
import dev.likeness.photos.face.FaceDetector;
import dev.likeness.photos.internal.face.UprightPhoto;
import dev.likeness.photos.internal.quality.QualityChecks;
import dev.likeness.photos.quality.Reason;
import dev.likeness.photos.quality.ReasonCode;
import dev.likeness.photos.quality.Verdict;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Reviews one photo: reads and decodes the file, finds the faces and checks the quality. Every
 * problem becomes a reason.
 */
final class PhotoIntake {
  private static final int PREVIEW_SIZE = 360;
  private static final double GIF_FIDELITY = 0.3;
  private static final Reason ROTATED = Reason.of(
      ReasonCode.ROTATED,
      Verdict.WARN,
      "it was sideways or upside down and was rotated; check that it shows the person upright");

  /**
   * The result for one photo.
   *
   * @param verdict the verdict with its reasons
   * @param preview the reduced photo; empty if the file cannot be decoded
   * @param accepted the photo with its face; empty if it is rejected
   * @param fidelity how much of the photo the file keeps: 1 for all, less for JPEG and GIF
   */
  record Result(
      PhotoVerdict verdict,
      Optional<ReviewSheet.Preview> preview,
      Optional<AcceptedPhoto> accepted,
      double fidelity) {
    /**
     * Returns this result with one more reason. A reason with the verdict REJECT removes the
     * accepted photo.
     */
    Result withReason(Reason reason) {
      return new Result(
          verdict.withReason(reason),
          preview,
          accepted.filter(photo -> reason.severity() != Verdict.REJECT),
          fidelity);
    }

    /** Adds the reasons found by comparing photos to the reasons found in each photo. */
    static List<Result> withReasons(List<Result> results, Map<AcceptedPhoto, Reason> against) {
      return results.stream()
          .map(result ->
              result.accepted().map(against::get).map(result::withReason).orElse(result))
          .toList();
    }
  }

  private final PhotoDecoder decoder;
  private final FaceDetector detector;
  private final QualityChecks judge;

  PhotoIntake(PhotoDecoder decoder, FaceDetector detector, QualityChecks judge) {
    this.decoder = decoder;
    this.detector = detector;
    this.judge = judge;
  }

  /**
   * Returns the results in the order of the photos.
   *
   * @throws CancelledException if the thread is interrupted
   */
  List<Result> reviewAll(List<Photo> photos, int threads) {
    ExecutorService workers =
        Executors.newFixedThreadPool(Math.min(threads, photos.size()), PhotoIntake::newWorker);
    try {
      List<Callable<Result>> tasks = photos.stream()
          .map(photo -> CurrentWork.handOver(() -> review(photo)))
          .toList();
      List<Result> results = new ArrayList<>();
      for (Future<Result> task : workers.invokeAll(tasks)) {
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

  private Result review(Photo photo) {
    CurrentWork.throwIfCancelled();
    Optional<PhotoFormat> format = Optional.empty();
    try {
      byte[] file = photo.readBytes(decoder.limits().maxBytes());
      format = PhotoFormat.of(file);
      return evaluate(photo, decoder.decode(photo.name(), file));
    } catch (UnreadablePhotoException e) {
      return reject(
          photo,
          format,
          new Reason(
              reasonCode(e.fault()), Verdict.REJECT, e.value(), e.limit(), message(photo, e)));
    } catch (IOException e) {
      return reject(
          photo,
          format,
          Reason.of(ReasonCode.BROKEN_FILE, Verdict.REJECT, "cannot be read: " + Quoted.reason(e)));
    } catch (RuntimeException e) {
      // JavaCPP rethrows C++ exceptions of OpenCV as RuntimeException itself, never as a subclass.
      if (e.getClass() != RuntimeException.class) {
        throw e;
      }
      return reject(
          photo,
          format,
          Reason.of(
              ReasonCode.CHECK_FAILED,
              Verdict.REJECT,
              "cannot be checked: "
                  + String.valueOf(e.getMessage()).replaceAll("\\s+", " ").strip()
                  + "; use another photo"));
    }
  }

  /**
   * Reads a photo and its largest face, without checks of the quality.
   *
   * @throws InvalidInputException if the photo cannot be read or shows no face
   */
  static AcceptedPhoto readFace(Photo photo, DecodeLimits limits, FaceDetector detector) {
    try {
      DecodedPhoto decoded =
          new PhotoDecoder(limits).decode(photo.name(), photo.readBytes(limits.maxBytes()));
      UprightPhoto upright = UprightPhoto.of(decoded.image(), detector);
      if (upright.faces().isEmpty()) {
        throw new InvalidInputException(Quoted.line(photo.name())
            + " shows no face; give a clear, frontal photo of the wanted person");
      }
      return AcceptedPhoto.of(photo.name(), upright.image(), upright.faces().get(0));
    } catch (IOException e) {
      throw new InvalidInputException(
          "cannot read the photo " + Quoted.line(photo.name()) + ": " + Quoted.reason(e), e);
    }
  }

  private Result evaluate(Photo photo, DecodedPhoto decoded) {
    UprightPhoto upright = UprightPhoto.of(decoded.image(), detector);
    RgbImage image = upright.image();
    List<Face> faces = upright.faces();
    List<Reason> reasons =
        judge.check(decoded.withUprightImage(image, upright.orientation()), faces);
    PhotoVerdict judged =
        PhotoVerdict.of(photo.name(), Optional.of(decoded.format()), reasons, faces);
    PhotoVerdict verdict = upright.rotated() ? judged.withReason(ROTATED) : judged;
    Optional<AcceptedPhoto> usable = verdict.verdict() == Verdict.REJECT
        ? Optional.empty()
        : Optional.of(AcceptedPhoto.of(photo.name(), image, faces.get(0)).withCaptionOf(photo));
    RgbImage small = Resampler.AREA.fit(image, PREVIEW_SIZE);
    return new Result(
        verdict,
        Optional.of(new ReviewSheet.Preview(small, (double) small.width() / image.width())),
        usable,
        fidelity(decoded));
  }

  private static Result reject(Photo photo, Optional<PhotoFormat> format, Reason reason) {
    return new Result(
        PhotoVerdict.of(photo.name(), format, List.of(reason), List.of()),
        Optional.empty(),
        Optional.empty(),
        1);
  }

  // GIF reduces a photo to 256 colours.
  private static double fidelity(DecodedPhoto decoded) {
    return decoded.format() == PhotoFormat.GIF
        ? GIF_FIDELITY
        : decoded.jpegQuality().orElse(100) / 100.0;
  }

  // The decoder's messages begin with the photo's name, which the verdict already contains.
  private static String message(Photo photo, UnreadablePhotoException e) {
    String whole = e.getMessage();
    return whole.startsWith(photo.name())
        ? whole.substring(photo.name().length()).strip()
        : whole;
  }

  private static ReasonCode reasonCode(UnreadablePhotoException.Fault fault) {
    return switch (fault) {
      case EMPTY -> ReasonCode.EMPTY_FILE;
      case NOT_AN_IMAGE -> ReasonCode.NOT_AN_IMAGE;
      case TOO_MANY_BYTES -> ReasonCode.FILE_TOO_LARGE;
      case TOO_MANY_PIXELS -> ReasonCode.TOO_MANY_PIXELS;
      case BROKEN -> ReasonCode.BROKEN_FILE;
      case NEEDS_CONVERSION -> ReasonCode.NEEDS_CONVERSION;
    };
  }
}
