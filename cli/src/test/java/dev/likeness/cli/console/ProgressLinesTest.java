package dev.likeness.cli.console;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.likeness.diffusion.request.ProgressEvent.Notice;
import dev.likeness.diffusion.request.ProgressEvent.Phase;
import dev.likeness.diffusion.request.ProgressEvent.Step;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Progress off a terminal, by a clock of the test. */
class ProgressLinesTest {
  private final StringWriter text = new StringWriter();
  private double seconds;
  private final ConsoleProgress.ProgressLines lines = new ConsoleProgress.ProgressLines(
      new PrintWriter(text), () -> Math.round(seconds * 1_000_000_000));

  private List<String> printed() {
    return text.toString().lines().toList();
  }

  @Test
  void saysHowMuchTimeIsLeft() {
    lines.onEvent(new Phase("training", 1000));
    seconds = 2;
    lines.onEvent(new Step("training", 10, 1000, 0.5));
    lines.onEvent(new Notice("the disk is full"));
    seconds = 180;
    lines.onEvent(new Step("training", 900, 1000));
    seconds = 199;
    lines.onEvent(new Step("training", 995, 1000));
    seconds = 200;
    lines.onEvent(new Step("training", 1000, 1000));
    assertEquals(
        List.of(
            "training: 1000",
            "training 10/1000, loss 0.5000, about 3 min left",
            "the disk is full",
            "training 900/1000, about 20 s left",
            "training 995/1000",
            "training 1000/1000"),
        printed());
    lines.onEvent(new Phase("training", 100_000));
    seconds += 10;
    lines.onEvent(new Step("training", 100, 100_000));
    assertEquals("training 100/100000, about 2.8 h left", printed().get(7));
  }

  /** A resumed training counts the steps that it makes, not those of the first attempt. */
  @Test
  void aResumedPhaseCountsItsOwnSteps() {
    lines.onEvent(new Step("training", 500, 1000));
    seconds = 10;
    lines.onEvent(new Step("training", 510, 1000));
    assertEquals(List.of("training 510/1000, about 8 min left"), printed());
  }

  @Test
  void aLongPhasePrintsFewerLines() {
    lines.onEvent(new Phase("training", 36_000));
    for (int step = 1; step <= 36_000; step++) {
      seconds = step / 10.0;
      lines.onEvent(new Step("training", step, 36_000));
    }
    int count = printed().size();
    assertTrue(count > 100 && count < 250, count + " lines in an hour");
  }
}
