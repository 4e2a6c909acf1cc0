package dev.likeness.examples.console;

import dev.likeness.diffusion.progress.Progress;
import dev.likeness.diffusion.progress.ProgressEvent;
import java.io.PrintWriter;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Progress as one bar for each phase that has steps. */
final class ProgressBars implements Progress {
  private static final int UPDATE_MILLIS = 200;

  private final PrintWriter err;
  private ProgressBar bar;

  ProgressBars(PrintWriter err) {
    this.err = err;
  }

  @Override
  public void on(ProgressEvent event) {
    if (event instanceof ProgressEvent.Step step) {
      step(step);
      return;
    }
    finish();
    if (event instanceof ProgressEvent.Phase phase && phase.steps() > 0) {
      bar = new ProgressBarBuilder().setTaskName(phase.name()).setInitialMax(phase.steps())
          .setStyle(ProgressBarStyle.ASCII).setUpdateIntervalMillis(UPDATE_MILLIS).build();
    } else if (event instanceof ProgressEvent.Phase phase) {
      err.println(phase.name());
    } else if (event instanceof ProgressEvent.Notice notice) {
      err.println(notice.message());
    }
    err.flush();
  }

  private void step(ProgressEvent.Step step) {
    if (bar == null) {
      return;
    }
    bar.maxHint(step.steps()).stepTo(step.step());
    if (!Double.isNaN(step.loss())) {
      bar.setExtraMessage(String.format(Locale.ROOT, "loss %.4f", step.loss()));
    }
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
