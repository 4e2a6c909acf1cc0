package dev.likeness.cli.console;

import dev.likeness.diffusion.request.Progress;
import me.tongfei.progressbar.ProgressBarBuilder;

/** Chooses how progress shows: bars on a terminal, lines elsewhere. */
public final class ConsoleProgress {
  private ConsoleProgress() {}

  /** Progress for one run of a subcommand. */
  public static Progress on(Console console) {
    return console.terminal()
        ? new ProgressBars(console.err(), ProgressBarBuilder::new)
        : new ProgressLines(console.err());
  }
}
