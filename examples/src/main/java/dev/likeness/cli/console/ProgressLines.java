package dev.likeness.cli.console;

import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import java.io.PrintWriter;
import java.util.Locale;

/** Progress as plain lines, at most one a second and always the last of a phase. */
final class ProgressLines implements Progress {
  private static final long PAUSE_NANOS = 1_000_000_000;

  private final PrintWriter err;
  private long last = System.nanoTime();

  ProgressLines(PrintWriter err) {
    this.err = err;
  }

  @Override
  public void on(ProgressEvent event) {
    if (event instanceof ProgressEvent.Phase phase) {
      print(phase.steps() > 0 ? phase.name() + ": " + phase.steps() : phase.name());
    } else if (event instanceof ProgressEvent.Step step && isDue(step)) {
      print(step.phase() + " " + step.step() + "/" + step.steps() + loss(step));
    } else if (event instanceof ProgressEvent.Notice notice) {
      print(notice.message());
    }
  }

  private boolean isDue(ProgressEvent.Step step) {
    return step.step() == step.steps() || System.nanoTime() - last >= PAUSE_NANOS;
  }

  private static String loss(ProgressEvent.Step step) {
    return Double.isNaN(step.loss()) ? "" : String.format(Locale.ROOT, ", loss %.4f", step.loss());
  }

  private void print(String line) {
    last = System.nanoTime();
    err.println(line);
    err.flush();
  }
}
