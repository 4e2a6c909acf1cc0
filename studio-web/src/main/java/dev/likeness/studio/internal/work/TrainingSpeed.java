package dev.likeness.studio.internal.work;

import dev.likeness.diffusion.Consent;
import dev.likeness.diffusion.error.LikenessException;
import dev.likeness.diffusion.image.RgbImage;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.headshots.GenerationJob;
import dev.likeness.headshots.GenerationQueue;
import dev.likeness.lora.LoraPerson;
import dev.likeness.lora.LoraTrainer;
import dev.likeness.lora.training.PersonToken;
import dev.likeness.lora.training.TrainingSettings;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * How long a training step takes on this machine: measured on a grey image of nobody before the
 * first training, then by each training.
 */
final class TrainingSpeed {
  // The first step also builds what the others reuse.
  private static final int MEASURED_STEPS = 3;

  private volatile double secondsPerStep = Double.NaN;
  private volatile boolean isAsked;
  private volatile GenerationJob<?> job;

  /** Returns the seconds of a step; NaN while they are not known. */
  double secondsPerStep() {
    return secondsPerStep;
  }

  /** Records what a training measured. */
  void record(double seconds) {
    secondsPerStep = seconds;
  }

  /** Measures once, after all other jobs; calls {@code changed} when the speed is known. */
  synchronized void measure(Workshop workshop, TrainingSettings settings, Runnable changed) {
    if (isAsked || !Double.isNaN(secondsPerStep)) {
      return;
    }
    isAsked = true;
    LoraTrainer trainer = new LoraTrainer(settings.steps(MEASURED_STEPS));
    try {
      job = workshop
          .queue()
          .submit(
              run -> {
                int width = workshop.base().defaults().width();
                int height = workshop.base().defaults().height();
                byte[] grey = new byte[width * height * 3];
                Arrays.fill(grey, (byte) 128);
                PersonToken nobody = PersonToken.of("person").consent(Consent.synthetic());
                try (LoraPerson none = trainer.train(
                    workshop.base(), List.of(RgbImage.of(width, height, grey)), nobody, run)) {
                  return null;
                }
              },
              trainer.memory(workshop.base()).bytes(),
              GenerationQueue.DEFAULT_PRIORITY - 1,
              new Clock(changed)::onEvent,
              Duration.ZERO);
    } catch (LikenessException | IllegalStateException full) {
      // The queue has no room; the next look at the page asks again.
      isAsked = false;
    }
  }

  /** Stops the measurement, because a training begins, which measures too. */
  void stop() {
    GenerationJob<?> measuring = job;
    if (measuring != null) {
      measuring.cancel();
    }
  }

  /** Takes the time from the first step to the last. */
  private final class Clock {
    private final Runnable changed;
    private long firstAt;
    private int first;

    Clock(Runnable changed) {
      this.changed = changed;
    }

    synchronized void onEvent(ProgressEvent event) {
      if (!(event instanceof ProgressEvent.Step step) || step.loss().isEmpty()) {
        return;
      }
      long now = System.nanoTime();
      if (firstAt == 0) {
        firstAt = now;
        first = step.step();
      } else if (step.step() > first) {
        secondsPerStep = (now - firstAt) / 1e9 / (step.step() - first);
        changed.run();
      }
    }
  }
}
