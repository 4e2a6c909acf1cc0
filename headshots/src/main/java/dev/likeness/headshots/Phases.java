package dev.likeness.headshots;

import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import java.util.HashSet;
import java.util.Set;

/**
 * The progress of one part of a larger work. Phases and steps are passed on, each notice only once.
 * Terminal events are dropped, because the larger work reports its own.
 */
final class Phases {
  private Phases() {}

  static Progress withoutTerminalEvents(Progress whole) {
    Set<ProgressEvent> seen = new HashSet<>();
    return event -> {
      if (!event.isTerminal() && !(event instanceof ProgressEvent.Notice && !seen.add(event))) {
        whole.onEvent(event);
      }
    };
  }
}
