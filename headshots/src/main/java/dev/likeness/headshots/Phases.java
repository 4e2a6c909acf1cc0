package dev.likeness.headshots;

import dev.likeness.diffusion.progress.Progress;
import dev.likeness.diffusion.progress.ProgressEvent;

/** Progress of a part of some work: its phases and steps are passed on, how it ended is for the whole to say. */
final class Phases {
  private Phases() {}

  static Progress of(Progress whole) {
    return event -> {
      boolean terminal = event instanceof ProgressEvent.Done || event instanceof ProgressEvent.Stopped
          || event instanceof ProgressEvent.Failed;
      if (!terminal) {
        whole.on(event);
      }
    };
  }
}
