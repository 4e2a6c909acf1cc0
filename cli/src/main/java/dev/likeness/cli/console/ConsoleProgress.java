package dev.likeness.cli.console;

import dev.likeness.diffusion.internal.file.Quoted;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.function.LongSupplier;
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
   * Progress as plain lines, at most one per second, and rarer in a long phase. The last line of a
   * phase is always printed. A line says about how much time the phase still takes.
   */
  static final class ProgressLines implements Progress {
    private static final long SECOND = 1_000_000_000;
    private static final long LONGEST_PAUSE = 30 * SECOND;
    private static final int SHARE_OF_PHASE = 20;
    private static final long SHORT_SECONDS = 5;
    private static final long MINUTE_SECONDS = 60;
    private static final long HOUR_MINUTES = 60;

    private final PrintWriter err;
    private final LongSupplier nanos;
    private long last;
    private String phase = "";
    private long begun;
    private int first;

    ProgressLines(PrintWriter err) {
      this(err, System::nanoTime);
    }

    /** Creates progress that reads the time, in nanoseconds, from {@code nanos}. */
    ProgressLines(PrintWriter err, LongSupplier nanos) {
      this.err = err;
      this.nanos = nanos;
      this.last = nanos.getAsLong();
    }

    @Override
    public void onEvent(ProgressEvent event) {
      if (event instanceof ProgressEvent.Phase started) {
        begin(started.name(), 0);
        print(started.steps() > 0 ? started.name() + ": " + started.steps() : started.name());
      } else if (event instanceof ProgressEvent.Step step) {
        if (!step.phase().equals(phase) || step.step() < first) {
          // A resumed phase: its earlier steps say nothing about the speed.
          begin(step.phase(), step.step());
        }
        if (isDue(step)) {
          print(step.phase() + " " + step.step() + "/" + step.steps() + loss(step) + left(step));
        }
      } else if (event instanceof ProgressEvent.Notice notice) {
        print(Quoted.line(notice.message()));
      }
    }

    private void begin(String name, int step) {
      phase = name;
      begun = nanos.getAsLong();
      first = step;
    }

    private boolean isDue(ProgressEvent.Step step) {
      long now = nanos.getAsLong();
      long pause = Math.min(LONGEST_PAUSE, Math.max(SECOND, (now - begun) / SHARE_OF_PHASE));
      return step.step() == step.steps() || now - last >= pause;
    }

    private String left(ProgressEvent.Step step) {
      int done = step.step() - first;
      int rest = step.steps() - step.step();
      if (done < 1 || rest == 0) {
        return "";
      }
      long seconds = Math.round((nanos.getAsLong() - begun) / (double) done * rest / SECOND);
      return seconds < SHORT_SECONDS ? "" : ", about " + time(seconds) + " left";
    }

    private static String time(long seconds) {
      if (seconds < 2 * MINUTE_SECONDS) {
        return seconds + " s";
      }
      long minutes = Math.round(seconds / (double) MINUTE_SECONDS);
      return minutes < 2 * HOUR_MINUTES
          ? minutes + " min"
          : String.format(Locale.ROOT, "%.1f h", minutes / (double) HOUR_MINUTES);
    }

    private static String loss(ProgressEvent.Step step) {
      return step.loss().isPresent()
          ? String.format(Locale.ROOT, ", loss %.4f", step.loss().getAsDouble())
          : "";
    }

    private void print(String line) {
      last = nanos.getAsLong();
      err.println(line);
      err.flush();
    }
  }
}
