package dev.likeness.diffusion.request;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class RunTest {
  @Test
  void aPartReportsEachNoticeOnceAndNoEnd() {
    List<ProgressEvent> events = new ArrayList<>();
    Run whole = Run.of(events::add);
    Run part = whole.part();
    ProgressEvent phase = new ProgressEvent.Phase("sample", 2);
    ProgressEvent step = new ProgressEvent.Step("sample", 1, 2);
    ProgressEvent notice = new ProgressEvent.Notice("the prompt is too long");

    part.report(() -> {
      List.of(phase, step, step, notice, notice).forEach(part.progress()::onEvent);
      return null;
    });

    assertEquals(List.of(phase, step, step, notice), events);
    assertSame(whole.cancellation(), part.cancellation());
  }
}
