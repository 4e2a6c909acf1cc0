package dev.likeness.cli.console;

import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.function.Supplier;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows progress: as bars on a terminal, otherwise as lines. */
public final class ConsoleProgress {
  private ConsoleProgress() {}

  /** Returns a progress listener for one execution of a subcommand. */
  public static Progress on(Console console) {
    return console.isTerminal()
        ? new ProgressBars(console.err(), ProgressBarBuilder::new)
        : new ProgressLines(console.err());
  }

  /** Progress as one bar for each phase that has steps. */
  static final class ProgressBars implements Progress {
    private static final int UPDATE_MILLIS = 200;

    private final PrintWriter err;
    private final Supplier<ProgressBarBuilder> bars;
    private ProgressBar bar;

    /** Creates progress whose lines go to {@code err} and whose bars go to {@code bars}. */
    ProgressBars(PrintWriter err, Supplier<ProgressBarBuilder> bars) {
      this.err = err;
      this.bars = bars;
    }

    @Override
    public void onEvent(ProgressEvent event) {
      if (event instanceof ProgressEvent.Step step) {
        step(step);
        return;
      }
      finish();
      if (event instanceof ProgressEvent.Phase phase && phase.steps() > 0) {
        open(phase.name(), 0, phase.steps());
      } else if (event instanceof ProgressEvent.Phase phase) {
        err.println(phase.name());
      } else if (event instanceof ProgressEvent.Notice notice) {
        err.println(Quoted.line(notice.message()));
      }
      err.flush();
    }

    private void open(String phase, int done, int steps) {
      bar = bars.get()
          .setTaskName(phase)
          .setInitialMax(steps)
          .startsFrom(done, Duration.ZERO)
          .setStyle(ProgressBarStyle.ASCII)
          .setUpdateIntervalMillis(UPDATE_MILLIS)
          .build();
    }

    // A new bar starts after a printed line, and if a phase is resumed. It estimates the remaining
    // time by the steps that it sees.
    private void step(ProgressEvent.Step step) {
      if (bar == null || bar.getCurrent() == 0 && step.step() > 1) {
        finish();
        open(step.phase(), step.step(), step.steps());
      }
      bar.maxHint(step.steps()).stepTo(step.step());
      step.loss()
          .ifPresent(loss -> bar.setExtraMessage(String.format(Locale.ROOT, "loss %.4f", loss)));
      if (step.step() == step.steps()) {
        finish();
      }
    }

    private void finish() {
      if (bar != null) {
        bar.close();
        bar = null;
      }
    }
  }

  /**
   * Progress as plain lines, at most one per second. The last line of a phase is always printed.
   */
  static final class ProgressLines implements Progress {
    private static final long PAUSE_NANOS = 1_000_000_000;

    private final PrintWriter err;
    private long last = System.nanoTime();

    ProgressLines(PrintWriter err) {
      this.err = err;
    }

    @Override
    public void onEvent(ProgressEvent event) {
      if (event instanceof ProgressEvent.Phase phase) {
        print(phase.steps() > 0 ? phase.name() + ": " + phase.steps() : phase.name());
      } else if (event instanceof ProgressEvent.Step step && isDue(step)) {
        print(step.phase() + " " + step.step() + "/" + step.steps() + loss(step));
      } else if (event instanceof ProgressEvent.Notice notice) {
        print(Quoted.line(notice.message()));
      }
    }

    private boolean isDue(ProgressEvent.Step step) {
      return step.step() == step.steps() || System.nanoTime() - last >= PAUSE_NANOS;
    }

    private static String loss(ProgressEvent.Step step) {
      return step.loss().isPresent()
          ? String.format(Locale.ROOT, ", loss %.4f", step.loss().getAsDouble())
          : "";
    }

    private void print(String line) {
      last = System.nanoTime();
      err.println(line);
      err.flush();
    }
  }
}
