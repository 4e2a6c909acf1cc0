package dev.likeness.diffusion;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/** Who uses a model, so that it is closed once nobody does. Thread-safe. */
final class Uses {
  private final String name;
  private final List<Thread> using = new ArrayList<>();
  private boolean closed;

  Uses(String name) {
    this.name = name;
  }

  /** Does work that the model stays open for. */
  <T> T during(Supplier<T> work) {
    begin();
    try {
      return work.get();
    } finally {
      end();
    }
  }

  // What is refused must not wait: the drawing that a closing waits for may itself wait for it. A listener's own is part of its drawing.
  private synchronized void begin() {
    if (closed && !using.contains(Thread.currentThread())) {
      throw new IllegalStateException("the model " + name + " is closed; open it again to draw with it");
    }
    using.add(Thread.currentThread());
  }

  private synchronized void end() {
    using.remove(Thread.currentThread());
    notifyAll();
  }

  /** Refuses new work, waits for what is under way, and frees; whoever calls it again waits likewise. */
  synchronized void close(Runnable freeing) {
    if (using.contains(Thread.currentThread())) {
      throw new IllegalStateException("the model " + name + " is drawing on this thread, which would wait for itself; close it when"
          + " the drawing has ended, which a Cancellation hastens");
    }
    closed = true;
    boolean interrupted = false;
    while (!using.isEmpty()) {
      try {
        wait();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    freeing.run();
  }
}
