package dev.likeness.vault;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.photos.PhotoReview;
import dev.likeness.photos.PhotoSet;
import dev.likeness.photos.ReviewOptions;
import dev.likeness.photos.ReviewTools;
import dev.likeness.photos.decode.DecodeLimits;
import dev.likeness.photos.quality.Verdict;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Runs work on a subject that may be erased meanwhile. */
final class SubjectWork {
  // Converter programs are off, because they would read the photo from a temporary file.
  private static final ReviewOptions IN_MEMORY =
      ReviewOptions.defaults().withDecodeLimits(DecodeLimits.DEFAULT.withoutPrograms());

  private SubjectWork() {}

  /**
   * Reviews the added photos and reports the rejected ones, since the review itself is not returned
   * to users.
   *
   * @param shown the name of a photo of the wanted person; empty if all photos show them
   */
  private static PhotoReview review(
      Subject subject, ReviewTools tools, Optional<String> shown, Progress progress) {
    PhotoSet photos = PhotoSet.from(subject.folder(DataCategory.PHOTOS));
    PhotoReview whole = PhotoReview.of(photos, tools, IN_MEMORY);
    PhotoReview review = shown.map(whole::withPerson).orElse(whole);
    Stream<String> rejected = review.photos().stream()
        .filter(photo -> photo.verdict() == Verdict.REJECT)
        .map(photo -> photo.name() + ": " + photo.worst().orElseThrow().message()
            + "; it is not used for training");
    String sum = review.accepted().size() + " of " + review.photos().size() + " photos can be used"
        + (review.isIdentityCompared() ? "" : "; identity was not compared");
    Stream.concat(rejected, Stream.of(sum))
        .forEach(text -> progress.onEvent(new ProgressEvent.Notice(text)));
    return review;
  }

  /** Calls with the caller's tools, or with the built-in tools, which are then closed. */
  static <T> T withTools(Optional<ReviewTools> tools, Function<ReviewTools, T> work) {
    if (tools.isPresent()) {
      return work.apply(tools.get());
    }
    try (ReviewTools builtIn = ReviewTools.builtIn()) {
      return work.apply(builtIn);
    }
  }

  /** Reviews the photos, works on them while no photo is added, and marks them as trained. */
  static void callWithPhotos(
      Subject subject,
      Optional<ReviewTools> tools,
      Optional<String> shown,
      Run run,
      BiConsumer<PhotoReview, Cancellation> work) {
    callWhileRegistered(subject, run.cancellation(), stop -> {
      subject.claimPhotos();
      try {
        PhotoReview review = withTools(tools, with -> review(subject, with, shown, run.progress()));
        work.accept(review, stop);
        subject.markTrained();
        return null;
      } finally {
        subject.releasePhotos();
      }
    });
  }

  /**
   * Runs long work with a cancellation that erasing the subject cancels too. Cancelling
   * {@code caller} also cancels the work; {@code caller} may be shared with other work.
   */
  static <T> T callWhileRegistered(
      Subject subject, Cancellation caller, Function<Cancellation, T> work) {
    Cancellation stop = caller.child();
    subject.workStarted(stop);
    try {
      return callUnlessErased(subject, () -> stop.run(() -> work.apply(stop)));
    } finally {
      subject.workEnded(stop);
    }
  }

  /** Runs work and reports any failure on an erased subject as {@link SubjectErasedException}. */
  static <T> T callUnlessErased(Subject subject, Supplier<T> work) {
    try {
      return work.get();
    } catch (CancelledException e) {
      throw e;
    } catch (RuntimeException e) {
      throw subject.isErased() ? new SubjectErasedException(subject.id(), e) : e;
    }
  }
}
