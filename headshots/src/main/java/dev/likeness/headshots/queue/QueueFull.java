package dev.likeness.headshots.queue;

/** The queue holds as much work as it may; nothing was taken in. Ask again later. */
public final class QueueFull extends RuntimeException {
  private static final long serialVersionUID = 1;

  QueueFull(int waiting) {
    super(waiting
        + " jobs are waiting already, as many as the queue may hold; ask again when one is done");
  }
}
