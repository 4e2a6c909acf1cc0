package dev.likeness.integrations.observability;

import dev.likeness.diffusion.request.ProgressEvent;

/** The outcome of work, as the value of a tag or an attribute. */
final class Outcome {
  private Outcome() {}

  static String of(ProgressEvent terminal) {
    return terminal instanceof ProgressEvent.Done
        ? "done"
        : terminal instanceof ProgressEvent.Cancelled ? "cancelled" : "failed";
  }
}
