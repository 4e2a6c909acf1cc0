package dev.likeness.diffusion.internal.pipeline;

import dev.likeness.diffusion.error.InvalidInputException;
import dev.likeness.diffusion.internal.sampling.SamplingLoop.StepListener;
import dev.likeness.diffusion.request.Cancellation;
import dev.likeness.diffusion.request.GenerationHooks;
import dev.likeness.diffusion.request.Progress;
import dev.likeness.diffusion.request.ProgressEvent;
import dev.likeness.diffusion.request.Run;
import dev.likeness.diffusion.tensor.Latents;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.Tensor;

/** One call of the pipeline: its progress listener, its cancellation, and its failed images. */
final class Call {
  private final Progress progress;
  private final Cancellation cancellation;
  private final List<InvalidInputException> failures = new ArrayList<>();

  Call(Run run) {
    this.progress = run.progress();
    this.cancellation = run.cancellation();
  }

  void throwIfCancelled() {
    cancellation.throwIfCancelled();
  }

  void warn(String message) {
    progress.onEvent(new ProgressEvent.Notice(message));
  }

  void phase(String name, int steps) {
    progress.onEvent(new ProgressEvent.Phase(name, steps));
  }

  void step(String phase, int done, int of) {
    progress.onEvent(new ProgressEvent.Step(phase, done, of));
  }

  /** Records a failed image. The other images of its batch are generated. */
  void recordFailure(InvalidInputException failure) {
    failures.add(failure);
  }

  /** Throws the failure of the first failed image, if any. */
  void throwFailure() {
    if (!failures.isEmpty()) {
      throw failures.get(0);
    }
  }

  /**
   * Reports each step to the progress listener, the engine's listener and the caller's hook, in
   * this order; then checks for cancellation.
   */
  StepListener stepListener(GenerationHooks hooks, StepListener listener) {
    return (step, of, latents, denoised) -> {
      step("sample", step.index() + 1, of);
      listener.onStep(step, of, latents, denoised);
      hooks
          .onStep()
          .ifPresent(own -> own.accept(new GenerationHooks.SampledStep(
              step.index(), of, step.timestep(), copyImages(latents), copyImages(denoised))));
      cancellation.throwIfCancelled();
    };
  }

  private static List<Latents> copyImages(Tensor batch) {
    return LongStream.range(0, batch.size(0))
        .mapToObj(i -> Latents.of(batch.narrow(0, i, 1)))
        .toList();
  }
}
