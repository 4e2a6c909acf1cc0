package dev.likeness.studio.internal.work;

import dev.likeness.headshots.GenerationJob;

/** A job of the queue in this process, with the step that it is at. */
class LiveJob extends LiveSteps {
  /** The job; null before the queue has it. */
  volatile GenerationJob<?> job;

  /** Returns {@code running}, or {@code queued} before that. */
  String state() {
    return job != null && job.state() == GenerationJob.State.RUNNING ? "running" : "queued";
  }

  /**
   * Returns the state of work that a file names and that is not in this process. The queue had no
   * room for queued work, or the base is not open yet; it can be continued.
   */
  static String storedState(String state) {
    return state.equals("queued") ? "paused" : state;
  }
}
