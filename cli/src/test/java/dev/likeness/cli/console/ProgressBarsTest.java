package dev.likeness.cli.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.ProgressEvent.Phase;
import dev.likeness.diffusion.request.ProgressEvent.Step;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.junit.jupiter.api.Test;

class ProgressBarsTest {
  private final StringWriter lines = new StringWriter();
  private final List<String> printed = new CopyOnWriteArrayList<>();
  private final ConsoleProgress.ProgressBars bars = new ConsoleProgress.ProgressBars(
      new PrintWriter(lines),
      () -> new ProgressBarBuilder()
          .setConsumer(new DelegatingProgressBarConsumer(printed::add, 80)));

  @Test
  void continuesAfterMessagesBetweenSteps() {
    for (ProgressEvent between : List.of(
        new ProgressEvent.Notice("the disk is full"),
        new ProgressEvent.Preview(2, List.of(), 0.5))) {
      report(
          new Phase("train", 400),
          new Step("train", 1, 400, 0.5),
          between,
          new Step("train", 2, 400, 0.25),
          new ProgressEvent.Done());
      assertTrue(last().contains("2/400") && last().contains("loss 0.2500"), last());
    }
    assertEquals("the disk is full", lines.toString().strip());
  }

  @Test
  void reckonsTheTimeLeftOfAPhaseThatGoesOnByTheStepsItSees() throws InterruptedException {
    report(new Phase("train", 400), new Step("train", 301, 400));
    Thread.sleep(50);
    report(new Step("train", 302, 400), new ProgressEvent.Cancelled());
    assertTrue(last().contains("302/400"), last());
    assertFalse(last().contains("/ 0:00:00"), last());
  }

  private void report(ProgressEvent... events) {
    List.of(events).forEach(bars::onEvent);
  }

  private String last() {
    return printed.get(printed.size() - 1);
  }
}
