package dev.likeness.headshots;

import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import java.util.HashSet;
import java.util.Set;

/**
 * Progress of a part of some work: its phases and steps are passed on, each notice once, how it
 * ended is for the whole to say.
 */
final class Phases {
  private Phases() {}

  static Progress withoutTerminalEvents(Progress whole) {
    Set<ProgressEvent> told = new HashSet<>();
    return event -> {
      if (!event.isTerminal() && !(event instanceof ProgressEvent.Notice && !told.add(event))) {
        whole.onEvent(event);
      }
    };
  }
}
