package dev.likeness.vault;

import dev.likeness.diffusion.error.CancelledException;
import dev.likeness.diffusion.request.Cancellation;
import java.util.function.Function;
import java.util.function.Supplier;

/** Work on a subject who may be erased meanwhile. */
final class SubjectWork {
  private SubjectWork() {}

  /**
   * Work that takes long, with a switch that erasing the subject turns, too: {@code caller} may be
   * other work's as well.
   */
  static <T> T during(Subject subject, Cancellation caller, Function<Cancellation, T> work) {
    Cancellation stop = caller.child();
    subject.begin(stop);
    try {
      return unlessErased(subject, () -> work.apply(stop));
    } finally {
      subject.ended(stop);
    }
  }

  /** Work on the photos, by one at a time. */
  static <T> T claiming(Subject subject, Supplier<T> work) {
    subject.claimPhotos();
    try {
      return work.get();
    } finally {
      subject.releasePhotos();
    }
  }

  /** Whatever fails on an erased subject does so because its files went away, and says that. */
  static <T> T unlessErased(Subject subject, Supplier<T> work) {
    try {
      return work.get();
    } catch (CancelledException e) {
      throw e;
    } catch (RuntimeException e) {
      throw subject.isErased() ? new SubjectErasedException(subject.id(), e) : e;
    }
  }
}
