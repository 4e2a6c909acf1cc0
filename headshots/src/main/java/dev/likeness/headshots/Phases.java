package dev.likeness.headshots;

import dev.likeness.diffusion.progress.Progress;

/** Progress of a part of some work: its phases and steps are passed on, how it ended is for the whole to say. */
final class Phases {
  private Phases() {}

  static Progress of(Progress whole) {
    return event -> {
      if (!event.isTerminal()) {
        whole.on(event);
      }
    };
  }
}
