package dev.likeness.examples.springboot;

import dev.likeness.diffusion.GeneratedImage;
import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import org.springframework.web.servlet.mvc.method.annotation.SseEmitter;

/** Sends the progress of a person's jobs to browsers as server-sent events. */
final class ProgressFeed implements Progress {
  private final List<SseEmitter> browsers = new CopyOnWriteArrayList<>();
  private final Executor sender;

  /** Creates a feed. A slow browser delays the sender, but not the job. */
  ProgressFeed(Executor sender) {
    this.sender = sender;
  }

  /** Returns the events from now on, until a job of the person ends. */
  SseEmitter subscribe() {
    SseEmitter browser = new SseEmitter(0L);
    browser.onCompletion(() -> browsers.remove(browser));
    browsers.add(browser);
    send("subscribed", Map.of());
    return browser;
  }

  @Override
  public void onEvent(ProgressEvent event) {
    if (event instanceof ProgressEvent.Phase phase) {
      send("phase", Map.of("phase", phase.name(), "steps", phase.steps()));
    } else if (event instanceof ProgressEvent.Step step) {
      send("step", Map.of("phase", step.phase(), "step", step.step(), "steps", step.steps()));
    } else if (event instanceof ProgressEvent.Preview preview) {
      preview.images().forEach(this::preview);
    } else if (event instanceof ProgressEvent.Notice notice) {
      send("notice", Map.of("message", notice.message()));
    } else if (event instanceof ProgressEvent.Failed failed) {
      send("failed", Map.of("message", message(failed.reason())));
    } else {
      send(event instanceof ProgressEvent.Done ? "done" : "cancelled", Map.of());
    }
    if (event.isTerminal()) {
      sender.execute(() -> browsers.forEach(SseEmitter::complete));
    }
  }

  /** Sends an image that is not final. It is marked as generated. */
  void preview(RgbImage image) {
    byte[] png = GeneratedImage.Marking.load().encodePng(image, false);
    send("preview", Map.of("png", Base64.getEncoder().encodeToString(png)));
  }

  // Only messages of the library are meant for the browser.
  private static String message(RuntimeException reason) {
    return reason instanceof LikenessException ? reason.getMessage() : "the program failed";
  }

  private void send(String name, Map<String, ?> data) {
    sender.execute(() -> browsers.forEach(browser -> {
      try {
        browser.send(SseEmitter.event().name(name).data(data));
      } catch (IOException | IllegalStateException gone) {
        browsers.remove(browser);
      }
    }));
  }
}
